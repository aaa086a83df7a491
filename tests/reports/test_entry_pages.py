"""The pages where the committee writes: what is right is saved, what is not stays with what was typed."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from communes.models import User
from ntm_tracker import clock
from reports import entry
from reports.models import CriterionVerdict, IndicatorValue, QuarterlyReport, ReportVersion
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


@pytest.fixture
def _in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-10")):
        yield


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report()


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    """An editor of the commune's committee, signed in."""
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


class Form(HTMLParser):
    """What a browser would send for the form with the id `rows`, if nothing was touched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.data: dict[str, str] = {}
        self.select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "form":
            self.inside = found.get("id") == "rows"
        if not self.inside:
            return
        if tag == "select":
            self.select = name
            self.data[name] = ""
        elif tag == "option" and "selected" in found:
            self.data[self.select] = found.get("value") or ""
        elif tag == "input" and (found.get("type") != "radio" or "checked" in found):
            self.data[name] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def url_of(report: QuarterlyReport, code: str = "III") -> str:
    return reverse("reports:group", args=[report.pk, code])


def loaded(client: Client, report: QuarterlyReport, code: str = "III") -> dict[str, str]:
    """The fields of the page as a browser would send them back."""
    return Form(client.get(url_of(report, code)).content.decode()).data


def send(client: Client, report: QuarterlyReport, changes: dict[str, str], code: str = "III") -> Any:
    """Load the page, change some fields, send it."""
    return client.post(url_of(report, code), loaded(client, report, code) | changes)


def value(report: QuarterlyReport, code: str) -> IndicatorValue | None:
    return IndicatorValue.objects.filter(version=factories.working(report), indicator__code=code).first()


def stored(report: QuarterlyReport, code: str) -> IndicatorValue:
    row = value(report, code)
    assert row is not None
    return row


def claim(report: QuarterlyReport, number: int) -> CriterionVerdict | None:
    return CriterionVerdict.objects.filter(version=factories.working(report), criterion__number=number).first()


def page(response: Any) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize("code", ["I", "II", "III", "IV", "V"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_group_shows_its_rows_in_both_languages(
    client: Client, report: QuarterlyReport, editor: User, code: str, language: str
) -> None:
    client.cookies["django_language"] = language
    text = page(client.get(url_of(report, code)))

    numbers = {"I": [1], "II": range(2, 10), "III": range(10, 14), "IV": range(14, 18), "V": [18, 19]}[code]
    assert all(f'id="c{number}"' in text for number in numbers)


def test_what_is_typed_is_saved_and_counted(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = send(client, report, {"i10-value": "22,5", "i11-value": "12.4", "c10-claimed": "met"})

    assert response.status_code == 302
    assert response.headers["Location"] == url_of(report)
    assert stored(report, "10").value == Decimal("22.5")
    assert stored(report, "11").value == Decimal("12.4")
    row = claim(report, 10)
    assert row is not None
    assert row.claimed == "met"
    assert "3 rows are saved." in page(client.get(url_of(report)))
