"""One report through its whole life, in a real browser: written, signed, returned, answered, accepted.

The overview changes only at acceptance.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from criteria.catalogue import load_catalogue
from ntm_tracker import clock
from ntm_tracker.numbers import format_number
from reports.models import ReportVersion, Section, State
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COMMUNE = "Gia Phố"


@pytest.fixture
def javascript_off(browser: "Browser", live_server: "LiveServer") -> Iterator["Page"]:
    """A page without JavaScript: everything must work there."""
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url, locale="vi")
    context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    yield context.new_page()
    context.close()


@contextmanager
def signed_in(page: "Page", username: str) -> Iterator[None]:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    yield
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()


def met_on_overview(page: "Page") -> str:
    """How many criteria the commune meets by the overview: the number in its row, or that it is not reported."""
    page.goto("/overview/?quarter=2014-4")
    row = page.locator("table.matrix tbody tr").filter(has_text=COMMUNE)
    return " ".join(row.locator("td.t").first.inner_text().split())


def open_report(page: "Page") -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile(COMMUNE)).first.click()


def test_a_report_is_written_signed_returned_answered_and_accepted(javascript_off: "Page") -> None:
    page = javascript_off
    report = factories.make_report(COMMUNE, "2014-4")
    editor, signer = factories.editor_of(report.commune), factories.signer_of(report.commune)
    reviewer = factories.reviewer_of(report.commune)
    catalogue = load_catalogue(report.period.criteria_set, report.commune.province.region)
    base = f"/reports/{report.pk}"

    with signed_in(page, editor.username):
        before = met_on_overview(page)
        for group in catalogue.groups:
            page.goto(f"{base}/groups/{group.group.code}/")
            for criterion in group.criteria:
                for indicator in criterion.indicators:
                    threshold = indicator.threshold(2014, clock.today())
                    assert threshold is not None
                    value = factories.content_for(threshold, "met")["value"]
                    name = f"i{indicator.indicator.code}-value"
                    if indicator.indicator.is_yes_no:
                        page.locator(f'[name="{name}"][value="1"]').check()
                    else:
                        page.locator(f'[name="{name}"]').first.fill(format_number(value))
                page.locator(f'[name="c{criterion.criterion.number}-claimed"][value="met"]').check()
            save(page)
        write_sections(page, base)

    with signed_in(page, signer.username):
        page.goto(f"{base}/check/")
        sign(page, "05/BC-BCĐ")
        assert met_on_overview(page) == before

    with signed_in(page, reviewer.username):
        open_report(page)
        page.goto(f"{base}/review/")
        page.get_by_role("button", name="Take up for review").click()
        page.goto(f"{base}/review/")
        page.locator('[name="text"]').fill("Ghi cả số hộ nghèo và tổng số hộ.")
        page.get_by_role("button", name="Add the item").click()
        page.locator('[name="reason"]').fill("Cần làm rõ tiêu chí 11.")
        page.locator('button[value="return"]').click()
        assert ReportVersion.objects.get(report=report, number=1).state == State.RETURNED
        assert met_on_overview(page) == before

    with signed_in(page, signer.username):
        open_report(page)
        page.locator('[name$="-reply"]').fill("Đã ghi: 60 trên 1540 hộ.")
        page.locator('[name$="-done"]').check()
        page.get_by_role("button", name="Save the answers").last.click()
        page.goto(f"{base}/groups/III/")
        page.locator("details").filter(has=page.locator('[name="i11-value"]')).locator("summary").first.click()
        page.locator('[name="i11-value"]').first.fill("")
        page.locator('[name="i11-numerator"]').fill("60")
        page.locator('[name="i11-denominator"]').fill("1540")
        save(page)
        page.goto(f"{base}/check/")
        sign(page, "06/BC-BCĐ")
        assert met_on_overview(page) == before

    with signed_in(page, reviewer.username):
        page.goto(f"{base}/review/")
        page.get_by_role("button", name="Take up for review").click()
        page.goto(f"{base}/review/")
        page.locator('button[formaction*="resolve"]').first.click()
        page.locator('button[value="accept"]').click()
        assert ReportVersion.objects.get(report=report, number=2).state == State.ACCEPTED
        after = met_on_overview(page)

    assert "19" not in before
    assert after.startswith("19")


def save(page: "Page") -> None:
    """Save the whole page; nothing on it may be wrong."""
    page.get_by_role("button", name="Save", exact=True).last.click()
    assert page.locator(".errsum").count() == 0, page.locator(".errsum").inner_text()


def write_sections(page: "Page", base: str) -> None:
    """A task, the resources of one source, and in every other section that there is nothing to report."""
    for section in Section:
        page.goto(f"{base}/sections/{section.value}/")
        if section == Section.TASKS:
            page.locator('[name$="-text"]').first.fill("Làm 0,6 km kênh mương")
            page.locator('[name$="-body"]').first.fill("UBND xã")
        elif section == Section.RESOURCES:
            page.locator('[name="rprovince-mobilised"]').fill("1.250,5")
            page.locator('[name="rprovince-cumulative"]').fill("3.100,5")
        else:
            page.locator(f'[name="lnothing-{section.value}-nothing"]').check()
        save(page)


def sign(page: "Page", letter: str) -> None:
    """Sign the report that the check page shows."""
    page.locator('[name="signer_title"]').fill("Phó Trưởng ban")
    page.locator('[name="letter_number"]').fill(letter)
    page.locator('[name="read"]').check()
    page.get_by_role("button", name="Sign and submit").click()
    assert page.get_by_text("is signed and submitted").is_visible()
