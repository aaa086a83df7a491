"""Do the commune pages show who a commune is, where it stands, and nothing that is not the reader's to see?"""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Commune, Membership, Province, User
from ntm_tracker import clock
from reports import workflow
from reports.models import Period, QuarterlyReport
from reports.profile import editions
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def page(client: Client, user: User, address: str, day: str = "2015-01-10") -> str:
    client.force_login(user)
    with clock.at(moment(day)):
        response = client.get(address)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def accept(commune: str, quarter: str, day: str, **filling: object) -> QuarterlyReport:
    with clock.at(moment(day)):
        return factories.make_accepted(commune, quarter, **filling)


def detail(commune: str = "Thanh Chăn") -> str:
    return reverse("communes:detail", args=[factories.commune(commune).pk])


def test_the_page_says_where_the_commune_stands(client: Client) -> None:
    accept("Thanh Chăn", "2014-3", "2014-10-04", verdicts={5: "not_met"})
    accept("Thanh Chăn", "2014-4", "2015-01-04", verdicts={7: "not_considered", 10: "not_met", 16: "not_met"})

    html = page(client, factories.make_viewer(), detail())

    shown = text(html)
    assert html.count("<script") == html.count("<script src=")
    assert "16 of 18 considered criteria are met, 2 are lacking" in shown
    assert "Điện Biên, Điện Biên · " in shown
    assert "Class 15–18 criteria" in shown
    assert "newly met: 5 Schools" in shown
    assert "lost: 7 Market (not considered)" in shown
    assert "lost: 10 Income" in shown
    assert "Target of 31/12/2014 missed 16 of 18; lacked 10 Income, 16 Culture" in shown
    assert "Target of 31/12/2013 Not reported no figures for that quarter" in shown


def test_a_complete_commune_is_called_complete(client: Client) -> None:
    accept("Gia Phố", "2014-4", "2015-01-04")

    shown = text(page(client, factories.make_viewer(), detail("Gia Phố")))

    assert "Complete: all 19 considered criteria are met" in shown
    assert "Class all criteria" in shown


def test_the_strip_shows_every_quarter_and_hatches_those_without_a_report(client: Client) -> None:
    for quarter, day in [("2012-4", "2013-01-04"), ("2013-2", "2013-07-04")]:
        accept("Thanh Chăn", quarter, day)
    factories.make_report("Thanh Chăn", "2013-1")

    html = page(client, factories.make_viewer(), detail())

    strip = html[html.index('class="strip"') : html.index("</table>", html.index('class="strip"'))]
    assert strip.count("#i-met") == 2 * 19
    assert strip.count("#i-unrep") == 19
    assert re.findall(r"<td[^>]*>(–|\d+)</td>", strip) == ["19", "–", "19"]
    assert "The criteria changed in between:" in html


def test_the_strip_is_as_known_on_the_day(client: Client) -> None:
    accept("Thanh Chăn", "2013-2", "2013-07-04")

    html = page(client, factories.make_viewer(), f"{detail()}?as_of=03/07/2013")

    assert "#i-met" not in html[html.index('class="strip"') :].split("</table>")[0]
    assert "Nothing is known yet" in html


def test_editions_are_noted_only_when_they_change() -> None:
    factories.reference()
    periods = list(Period.objects.select_related("criteria_set"))

    assert editions(periods[:3]) == []
    assert [note[:37] for note in editions(periods)] == [
        "From quarter IV/2011 to quarter IV/20",
        "From quarter I/2013 to quarter IV/201",
    ]


def test_insiders_get_the_report_and_others_its_accepted_version(client: Client) -> None:
    accepted = accept("Thanh Chăn", "2014-3", "2014-10-04")
    draft = factories.make_report("Thanh Chăn", "2014-4")
    version = reverse("reports:version", args=[accepted.pk, 1])
    inside = [reverse("reports:detail", args=[report.pk]) for report in (accepted, draft)]

    for user in (factories.editor_of(draft.commune), factories.reviewer_of(draft.commune), factories.make_lead()):
        html = page(client, user, detail())
        assert all(f'href="{address}"' in html for address in inside)
        assert f'href="{version}"' not in html
    for user in (factories.make_viewer(), factories.signer_of(factories.commune("Gia Phố"))):
        html = page(client, user, detail())
        assert not any(f'href="{address}"' in html for address in inside)
        assert f'href="{version}"' in html


def test_provisional_figures_are_for_insiders(client: Client) -> None:
    with clock.at(moment("2015-01-04")):
        report = factories.make_submitted("Thanh Chăn", "2014-4")

    address = f"{detail()}?figures=provisional"
    assert "Complete: all 19" in page(client, factories.editor_of(report.commune), address)
    assert "Nothing is known yet" in page(client, factories.make_viewer(), address)


def test_the_people_in_charge_are_named(client: Client) -> None:
    commune = factories.commune("Thanh Chăn")
    inside = [factories.signer_of(commune), factories.reviewer_of(commune), factories.make_lead()]
    outside = [factories.signer_of(factories.commune("Gia Phố")), viewer := factories.make_viewer()]

    html = page(client, viewer, detail())

    people = html[html.index("People in charge") :]
    assert all(f"<dd> {user.full_name}" in people for user in inside)
    assert not any(f"<dd> {user.full_name}" in people for user in outside)


def test_a_commune_outside_every_programme_still_has_a_page(client: Client) -> None:
    factories.reference()
    commune = Commune.objects.create(
        code="99999", name="Xã Mới", district="Hải Hậu", province=Province.objects.get(name="Nam Định")
    )

    html = page(client, factories.make_viewer(), reverse("communes:detail", args=[commune.pk]))

    assert "No programme follows this commune" in html


def test_an_unknown_commune_is_not_found(client: Client) -> None:
    client.force_login(factories.make_viewer())

    assert client.get(reverse("communes:detail", args=[99999])).status_code == 404


def test_the_list_names_every_member_with_its_count_and_class(client: Client) -> None:
    accept("Thanh Chăn", "2014-4", "2015-01-04", verdicts=dict.fromkeys(range(1, 12), "not_met"))
    accept("Gia Phố", "2014-4", "2015-01-04")

    html = page(client, factories.make_viewer(), reverse("communes:list"))

    assert html.count("<tr>") == 12
    assert re.search(r"Thanh Chăn.{0,700}8/19.{0,200}5–9 criteria", html)
    assert re.search(r"Gia Phố.{0,700}19/19.{0,200}All criteria", html)


def test_the_list_without_any_quarter_still_names_the_communes(client: Client) -> None:
    factories.reference()

    assert "Thanh Chăn" in page(client, factories.make_viewer(), reverse("communes:list"))


def test_the_list_shows_fifty_communes_a_page(client: Client) -> None:
    programme, province = factories.programme(), Province.objects.get(name="Nam Định")
    for number in range(45):
        commune = Commune.objects.create(code=f"9{number:04}", name=f"Xã {number:02}", district="x", province=province)
        Membership.objects.create(programme=programme, commune=commune, since=date(2009, 1, 1), source="Thử")
    factories.make_report("Thanh Chăn", "2014-4")
    viewer = factories.make_viewer()

    first = page(client, viewer, reverse("communes:list"))
    second = page(client, viewer, reverse("communes:list") + "?page=2")

    assert (first.count("<tr>"), second.count("<tr>")) == (51, 7)


def test_the_pages_take_no_more_queries_with_thirteen_quarters(
    client: Client, django_assert_max_num_queries: object
) -> None:
    accept("Thanh Chăn", "2014-4", "2015-01-04")
    client.force_login(factories.reviewer_of(factories.commune("Thanh Chăn")))
    counts = []
    for _round in range(2):
        for address in (reverse("communes:list"), f"{detail()}?figures=provisional"):
            with clock.at(moment("2015-01-10")), django_assert_max_num_queries(10) as captured:  # type: ignore[operator]
                client.get(address)
            counts.append(len(captured))
        for period in Period.objects.all():
            workflow.open_period(period)

    assert counts[:2] == counts[2:] == [9, 10]
