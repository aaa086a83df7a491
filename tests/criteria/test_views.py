"""Does the page of the criteria show every threshold and where it comes from?"""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from criteria import editions
from criteria.models import CriteriaSet, Region, Threshold
from criteria.publications import Publication, read_tables
from tests import factories

pytestmark = pytest.mark.django_db


def publication(code: str, year: int, edition: str = "2013") -> Publication:
    """The thresholds of an indicator from that year on, as the page has them."""
    tables = read_tables(CriteriaSet.objects.get(code=edition), list(Region.objects.all()))
    (indicator,) = [
        of_indicator
        for group in tables
        for criterion in group.criteria.values()
        for of_indicator in criterion.indicators.values()
        if of_indicator.indicator.code == code
    ]
    (found,) = [each for each in indicator.publications.values() if each.applies_from_year == year]
    return found


def test_the_newest_edition_in_force_is_shown_with_its_levels_decisions_and_confidence(
    client: Client, english: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factories.reference()
    client.force_login(factories.make_viewer())

    with django_assert_max_num_queries(10):
        response = client.get(reverse("criteria:list"))

    content = response.content.decode()
    assert response.context["chosen"].code == "2013"
    assert len(response.context["groups"]) == 5
    assert sum(len(group.criteria) for group in response.context["groups"]) == 19
    for text in ("CV 938/BNN-VPĐP", "published on 18/03/2014", "Confidence: low.", "≥\N{NO-BREAK SPACE}27"):
        assert text in content


def test_the_older_edition_has_its_own_page(client: Client) -> None:
    factories.reference()
    client.force_login(factories.make_viewer())

    content = client.get(reverse("criteria:set", args=["2009"])).content.decode()

    assert "Cơ cấu lao động" in content
    assert "1,4" in content
    assert "CV 938" not in content


def test_an_edition_in_preparation_and_an_unknown_one_are_not_found(client: Client) -> None:
    factories.reference()
    draft = editions.make_edition(CriteriaSet.objects.get(code="2013"))
    client.force_login(factories.make_viewer())

    assert client.get(reverse("criteria:set", args=[draft.code])).status_code == 404
    assert client.get(reverse("criteria:set", args=["1945"])).status_code == 404
    assert draft not in client.get(reverse("criteria:list")).context["sets"]


@pytest.mark.usefixtures("_nothing_loaded")
def test_without_any_edition_the_page_says_so(client: Client, english: None) -> None:
    client.force_login(factories.make_user())

    assert b"No criteria set is published yet" in client.get(reverse("criteria:list")).content


def test_a_level_that_is_the_same_everywhere_is_written_once() -> None:
    factories.reference()

    assert publication("2.1", 2009).everywhere == "≥\N{NO-BREAK SPACE}100"
    assert publication("2.2", 2009).everywhere == ""
    assert publication("2.3a", 2009).everywhere == ""


def test_a_region_that_a_sub_condition_does_not_ask_has_no_level() -> None:
    factories.reference()

    levels = {region.code: level for region, level in publication("2.3a", 2009).by_region}

    assert levels["dnb"] == ""
    assert levels["btb"] == "≥\N{NO-BREAK SPACE}70"


def test_a_region_without_a_threshold_shows_the_general_one() -> None:
    factories.reference()
    Threshold.objects.filter(indicator__code="11", region__code="dnb").delete()

    levels = {region.code: level for region, level in publication("11", 2009).by_region}

    assert levels["dnb"] == "≤\N{NO-BREAK SPACE}6"
