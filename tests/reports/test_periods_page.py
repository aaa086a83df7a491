"""The calendar of periods, and opening one: who may, what it says, what it refuses."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Commune, Duty, Membership
from criteria.models import CriteriaSet
from ntm_tracker import clock
from reports import workflow
from reports.models import Period, QuarterlyReport
from reports.workflow import NotAllowed, Refused
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

URL = "/periods/"


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def page(client: Client, address: str = URL, day: str = "2015-01-10") -> str:
    with clock.at(moment(day)):
        response = client.get(address)
    assert response.status_code == 200
    return text(response.content.decode())


def open_url(period: Period) -> str:
    return reverse("reports:period_open", args=[period.pk])


def test_every_period_is_told_with_its_days_and_how_far_its_reports_are(client: Client) -> None:
    report = factories.make_accepted()
    factories.make_submitted("Gia Phố")
    later = factories.make_report("Định Hòa")
    lead = factories.make_lead()
    for day in (20, 25):
        workflow.extend_deadline(later, new_due=date(2015, 1, day), reason="Mưa lũ", by=lead)
    client.force_login(factories.make_viewer())

    shown = page(client)

    assert "The reports of quarter IV/2014 were due on 05/01/2015; frozen after 31/03/2015." in shown
    row = shown[shown.index("Quarter IV/2014 Due day over") :]
    set_name = str(report.period.criteria_set)
    assert row.startswith(f"Quarter IV/2014 Due day over 15/12/2014 05/01/2015 31/03/2015 {set_name} 11 2 1 1 ")
    assert "Quarter III/2014 Planned 15/09/2014 05/10/2014 31/12/2014" in shown
    assert "Add new members" not in shown
    assert "Quarter IV/2014 Open " in page(client, day="2015-01-05")
    assert "Quarter IV/2014 Frozen " in page(client, day="2015-04-01")


def test_the_calendar_takes_one_query_whatever_it_shows(
    client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    for quarter in ("2014-2", "2014-3", "2014-4"):
        factories.make_report(quarter=quarter)
    client.force_login(factories.make_lead())

    with django_assert_num_queries(4):  # session, user, duties, periods
        client.get(URL)


def test_the_lead_is_asked_and_then_opens_the_period(client: Client) -> None:
    period = factories.period("2014-4")
    lead = factories.make_lead()
    client.force_login(lead)

    assert f'<a href="{open_url(period)}">' in client.get(URL).content.decode()
    asked = page(client, open_url(period))
    assert not QuarterlyReport.objects.exists()
    response = client.post(open_url(period), follow=True)

    assert "11 communes get the duty to report." in asked
    assert "The period is to open on" not in asked
    assert response.redirect_chain == [(URL, 302)]
    assert "Quarter IV/2014 is open: 11 communes more have the duty to report." in text(response.content.decode())
    assert period.reports.filter(working__opened_by=lead).count() == 11


def test_opening_before_its_day_is_possible_with_a_warning(client: Client) -> None:
    period = factories.period("2014-4")
    client.force_login(factories.make_lead())

    assert "The period is to open on 15/12/2014 only." in page(client, open_url(period), day="2014-12-14")
    assert "The period is to open on" not in page(client, open_url(period), day="2014-12-15")


def test_opening_again_adds_who_joined_since(client: Client) -> None:
    period = factories.make_report().period
    client.force_login(factories.make_lead())
    before = page(client, open_url(period))
    province = factories.commune("Thanh Chăn").province
    joined = Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province=province)
    Membership.objects.create(
        programme=factories.programme(), commune=joined, since=date(2014, 12, 1), is_member=True, source="Thử"
    )

    asked = page(client, open_url(period))
    done = client.post(open_url(period), follow=True)

    assert "Every member commune has its report already: nothing will change." in before
    assert "1 commune gets the duty to report." in asked
    assert "Quarter IV/2014 is open: 1 commune more has the duty to report." in text(done.content.decode())
    assert period.reports.filter(commune=joined).exists()


def test_a_period_of_an_edition_in_preparation_cannot_be_opened(client: Client) -> None:
    period = factories.period("2014-4")
    draft = CriteriaSet.objects.create(code="2016", name_vi="Bộ thử", name_en="Trial set", in_force_from="2016-01-01")
    Period.objects.filter(pk=period.pk).update(criteria_set=draft)
    client.force_login(factories.make_lead())

    calendar, asked, done = client.get(URL), client.get(open_url(period)), client.post(open_url(period))

    assert "Its criteria set is not published yet." in calendar.content.decode()
    assert open_url(period) not in calendar.content.decode()
    assert (asked.status_code, done.status_code) == (403, 403)
    assert "The criteria set Trial set is not published yet" in asked.content.decode()
    with pytest.raises(Refused, match="not published yet"):
        workflow.open_period(period)
    assert not QuarterlyReport.objects.exists()


def test_the_function_itself_refuses_whoever_may_not_open_periods() -> None:
    period = factories.period("2014-4")
    province = factories.commune("Thanh Chăn").province
    staff = factories.make_user(is_staff=True)
    people = [
        factories.make_viewer(),
        staff,
        factories.make_user(Duty.LEAD, province),
        factories.make_user(Duty.REVIEWER),
    ]

    for user in people:
        with pytest.raises(NotAllowed, match="Only a ministry lead for the whole country or an administrator"):
            workflow.open_period(period, by=user)

    assert not QuarterlyReport.objects.exists()
    assert workflow.open_period(period, by=factories.make_administrator()) == 11


def test_only_administrators_get_the_link_to_the_administration(client: Client) -> None:
    client.force_login(factories.make_administrator())
    assert "/admin/reports/period/" in client.get(URL).content.decode()

    client.force_login(factories.make_lead())
    assert "/admin/" not in client.get(URL).content.decode()


def test_the_calendar_and_the_board_lead_to_one_another(client: Client) -> None:
    factories.make_report()
    client.force_login(factories.make_viewer())

    calendar, board = client.get(URL).content.decode(), client.get(reverse("reports:compliance")).content.decode()

    assert f'href="{reverse("reports:compliance")}" aria-current="true"' in calendar
    assert f'<a href="{URL}">Reporting periods</a>' in board


def test_without_any_period_the_calendar_says_who_adds_them(client: Client) -> None:
    Period.objects.all().delete()
    client.force_login(factories.make_viewer())

    assert "There is no period yet" in page(client)
