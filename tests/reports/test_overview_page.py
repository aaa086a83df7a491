"""Does the overview show what the standing says, to everybody signed in, without a script?"""

import re
from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from communes.models import Commune, Programme, User
from ntm_tracker import clock
from reports import workflow
from reports.models import Period, QuarterlyReport
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

URL = "/overview/"
EVERYTHING = pytest.mark.parametrize("make", [factories.make_viewer, factories.make_user, factories.make_lead])


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def page(client: Client, address: str = URL, day: str = "2015-01-10") -> str:
    """The page as it is shown on that day, with white space evened out."""
    with clock.at(moment(day)):
        response = client.get(address)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def accept(commune: str, quarter: str, day: str, **filling: object) -> QuarterlyReport:
    with clock.at(moment(day)):
        return factories.make_accepted(commune, quarter, **filling)


def sections(html: str) -> dict[str, str]:
    """The parts of the page by the name of their heading."""
    parts = re.split(r'<section[^>]*aria-labelledby="(\w+)"', html)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def history() -> None:
    """Two communes at the end of 2013, one of them again a year later, with a loss; one at the end of 2011."""
    accept("Thanh Chăn", "2011-4", "2012-01-04", verdicts={5: "not_met", 10: "not_met"})
    accept("Thanh Chăn", "2013-4", "2014-01-04", verdicts={10: "not_met"})
    accept("Gia Phố", "2013-4", "2014-01-04")
    accept("Thanh Chăn", "2014-4", "2015-01-04", verdicts={7: "not_considered", 16: "not_met", 17: "no_data"})


@EVERYTHING
def test_everybody_signed_in_sees_the_official_figures(client: Client, history: None, make: object) -> None:
    html = page(signed_in(client, make()))  # type: ignore[operator]

    assert html.count("<script") == html.count("<script src=")
    assert " style=" not in html
    assert "Quarter IV/2014, as known on 10/01/2015." in text(html)
    assert "only reports accepted by the ministry count (1 of 11 communes)" in text(html)
    assert html.count('class="matrix"') == 1
    assert html.count('<td class="c') == 11 * 19


def test_nobody_else_does(client: Client) -> None:
    response = client.get(URL)

    assert response.status_code == 302
    assert reverse("login") in response["Location"]


def test_the_page_is_only_read(client: Client) -> None:
    assert signed_in(client, factories.make_viewer()).post(URL).status_code == 405


def test_a_cell_says_all_it_means_and_leads_to_its_story(client: Client, history: None) -> None:
    html = page(signed_in(client, factories.make_viewer()))
    commune = factories.commune("Thanh Chăn")

    label = 'aria-label="16 Culture: not met, regression, target date missed 31/12/2014"'
    assert f'<a href="?cell={commune.pk}-16#story" {label}>' in html
    assert 'aria-label="7 Market: not considered"' in html
    assert 'aria-label="17 Environment: no data, target date missed 31/12/2014"' in html
    assert 'aria-label="10 Income: met, newly met, fragile"' in html
    assert 'aria-label="1 Planning: met (by quarter IV/2013)"' in html
    assert 'aria-label="1 Planning: not reported"' in html


def test_the_story_shows_values_threshold_and_the_three_verdicts(client: Client, history: None) -> None:
    commune = factories.commune("Thanh Chăn")

    html = page(signed_in(client, factories.make_viewer()), f"{URL}?cell={commune.pk}-16&quarter=2014-4")

    story = text(html[html.index('id="story"') :])
    assert "Thanh Chăn · 16 Culture" in text(html)
    assert "Claimed Not met Computed Not met Verified Not met" in story
    assert "QĐ 491/QĐ-TTg" in story
    assert "Accepted 04/01/2015" in story
    report = QuarterlyReport.objects.get(commune=commune, period=factories.period("2014-4"))
    assert reverse("reports:version", args=[report.pk, 1]) in html
    assert 'aria-current="true"' in html


@pytest.mark.parametrize("cell", ["x", "999-1", "1-99", "-", "1-²", "9" * 5000 + "-1"])
def test_an_unknown_cell_has_no_story(client: Client, history: None, cell: str) -> None:
    assert 'id="story"' not in page(signed_in(client, factories.make_viewer()), f"{URL}?cell={cell}")


def test_the_totals_count_the_quarter_and_apart_what_is_last_known(client: Client, history: None) -> None:
    html = page(signed_in(client, factories.make_viewer()))

    foot = text(html[html.index("<tfoot>") : html.index("</tfoot>")])
    first, second = foot.split("Including last known")
    assert re.findall(r"\d+", first.split("counts")[1]) == [*"1111110111111110", *"0", *"11", "16"]
    assert re.findall(r"\d+", second.split("communes")[1]) == [*"2222221222222221", *"1", *"22", "35"]


def test_targets_what_was_missed_and_the_changes_are_told_by_name(client: Client, history: None) -> None:
    shown = text(page(signed_in(client, factories.make_viewer())))

    assert "Target of 31/12/2013" in shown
    assert "1/11 complete, 9 needed" in shown
    assert "Waiting for reports" in shown
    missed = shown[shown.index("What was missed on 31/12/2013") : shown.index("What was missed on 31/12/2014")]
    assert "Thanh Chăn 10 Income 18/19" in missed
    later = shown[shown.index("What was missed on 31/12/2014") : shown.index("Gained and lost")]
    assert "16 Culture" in later
    assert "17 Environment (no data)" in later
    assert "Gia Phố Not reported" in later
    moves = shown[shown.index("Gained and lost") :]
    assert "Against quarter IV/2011" in moves
    assert "5 Schools, 10 Income 7 Market (not considered), 16 Culture, 17 Environment (no data) −1" in moves
    assert "Not known, because a report is missing: Thụy Hương" in moves


def test_the_reports_that_are_not_accepted_are_listed_with_their_state(client: Client, history: None) -> None:
    html = page(signed_in(client, factories.make_viewer()))

    reporting = text(html[html.index('id="rep"') : html.index('id="mx"')])
    assert "1/11 accepted" in reporting
    assert "Thanh Chăn" not in reporting
    assert "Gia Phố Overdue 5 days overdue" in reporting


def test_a_correction_in_work_is_said_wherever_the_commune_is_named(client: Client, history: None) -> None:
    report = QuarterlyReport.objects.get(commune__name="Thanh Chăn", period=factories.period("2014-4"))
    signer = factories.signer_of(report.commune)
    with clock.at(moment("2015-01-08")):
        data = StepData(reason="Nhập nhầm.")
        workflow.take_step(factories.official(report), "open_correction", by=signer, data=data)
    cell = f"{URL}?cell={report.commune.pk}-16"
    label, link = "Correction in work", f'<a href="{report.get_absolute_url()}"'

    for_all = page(signed_in(client, factories.make_viewer()), cell)
    shown = sections(for_all)
    named = {"keep", "reach", "t20141231", "mx", "story", "missed20141231", "move1"}
    assert {name for name, html in shown.items() if label in html} == named
    assert link not in for_all
    assert label not in page(client, f"{cell}&as_of=07/01/2015")

    mine = page(signed_in(client, signer), cell)
    assert mine.count(link) == mine.count(label) - 1, "beside the target the commune itself is the link"
    for address in (report.commune.get_absolute_url(), reverse("communes:list")):
        assert label in page(client, address)
        assert link in page(client, address)
        assert label not in page(client, f"{address}?as_of=07/01/2015")


def test_only_acceptance_changes_the_page(client: Client) -> None:
    with clock.at(moment("2015-01-04")):
        report = factories.make_submitted("Thanh Chăn", "2014-4")
        signed_in(client, factories.make_viewer())
    before = page(client)
    with clock.at(moment("2015-01-05")):
        factories.take_up(report, reviewer := factories.reviewer_of(report.commune))
    assert text(page(client)).replace("In review", "Submitted") == text(before)
    with clock.at(moment("2015-01-06")):
        factories.accept(report, reviewer)

    assert "(0 of 11 communes)" in before
    assert "(1 of 11 communes)" in page(client)
    assert "(0 of 11 communes)" in page(client, f"{URL}?as_of=05/01/2015")


def test_provisional_figures_are_framed_and_only_for_those_who_may_see_them(client: Client) -> None:
    with clock.at(moment("2015-01-04")):
        report = factories.make_submitted("Thanh Chăn", "2014-4", verdicts={10: "not_met"})
        own = factories.signer_of(report.commune)
        stranger = factories.signer_of(factories.commune("Gia Phố"))

    html = page(signed_in(client, own), f"{URL}?figures=provisional")
    assert len(re.findall(r'<td class="c( g)? prov">', html)) == 19
    assert "Provisional figures" in html
    assert ' prov"' not in page(client)
    assert ' prov"' not in page(signed_in(client, stranger), f"{URL}?figures=provisional")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("as_of=31/02/2014", "This is not a date."),
        ("as_of=11/01/2015", "This day is still to come: today is 10/01/2015."),
        ("quarter=2050-1", "There is no such quarter; the newest one is shown."),
        ("quarter=abc", "There is no such quarter; the newest one is shown."),
    ],
)
def test_what_is_not_understood_is_answered_and_the_usual_figures_shown(
    client: Client, history: None, asked: str, sentence: str
) -> None:
    html = page(signed_in(client, factories.make_viewer()), f"{URL}?{asked}")

    assert sentence in text(html)
    assert 'aria-invalid="true"' in html
    assert "Quarter IV/2014, as known on 10/01/2015." in text(html)
    if asked.startswith("as_of"):
        assert f'value="{asked.removeprefix("as_of=")}"' in html


def test_a_day_before_everything_shows_that_nothing_was_known(client: Client, history: None) -> None:
    html = page(signed_in(client, factories.make_viewer()), f"{URL}?as_of=01/01/1990")

    assert "Not known: nothing has been accepted yet." in html
    assert "Target of" not in html, "the targets were not stated yet"


def test_odd_figures_and_programme_fall_back_to_the_usual(client: Client, history: None) -> None:
    html = page(signed_in(client, factories.make_viewer()), f"{URL}?figures=wrong&programme=none")

    assert "Official figures" in html


def test_a_programme_is_chosen_by_its_code(client: Client, history: None) -> None:
    Programme.objects.create(
        code="second",
        name_vi="Chương trình hai",
        name_en="Second programme",
        source="x",
        baseline_on=date(2011, 12, 31),
    )
    signed_in(client, factories.make_viewer())

    assert 'name="programme"' in page(client)
    assert "There is no quarter to show yet" in page(client, f"{URL}?programme=second")


@pytest.mark.usefixtures("_nothing_loaded")
def test_an_empty_site_says_what_comes_first(client: Client) -> None:
    signed_in(client, factories.make_user())
    assert "There is no programme yet" in page(client)

    factories.reference()
    assert "There is no quarter to show yet" in page(client)


def test_the_page_takes_no_more_queries_with_thirteen_quarters(
    client: Client, history: None, django_assert_max_num_queries: object
) -> None:
    commune = factories.commune("Thanh Chăn")
    signed_in(client, factories.reviewer_of(commune))
    counts = []
    for _round in range(2):
        for address in (URL, f"{URL}?figures=provisional&cell={commune.pk}-16"):
            with clock.at(moment("2015-01-10")), django_assert_max_num_queries(10) as captured:  # type: ignore[operator]
                client.get(address)
            counts.append(len(captured))
        for period in Period.objects.all():
            workflow.open_period(period)

    assert Period.objects.filter(opened_at__isnull=False).count() == 13
    assert counts[:2] == counts[2:] == [9, 10]


def test_the_vietnamese_page_has_the_same_cells(client: Client, history: None) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "vi"

    html = page(signed_in(client, factories.make_viewer()))

    assert '<html lang="vi">' in html
    assert html.count('<td class="c') == 11 * 19
    assert Commune.objects.count() == 11
