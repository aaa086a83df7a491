"""What was lost from one quarter to the next, and what the committee says to it?"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock, keeping
from reports import regressions, workflow
from reports.explanations import Explanation, explain
from reports.models import Notice, QuarterlyReport, Regression, RegressionAnswer, ReportEvent
from reports.standing import standing
from reports.views.kept import kept_pages
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january")]

HERE = "Thanh Chăn"


def accept(quarter: str, verdicts: dict[int, str] | None = None, of: str = HERE) -> QuarterlyReport:
    return factories.make_accepted(of, quarter, verdicts=verdicts)


def correct(report: QuarterlyReport, verdicts: dict[int, str]) -> None:
    """Open a correction of what is in force, and accept it."""
    lead = factories.make_lead()
    data = workflow.StepData(reason="Số liệu cũ sai.")
    workflow.take_step(factories.official(report), "open_correction", by=lead, data=data)
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    factories.fill_in(report, signer, verdicts=verdicts)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)


def undo(report: QuarterlyReport) -> None:
    data = workflow.StepData(reason="Chấp nhận nhầm.")
    workflow.take_step(factories.official(report), "undo_accept", by=factories.make_lead(), data=data)


def found(*reports: QuarterlyReport) -> list[tuple[str, int, str, bool]]:
    """Every regression ever found: quarter, criterion, the quarter that had it as met, whether it still holds."""
    rows = Regression.objects.select_related("report__period", "criterion", "before__report__period")
    return [
        (row.report.period.code, row.criterion.number, row.before.report.period.code, row.until is None)
        for row in rows.order_by("report__period__year", "report__period__quarter", "criterion__number", "pk")
    ]


# Finding them


def test_what_the_newest_real_verdict_before_had_as_met_is_lost_and_nothing_else() -> None:
    accept("2013-4", {10: "not_met", 11: "met", 12: "met", 16: "not_met"})
    accept("2014-1", {10: "not_met", 11: "no_data", 12: "met", 16: "met"})
    lost = accept("2014-2", {10: "not_met", 11: "not_met", 12: "no_data", 16: "not_considered"})
    accept("2014-3", {10: "not_met", 11: "not_met", 12: "met"})
    accept("2014-3", {11: "not_met"}, of="Hải Đường")

    assert found() == [("2014-2", 11, "2013-4", True)]
    row = Regression.objects.get()
    assert (row.version_id, row.before.report.commune) == (lost.in_force_id, lost.commune)
    event = ReportEvent.objects.get(action="regression")
    assert (event.report_id, event.version_id) == (lost.pk, lost.in_force_id)
    with CaptureQueriesContext(connection) as counted:
        assert regressions.rebuild(lost.commune) == []
    assert len(counted) == 4


def test_what_is_only_basically_met_now_is_lost_too() -> None:
    accept("2014-1")
    report = factories.make_in_review(HERE, "2014-2")
    version = factories.working(report)
    assert version.holder is not None
    row = version.verdicts.select_related("criterion").get(criterion__number=5)
    version.verdicts.filter(pk=row.pk).update(verified="basic", verified_reason="Còn thiếu rất ít.")
    factories.accept(report, version.holder)

    assert found() == [("2014-2", 5, "2014-1", True)]


def test_an_older_quarter_accepted_later_rebuilds_what_follows_and_yesterday_stays_as_it_was() -> None:
    with clock.at(moment("2015-01-06")):
        newer = accept("2014-4", {11: "not_met"})
    assert found() == []  # no earlier quarter is known
    programme, period = factories.programme(), newer.period

    def known(day: str) -> list[tuple[str, list[tuple[str, str]]]]:
        rows = standing(programme, period, date.fromisoformat(day)).rows
        return [(row.commune.name, [(cell.verdict, cell.mark) for cell in row.cells]) for row in rows]

    yesterday = known("2015-01-07")
    with clock.at(moment("2015-01-08", "09:00")):
        older = accept("2014-3", {11: "met"})
        assert found() == [("2014-4", 11, "2014-3", True)]
    with clock.at(moment("2015-01-08", "10:00")):
        signer = factories.signer_of(newer.commune)
        explain(Regression.objects.get(), Explanation(0, "Hạn hán.", "Hỗ trợ giống."), by=signer)
        correct(older, {11: "not_met"})
        assert found() == [("2014-4", 11, "2014-3", False)]
    ended = Regression.objects.get()
    assert ended.until == moment("2015-01-08", "10:00")
    with clock.at(moment("2015-01-08", "11:00")):
        undo(older)  # the version before the correction is in force again
        again = [("2014-4", 11, "2014-3", False), ("2014-4", 11, "2014-3", True)]
        assert found() == again

    assert known("2015-01-07") == yesterday
    assert RegressionAnswer.objects.get().regression == ended
    assert ReportEvent.objects.filter(action="regression", report=newer).count() == 2
    with clock.at(moment("2015-01-09")):
        undo(newer)
        assert [holds for *_rest, holds in found()] == [False, False]


def test_what_still_holds_is_left_alone_with_its_explanation() -> None:
    accept("2014-1")
    report = accept("2014-2", {11: "not_met"})
    before = Regression.objects.get()

    correct(report, {11: "not_met", 12: "not_met"})

    assert Regression.objects.get(criterion__number=11) == before
    assert Regression.objects.get(criterion__number=11).since == before.since
    assert found() == [("2014-2", 11, "2014-1", True), ("2014-2", 12, "2014-1", True)]


def test_rebuilding_takes_no_more_queries_with_more_quarters_and_losses() -> None:
    accept("2014-1")
    report = accept("2014-2", {11: "not_met"})

    def queries() -> int:
        Regression.objects.all().delete()
        with CaptureQueriesContext(connection) as counted:
            regressions.rebuild(report.commune)
        return len(counted)

    few = queries()
    accept("2014-3", {3: "not_met", 4: "not_met", 11: "met"})
    accept("2014-4", {11: "not_met"})

    assert queries() == few == 5
    assert len(found()) == 4


# What the committee says


@pytest.fixture
def lost() -> Regression:
    """Criterion 11 of Thanh Chăn, lost in quarter II/2014."""
    accept("2014-1")
    accept("2014-2", {11: "not_met"})
    return Regression.objects.select_related("report__commune").get()


def page(client: Client, lost: Regression, by: User, **data: Any) -> Any:
    client.force_login(by)
    url = lost.get_absolute_url()
    return client.post(url, data) if data else client.get(url)


SAID = {"explanation": "Chuẩn nghèo mới cao hơn.", "recovery": "Hỗ trợ sinh kế 40 hộ.", "regained_by": "31/03/2015"}


def test_the_committee_explains_and_both_sides_read_it(client: Client, english: None, lost: Regression) -> None:
    signer, lead = factories.signer_of(lost.report.commune), factories.make_lead()

    blank = page(client, lost, signer).content.decode()
    refused = page(client, lost, signer, **SAID | {"recovery": " ", "answer_version": 0})
    past = page(client, lost, signer, **SAID | {"regained_by": "09/01/2015", "answer_version": 0})
    saved = page(client, lost, signer, **SAID | {"regained_by": "10/01/2015", "answer_version": 0})
    read = page(client, lost, lead).content.decode()

    assert "11 Poor households: lost in quarter II/2014" in blank
    assert "10.5" in blank
    assert "9.5" in blank
    assert refused.status_code == past.status_code == 200
    assert "Please say what is done to regain it." in refused.content.decode()
    assert "Chuẩn nghèo mới cao hơn." in refused.content.decode()
    assert "This day is already over: today is 10/01/2015." in past.content.decode()
    assert saved.status_code == 302
    answer = RegressionAnswer.objects.get()
    assert (answer.answer_version, answer.by, answer.regained_by) == (1, signer, date(2015, 1, 10))
    assert "Hỗ trợ sinh kế 40 hộ." in read
    assert "To be regained by" in read
    assert "10/01/2015" in read
    assert "answer_version" not in read


def test_a_change_is_added_and_the_one_before_stays_readable(client: Client, english: None, lost: Regression) -> None:
    signer = factories.signer_of(lost.report.commune)
    page(client, lost, signer, **SAID, answer_version=0)
    page(client, lost, signer, **SAID, answer_version=1)
    assert RegressionAnswer.objects.count() == 1  # nothing was changed

    with clock.at(moment("2015-05-01")):
        overdue = page(client, lost, signer).content.decode()
        later = page(client, lost, signer, **SAID | {"explanation": "Giá giống tăng."}, answer_version=1)
        html = page(client, lost, signer).content.decode()

    assert "not regained in time" in overdue
    assert later.status_code == 302  # the day that stood there may stay, though it is over
    assert RegressionAnswer.objects.count() == 2
    assert html.index("Giá giống tăng.") < html.index("What it said before") < html.index("Chuẩn nghèo mới cao hơn.")


def test_two_people_at_once_lose_nothing(client: Client, english: None, lost: Regression) -> None:
    signer, editor = factories.signer_of(lost.report.commune), factories.editor_of(lost.report.commune)
    page(client, lost, signer, **SAID, answer_version=0)

    late = page(client, lost, editor, **SAID | {"explanation": "Rà soát lại."}, answer_version=0)
    html = late.content.decode()

    assert late.status_code == 200
    assert RegressionAnswer.objects.count() == 1
    assert f"{signer} explained this" in html
    assert "Chuẩn nghèo mới cao hơn." in html
    assert "Rà soát lại." in html
    assert 'name="answer_version" value="1"' in " ".join(html.split())
    assert page(client, lost, editor, take="1", answer_version=1).status_code == 302
    assert RegressionAnswer.objects.count() == 1
    assert page(client, lost, editor, **SAID | {"explanation": "Rà soát lại."}, answer_version=1).status_code == 302
    assert RegressionAnswer.objects.count() == 2


def test_what_is_sent_without_a_session_is_saved_or_shown_when_its_writer_signs_in(
    client: Client, english: None, lost: Regression
) -> None:
    signer = factories.signer_of(lost.report.commune)
    url, writer = lost.get_absolute_url(), {"writer": keeping.sign_writer(signer)}
    to_sign_in = client.post(url, SAID | {"answer_version": 0} | writer)
    kept = kept_pages(signer)
    account = {"username": signer.username, "password": factories.PASSWORD}

    assert to_sign_in.status_code == 302
    assert [(one.kept.path, one.report) for one in kept] == [(url, None)]
    assert client.post(reverse("login"), account)["Location"] == url
    assert RegressionAnswer.objects.get().explanation == "Chuẩn nghèo mới cao hơn."

    client.logout()
    client.post(url, SAID | {"explanation": "Rà soát lại.", "answer_version": 0} | writer)
    clash = client.post(reverse("login"), account)

    assert "Rà soát lại." in clash.text
    assert "Chuẩn nghèo mới cao hơn." in clash.text
    assert f'action="{url}"' in clash.text
    assert RegressionAnswer.objects.count() == 1


def test_what_no_longer_holds_is_read_only_and_says_so(client: Client, english: None, lost: Regression) -> None:
    signer = factories.signer_of(lost.report.commune)
    Regression.objects.update(until=clock.now())

    read = page(client, lost, signer)
    refused = page(client, lost, signer, **SAID, answer_version=0)

    assert read.status_code == 200
    assert "answer_version" not in read.content.decode()
    assert refused.status_code == 403
    assert "no longer holds by the figures in force" in refused.content.decode()
    with pytest.raises(workflow.NotAllowed):
        explain(lost, Explanation(0, "a", "b"), by=signer)
    assert not RegressionAnswer.objects.exists()


def test_only_the_committee_writes_and_outsiders_see_nothing(client: Client, lost: Regression) -> None:
    commune = lost.report.commune
    for by in (factories.reviewer_of(commune), factories.make_lead(), factories.central_member_of(commune)):
        assert page(client, lost, by).status_code == 200
        assert page(client, lost, by, **SAID, answer_version=0).status_code == 403
    for by in (factories.make_viewer(), factories.signer_of(factories.commune("Hải Đường"))):
        assert page(client, lost, by).status_code == 404
        assert page(client, lost, by, **SAID, answer_version=0).status_code == 404
        assert HERE not in client.get(reverse("reports:regressions")).content.decode()
    assert not RegressionAnswer.objects.exists()


def test_the_list_starts_with_what_is_to_be_explained_and_knows_what_was_regained(
    client: Client, english: None, django_assert_max_num_queries: Any, lost: Regression
) -> None:
    signer = factories.signer_of(lost.report.commune)
    client.force_login(signer)
    url = reverse("reports:regressions")

    def shown(show: str = "") -> tuple[list[tuple[str, int]], int]:
        with CaptureQueriesContext(connection) as counted:
            response = client.get(url, {"show": show})
        losses = [loss.regression for loss in response.context["losses"]]
        return [(row.report.period.code, row.criterion.number) for row in losses], len(counted)

    one, few = shown()
    accept("2014-3", {4: "not_met"})
    accept("2014-4", {3: "not_met", 4: "not_met"})
    explained = Regression.objects.get(criterion__number=3)
    explain(explained, Explanation(0, "Hạn hán.", "Nạo vét.", date(2015, 3, 31)), by=signer)
    all_that_hold, many = shown()

    assert one == [("2014-2", 11)]
    assert all_that_hold == [("2014-3", 4), ("2014-4", 3), ("2014-2", 11)]
    assert few == many <= 10
    assert shown("unexplained")[0] == [("2014-3", 4)]
    assert shown("explained")[0] == [("2014-4", 3)]
    assert shown("regained")[0] == [("2014-2", 11)]
    assert shown("ended")[0] == []
    html = client.get(url).content.decode()
    assert "regained in quarter III/2014" in html
    assert "to be regained by 31/03/2015" in html
    assert "Poor household rate" in html

    with CaptureQueriesContext(connection) as counted:
        client.get(lost.get_absolute_url())
    assert len(counted) <= 10

    of_report = f"{url}?report={lost.report_id}"
    assert of_report in client.get(lost.report.get_absolute_url()).content.decode()
    assert [loss.regression for loss in client.get(of_report).context["losses"]] == [lost]
    assert len(client.get(f"{url}?report=x").context["losses"]) == 3


def test_both_sides_are_told_that_something_was_lost(client: Client, english: None) -> None:
    place = factories.commune(HERE)
    told = {
        "editor": factories.editor_of(place),
        "lead": factories.make_lead(),
        "central": factories.central_member_of(place),
        "reviewer": factories.reviewer_of(place),
    }
    former = factories.make_user(Duty.LEAD)
    AreaAssignment.objects.filter(user=former).update(until=clock.today() - timedelta(days=1))
    accept("2014-1")
    accept("2014-2", {11: "not_met", 12: "not_met"})

    notices = Notice.objects.filter(event__action="regression")
    assert {notice.user for notice in notices} >= {told["editor"], told["lead"], told["central"]}
    assert not notices.filter(user__in=[told["reviewer"], former]).exists()
    client.force_login(told["central"])
    html = client.get(reverse("reports:notices")).content.decode()
    assert "criteria 11 Poor households, 12 " in html
    assert reverse("reports:regressions") in html
