"""My work: everybody sees what waits for them, and nothing of others."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Duty, User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Period, ReportVersion, ReviewItem, Source
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

AFTER_DUE = moment("2015-01-10")
Queries = Callable[..., Any]


def work_of(client: Client, user: User) -> dict[str, list[str]]:
    """The sections of the page with the communes in each of them."""
    client.force_login(user)
    context = client.get("/").context
    return {section.code: [row.report.commune.name for row in section.rows] for section in context["sections"]}


def page_of(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get("/").content.decode()


def test_committee_reads_how_many_days_are_left(client: Client) -> None:
    with clock.at(moment("2015-01-02")):
        report = factories.make_report()
        page = page_of(client, factories.editor_of(report.commune))

    assert "Due on 05/01/2015, in 3 days." in page
    assert "0 of 19 criteria assessed, 0 of 8 other sections written." in page


def row_of(client: Client, user: User) -> tuple[str, str, str]:
    """How far the only report in work is, and the word and address of its link."""
    client.force_login(user)
    (section,) = client.get("/").context["sections"]
    (row,) = section.rows
    return row.note, row.link, row.url


def test_a_draft_opens_where_its_writer_left_off(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_report()
        editor = factories.editor_of(report.commune)
        resume = reverse("reports:resume", args=[report.pk])
        before = row_of(client, editor)
        factories.write_line(report, "Tập huấn 40 người", by=editor)
        factories.write_line(report, "Tập huấn 20 người", by=editor)
        empty = entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"note": "x"})
        entry.save_rows(factories.working(report), resources=[empty], by=editor)
        after = row_of(client, editor)
        emptied = entry.Write(entry.ResourceOf(Source.CREDIT), 1, {"note": ""})
        entry.save_rows(factories.working(report), resources=[emptied], by=editor)
        again = row_of(client, editor)

    assert before == ("0 of 19 criteria assessed, 0 of 8 other sections written.", "Write", resume)
    assert after == ("0 of 19 criteria assessed, 2 of 8 other sections written.", "Go on writing", resume)
    assert again[0] == "0 of 19 criteria assessed, 1 of 8 other sections written."


def test_a_returned_report_opens_on_its_items_until_they_are_answered(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_in_review()
        assert report.working is not None
        assert report.working.holder is not None
        factories.give_back(report, report.working.holder)
        signer = factories.signer_of(report.commune)
        asked = row_of(client, signer)
        ReviewItem.objects.update(reply="Đã ghi.", done=True)
        answered = row_of(client, signer)

    assert asked == ("1 item to answer.", "Answer", report.get_absolute_url())
    assert answered == ("All items are answered.", "Go on writing", reverse("reports:resume", args=[report.pk]))


def test_committee_reads_by_how_many_days_a_report_is_overdue(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_report()
        page = page_of(client, factories.editor_of(report.commune))

    assert "Overdue by 5 days, since 05/01/2015." in page


def test_an_extension_moves_the_due_day(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_report()
        lead = factories.make_lead()
        workflow.extend_deadline(report, new_due=clock.today() + timedelta(days=4), reason="Bão lũ", by=lead)
        page = page_of(client, factories.editor_of(report.commune))

    assert "Due on 14/01/2015, in 4 days." in page


def test_a_returned_report_waits_for_the_committee_with_its_day(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_in_review()
        assert report.working is not None
        assert report.working.holder is not None
        factories.give_back(report, report.working.holder)
        signer = factories.signer_of(report.commune)
        sections = work_of(client, signer)
        page = page_of(client, signer)

    assert sections == {"answer": ["Thanh Chăn"]}
    assert "Answer expected by 17/01/2015, in 7 days." in page
    assert "1 item to answer." in page


def test_reviewer_sees_what_is_due_back(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_in_review()
        assert report.working is not None
        assert report.working.holder is not None
        factories.give_back(report, report.working.holder)

        assert work_of(client, report.working.holder) == {"back": ["Thanh Chăn"]}


def test_a_sent_report_says_who_holds_it(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_in_review()
        assert report.working is not None
        signer = factories.signer_of(report.commune)
        sections = work_of(client, signer)
        page = page_of(client, signer)

    assert sections == {"sent": ["Thanh Chăn"]}
    assert f"In review by {report.working.holder} since 10/01/2015." in page


def test_reviewer_sees_what_waits_oldest_first(client: Client) -> None:
    reviewer = None
    for day, quarter in (("2014-10-04", "2014-3"), ("2014-07-04", "2014-2"), ("2015-01-04", "2014-4")):
        with clock.at(moment(day)):
            report = factories.make_submitted(quarter=quarter)
            reviewer = reviewer or factories.reviewer_of(report.commune)

    assert reviewer is not None
    client.force_login(reviewer)
    with clock.at(AFTER_DUE):
        [section] = client.get("/").context["sections"]
    assert section.code == "waiting"
    assert [row.report.period.code for row in section.rows] == ["2014-2", "2014-3", "2014-4"]


def test_reviewer_sees_what_they_hold_and_not_what_a_colleague_holds(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_in_review()
        assert report.working is not None
        assert report.working.holder is not None

        assert work_of(client, report.working.holder) == {"held": ["Thanh Chăn"]}
        assert work_of(client, factories.reviewer_of(report.commune)) == {}


def test_both_sides_see_a_correction_in_work(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_accepted()
        signer = factories.signer_of(report.commune)
        data = StepData(reason="Công bố lại")
        workflow.take_step(factories.official(report), "open_correction", by=signer, data=data)

        assert work_of(client, signer) == {"correct": ["Thanh Chăn"]}
        assert work_of(client, factories.reviewer_of(report.commune)) == {"correct": ["Thanh Chăn"]}


def test_lead_sees_overdue_reports_of_all_provinces_and_can_give_more_time(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_report()
        lead = factories.make_lead()
        sections = work_of(client, lead)
        page = page_of(client, lead)

    assert len(sections["overdue"]) == 11
    assert f"/reports/{report.pk}/extend/" in page


def test_central_member_follows_only_the_assigned_province(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_report()
        assert work_of(client, factories.central_member_of(report.commune)) == {"followed": ["Thanh Chăn"]}


@pytest.mark.parametrize("duty", [Duty.EDITOR, Duty.SIGNER, Duty.REVIEWER, Duty.CENTRAL])
def test_nobody_sees_work_of_another_province(client: Client, duty: Duty) -> None:
    with clock.at(AFTER_DUE):
        factories.make_in_review()
        other = factories.make_user(duty, factories.commune("Tân Thịnh").province)
        sections = work_of(client, other)

    assert all("Thanh Chăn" not in communes for communes in sections.values())


def test_viewer_gets_a_sentence_and_the_overview(client: Client) -> None:
    with clock.at(AFTER_DUE):
        factories.make_in_review()
        page = page_of(client, factories.make_viewer())

    assert "You read the accepted figures of all communes" in page
    assert 'href="/overview/"' in page
    assert "Thanh Chăn" not in page


def test_administrator_gets_the_link_to_the_administration(client: Client) -> None:
    page = page_of(client, factories.make_administrator())

    assert 'href="/admin/"' in page


def test_accepted_reports_are_listed_shortly_and_open_ones_in_full(client: Client) -> None:
    with clock.at(AFTER_DUE):
        report = factories.make_accepted()
        signer = factories.signer_of(report.commune)
        client.force_login(signer)
        context = client.get("/").context

    assert context["sections"] == []
    assert [accepted.pk for accepted in context["accepted"]] == [report.pk]


@pytest.mark.parametrize("quarters", [1, 13])
def test_work_takes_as_many_queries_for_13_quarters_as_for_one(
    client: Client, django_assert_num_queries: Queries, quarters: int
) -> None:
    factories.reference()
    with clock.at(AFTER_DUE):
        for period in Period.objects.order_by("-year", "-quarter")[:quarters]:
            workflow.open_period(period)
        client.force_login(factories.make_lead())

        with django_assert_num_queries(7):  # session, user, assignments, in work, accepted, kept, notices
            page = client.get("/")

    [overdue] = page.context["sections"]
    assert len(overdue.rows) == 11 * quarters
    assert ReportVersion.objects.count() == 11 * quarters
