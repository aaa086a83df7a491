"""Does the board of deadlines say of every commune and quarter what the days say, to everybody signed in?"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Commune, Membership, Province, User
from ntm_tracker import clock
from reports import workflow
from reports.models import DeadlineExtension, Period, QuarterlyReport, ReportVersion
from reports.views.compliance import words
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

URL = "/compliance/"
Queries = Callable[..., Any]


def report_of(commune: str, quarter: str = "2014-4") -> QuarterlyReport:
    return QuarterlyReport.objects.get(commune__name=commune, period=factories.period(quarter))


def sent(commune: str, day: str, at: str = "10:00", quarter: str = "2014-4") -> None:
    QuarterlyReport.objects.filter(pk=report_of(commune, quarter).pk).update(first_submitted_at=moment(day, at))


def open_quarters(*codes: str) -> None:
    with clock.at(moment("2014-12-15")):
        for code in codes:
            workflow.open_period(factories.period(code))


@pytest.fixture
def reports() -> None:
    """Quarter IV/2014: one in time by a minute, one late by none, one extended, one missing, the others in time."""
    open_quarters("2014-4")
    QuarterlyReport.objects.update(first_submitted_at=moment("2015-01-03"))
    sent("Thanh Chăn", "2015-01-05", "23:59")
    sent("Gia Phố", "2015-01-06", "00:00")
    missing = report_of("Định Hòa"), report_of("Hải Đường")
    QuarterlyReport.objects.filter(pk__in=[report.pk for report in missing]).update(first_submitted_at=None)
    with clock.at(moment("2015-01-04")):
        lead = factories.make_lead()
        workflow.extend_deadline(report_of("Hải Đường"), new_due=date(2015, 1, 15), reason="Mưa lũ", by=lead)
        workflow.urge(report_of("Định Hòa"), text="Đề nghị gửi.", by=lead)


def get(client: Client, address: str = URL, user: User | None = None, day: str = "2015-01-10") -> Any:
    client.force_login(user or factories.make_viewer())
    with clock.at(moment(day)):
        response = client.get(address)
    assert response.status_code == 200
    return response


def page(client: Client, address: str = URL, user: User | None = None, day: str = "2015-01-10") -> str:
    return re.sub(r"\s+", " ", get(client, address, user, day).content.decode())


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def named(html: str) -> dict[str, list[str]]:
    """The cells by the name of the commune."""
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    found = {}
    for row in body.split("<tr>")[1:]:
        name, *rest = row.split("<td ")
        match = re.search(r'href="/communes/\d+/">([^<]+)<', name)
        assert match is not None
        found[match[1]] = [text("<td " + cell) for cell in rest]
    return found


def foot(html: str) -> dict[str, str]:
    """The line of shares under each label, of a board of one quarter."""
    board = html[html.index('class="board"') :]
    lines = board[board.index("<tfoot>") : board.index("</tfoot>")].split("<tr>")[1:]
    return {text(line.split("</th>")[0]): text(line.split("</th>")[1]) for line in lines}


def test_a_cell_says_how_the_report_stands_to_its_day(client: Client, reports: None) -> None:
    html = page(client)
    shown = {name: found[0] for name, found in named(html).items()}

    assert "in time" in shown["Thanh Chăn"]
    assert "1 day late" in shown["Gia Phố"]
    assert "missing, 5 days overdue" in shown["Định Hòa"]
    assert "urged 1 time, last on 04/01/2015" in shown["Định Hòa"]
    assert "due 15/01/2015" in shown["Hải Đường"]
    assert "extended to 15/01/2015" in shown["Hải Đường"]
    assert len(shown) == 11
    assert sum("in time" in cell for cell in shown.values()) == 8


def test_the_shares_count_what_is_due_by_the_first_submission(client: Client, reports: None) -> None:
    html = page(client)

    assert foot(html)["First sent in time"] == "8/10 80 %"  # the one with more time is not due yet
    assert "Quarter IV/2014: 8 of 10 reports came in time, 1 came late, 1 is missing." in text(html)
    assert "As known today, 10/01/2015." in text(html)
    whole = text(html[html.rindex("All provinces") :])
    assert whole.startswith("All provinces 11 8/10 80 % 1 1")


def test_more_time_moves_the_day_and_not_the_rule(client: Client, reports: None) -> None:
    html = page(client, day="2015-01-16")

    assert "missing, 1 day overdue extended to 15/01/2015" in named(html)["Hải Đường"][0]
    assert foot(html)["First sent in time"] == "8/11 73 %"


def test_who_was_no_member_owes_nothing(client: Client) -> None:
    open_quarters("2014-3", "2014-4")
    left, joined = factories.commune("Tân Hội"), newcomer("Thanh Hưng")
    state(left, "2014-11-01", is_member=False)
    state(joined, "2014-12-31")
    with clock.at(moment("2014-12-31")):
        workflow.open_period(factories.period("2014-4"))

    html = page(client)

    shown = named(html)
    assert [cell.split("> ")[-1] for cell in shown["Tân Hội"]][1].endswith("not owed")
    assert "overdue" in shown["Tân Hội"][0]
    assert shown["Thanh Hưng"][0].endswith("not owed")
    assert "overdue" in shown["Thanh Hưng"][1]
    assert "0/11" in text(html[html.index("<tfoot>") :])


def newcomer(name: str) -> Commune:
    province = factories.commune("Thanh Chăn").province
    return Commune.objects.create(code="99999", name=name, district="Điện Biên", province=province)


def state(commune: Commune, since: str, *, is_member: bool = True) -> None:
    day = date.fromisoformat(since)
    programme = factories.programme()
    Membership.objects.create(programme=programme, commune=commune, since=day, is_member=is_member, source="Thử")


def test_returned_reports_and_the_ministry_have_their_own_days(client: Client) -> None:
    with clock.at(moment("2015-01-04")):
        report = factories.make_submitted()
        QuarterlyReport.objects.exclude(pk=report.pk).update(first_submitted_at=moment("2015-01-03"))
    reviewer, signer = factories.reviewer_of(report.commune), factories.signer_of(report.commune)
    with clock.at(moment("2015-01-08")):
        factories.take_up(report, reviewer)
    with clock.at(moment("2015-01-09")):
        factories.give_back(report, reviewer)
    waiting, late = page(client), page(client, day="2015-01-20")
    with clock.at(moment("2015-01-21")):
        factories.answer(report, signer)
        factories.submit(report, signer)
    answered, untouched = page(client, day="2015-01-24"), page(client, day="2015-01-25")
    with clock.at(moment("2015-01-25")):
        workflow.take_step(factories.working(report), "withdraw", by=signer)
    withdrawn = page(client, day="2015-02-10")

    assert "in time returned, answer by 16/01/2015" in named(waiting)["Thanh Chăn"][0]
    assert foot(waiting)["Answers in time"] == "– nothing to count"
    assert foot(waiting)["Taken up within 3 days"] == "0/1 0 %"
    assert foot(waiting)["Decided within 10 days"] == "1/1 100 %"
    assert "in time returned, answer 4 days overdue" in named(late)["Thanh Chăn"][0]
    assert foot(late)["Answers in time"] == "0/1 0 %"
    assert "in time answered 5 days late" in named(answered)["Thanh Chăn"][0]
    assert foot(answered)["Answers in time"] == "0/1 0 %"
    assert foot(answered)["Taken up within 3 days"] == "0/1 0 %"
    assert foot(untouched)["Taken up within 3 days"] == "0/2 0 %"
    assert foot(untouched)["First sent in time"] == "11/11 100 %"
    # Withdrawn, it is the committee's again, and the ministry owes nothing for it.
    assert "in time returned, answer 25 days overdue" in named(withdrawn)["Thanh Chăn"][0]
    assert foot(withdrawn)["Taken up within 3 days"] == "0/1 0 %"


def test_a_return_takes_up_too_and_what_was_decided_once_stays_decided(client: Client) -> None:
    with clock.at(moment("2015-01-04")):
        returned, accepted = factories.make_submitted("Gia Phố"), factories.make_submitted("Thanh Chăn")
        reviewer = factories.reviewer_of(accepted.commune)
        factories.give_back(returned, factories.reviewer_of(returned.commune))
    with clock.at(moment("2015-01-05")):
        factories.take_up(accepted, reviewer)
        factories.accept(accepted, reviewer)
    first = foot(page(client, day="2015-01-20"))
    with clock.at(moment("2015-01-25")):
        undo = StepData(reason="Nhầm")
        workflow.take_step(factories.official(accepted), "undo_accept", by=factories.make_lead(), data=undo)
    with clock.at(moment("2015-01-27")):
        factories.accept(accepted, reviewer)
        signer, lead = factories.signer_of(accepted.commune), factories.make_lead()
        correct = StepData(reason="Sửa số liệu")
        workflow.take_step(factories.official(accepted), "open_correction", by=signer, data=correct)
        factories.submit(accepted, signer)
    open_correction = foot(page(client, day="2015-02-20"))
    with clock.at(moment("2015-02-20")):
        workflow.take_step(factories.working(accepted), "cancel_correction", by=lead, data=undo)
    cancelled = foot(page(client, day="2015-02-20"))

    for shares in (first, cancelled):
        assert shares["Taken up within 3 days"] == "2/2 100 %"
        assert shares["Decided within 10 days"] == "2/2 100 %"
    assert open_correction["Taken up within 3 days"] == "2/3 67 %"
    assert open_correction["Decided within 10 days"] == "2/3 67 %"


def test_only_those_who_follow_a_report_get_its_link(client: Client, reports: None) -> None:
    report = report_of("Thanh Chăn")
    address = f'href="{report.get_absolute_url()}"'

    for user in (
        factories.editor_of(report.commune),
        factories.make_lead(),
        factories.central_member_of(report.commune),
    ):
        assert address in page(client, user=user)
    for user in (factories.make_viewer(), factories.signer_of(factories.commune("Gia Phố"))):
        assert address not in page(client, user=user)


def test_only_the_ministry_ticks_whom_to_urge_and_only_what_waits(client: Client, reports: None) -> None:
    late = report_of("Định Hòa")
    ticks = re.compile(r'name="report"[^>]*value="(\d+)"')

    assert ticks.findall(page(client, user=factories.make_lead())) == [str(late.pk)]
    assert ticks.findall(page(client, user=factories.reviewer_of(late.commune))) == [str(late.pk)]
    for user in (
        factories.make_viewer(),
        factories.central_member_of(late.commune),
        factories.signer_of(late.commune),
        factories.reviewer_of(factories.commune("Gia Phố")),
    ):
        html = page(client, user=user)
        assert not ticks.findall(html)
        assert "Urge the committees ticked" not in html


def test_the_filters_leave_what_was_asked_for_and_the_shares_whole(client: Client, reports: None) -> None:
    behind = page(client, f"{URL}?late=1")
    place = page(client, f"{URL}?province=42")
    both = page(client, f"{URL}?province=42&late=1")
    nobody = page(client, f"{URL}?province=11&late=1")
    odd = page(client, f"{URL}?province=xx&year=1066&programme=no&page=99")

    assert set(named(behind)) == {"Gia Phố", "Định Hòa"}
    assert foot(behind)["First sent in time"] == "8/10 80 %"
    assert set(named(place)) == set(named(both)) == {"Gia Phố"}
    assert foot(place)["First sent in time"] == "0/1 0 %"
    assert "The shares are those of Hà Tĩnh." in place
    assert "Nobody is behind" in nobody
    assert len(named(odd)) == 11


def test_the_last_eight_quarters_are_shown_and_all_of_them_one_link_away(client: Client) -> None:
    open_quarters(*quarters())

    usual, everything, year = page(client), page(client, f"{URL}?all=1"), page(client, f"{URL}?year=2012")

    assert usual.count('<th scope="col"> <b>') == 8
    assert 'href="?all=1">All 13 quarters</a>' in usual
    assert everything.count('<th scope="col"> <b>') == 13
    assert re.findall(r"<b>(\S+)</b>", year) == ["I/2012", "II/2012", "III/2012", "IV/2012"]


def quarters() -> list[str]:
    factories.reference()
    return [period.code for period in Period.objects.all()]


def many(communes: int, codes: list[str]) -> None:
    """So many communes of 10 provinces, each with a report for each of the quarters, in the fewest steps."""
    programme = factories.programme()
    provinces = list(Province.objects.order_by("code")[:10])
    made = Commune.objects.bulk_create(
        Commune(code=f"9{i:04}", code_list="x", name=f"Xã {i:04}", district="Huyện", province=provinces[i % 10])
        for i in range(communes)
    )
    Membership.objects.bulk_create(
        Membership(programme=programme, commune=one, since=date(2011, 1, 1), source="Thử") for one in made
    )
    for code in codes:
        period = factories.period(code)
        Period.objects.filter(pk=period.pk).update(opened_at=moment("2011-12-15"))
        owed = QuarterlyReport.objects.bulk_create(
            QuarterlyReport(commune=one, period=period, first_submitted_at=moment("2012-01-01") if i % 3 else None)
            for i, one in enumerate(made)
        )
        drafts = ReportVersion.objects.bulk_create(
            ReportVersion(report=one, number=1, opened_at=moment("2011-12-15")) for one in owed
        )
        for report, draft in zip(owed, drafts, strict=True):
            report.working = draft
        QuarterlyReport.objects.bulk_update(owed, ["working"])
        DeadlineExtension.objects.create(
            report=owed[0],
            old_due=period.due_on,
            new_due=date(2015, 6, 1),
            reason="Bão",
            by=_lead(),
            at=moment("2012-01-01"),
        )


def _lead() -> User:
    return User.objects.filter(username="lead").first() or factories.make_user(username="lead")


@pytest.mark.parametrize(("communes", "some"), [(0, 1), (200, 13)])
def test_the_page_takes_the_same_ten_queries_however_much_it_shows(
    client: Client, communes: int, some: int, django_assert_num_queries: Queries
) -> None:
    codes = quarters()[-some:]
    open_quarters(codes[-1])
    if communes:
        many(communes, codes)
    lead = factories.make_lead()
    client.force_login(lead)

    with clock.at(moment("2015-01-10")), django_assert_num_queries(10):
        html = client.get(f"{URL}?all=1&late=1", headers={"Accept-Encoding": "br"}).content

    assert len(html) < 10_000


def test_a_country_is_summed_up_first_and_shown_fifty_communes_a_page(client: Client) -> None:
    open_quarters("2014-4")
    many(60, ["2014-4"])

    first, second = page(client), page(client, f"{URL}?page=2")

    assert first.index('id="provinces"') < first.index('id="board"')
    assert "71 communes × 1 quarter " in first
    assert len(re.findall(r'href="/communes/\d+/"', first)) == 50
    assert len(re.findall(r'href="/communes/\d+/"', second)) == 21
    assert foot(first)["First sent in time"] == foot(second)["First sent in time"] == "40/70 57 %"
    assert 'aria-label="Pages of the list"' in first


def test_the_file_says_the_same_and_runs_nothing(client: Client, reports: None, settings: Any) -> None:
    Commune.objects.filter(name="Gia Phố").update(name="=1+1")
    settings.DEMO_TODAY = date(2015, 1, 10)
    user = factories.make_viewer()

    response = get(client, reverse("reports:compliance_file"), user)
    filtered = get(client, reverse("reports:compliance_file") + "?late=1&province=91", user).content.decode("utf-8-sig")
    settings.DEMO_TODAY = None
    real = get(client, reverse("reports:compliance_file"), user).content.decode("utf-8-sig")

    assert response.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in response["Content-Disposition"]
    lines = response.content.decode("utf-8-sig").splitlines()
    assert lines[0] == '"Reporting, as known today, 10/01/2015"'
    assert "Illustrative figures" in lines
    assert "Hà Tĩnh,'=1+1,1 day late" in lines
    assert 'Kiên Giang,Định Hòa,"missing, 5 days overdue; urged 1 time, last on 04/01/2015"' in lines
    assert "First sent in time,,8 of 10" in lines
    assert "Illustrative" not in real
    assert "Thanh Chăn" not in filtered
    assert "Định Hòa" in filtered


def test_before_the_first_period_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.reference()
    planned = page(client), get(client, reverse("reports:compliance_file")).content.decode()
    monkeypatch.setattr("reports.views.compliance.programmes", dict)
    nothing = page(client), get(client, reverse("reports:compliance_file")).content.decode()

    for shown, file in (planned, nothing):
        assert "No period is open yet" in shown
        assert "Reporting, as known today" in file


def test_the_page_has_its_tab_and_needs_no_script(client: Client, reports: None) -> None:
    html = page(client)

    assert f'<a href="{URL}" aria-current="page">Reporting</a>' in html
    assert '<body class="land">' in html
    assert " style=" not in html
    assert html.count("<script") == html.count("<script src=")
    assert words(None) == "not owed"
