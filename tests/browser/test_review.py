"""Does the review page work by keys alone, and is a paper looked at on it, with JavaScript and without?"""

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.urls import reverse
from PIL import Image

from reports.models import CriterionVerdict, QuarterlyReport
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def two_pages() -> bytes:
    """A PDF of a red and a blue page."""
    file = BytesIO()
    red, blue = (Image.new("RGB", (400, 300), colour) for colour in ("red", "blue"))
    red.save(file, "PDF", save_all=True, append_images=[blue])
    return file.getvalue()


@pytest.fixture
def report() -> QuarterlyReport:
    """In review, with two disagreements: 10, proved by a PDF of two pages, and 17 by one that cannot be drawn."""
    report = factories.make_report("Gia Phố", "2014-4")
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer, claims={10: "not_met", 17: "basic"})
    factories.add_paper(report, signer, "10", content=two_pages(), name="Điều tra thu nhập.pdf")
    factories.add_paper(report, signer, "17.1", name="Hỏng.pdf")
    factories.submit(report, signer)
    factories.take_up(report, factories.reviewer_of(report.commune))
    return factories.reload(report)


def open_review(page: "Page", live_server: "LiveServer", report: QuarterlyReport) -> None:
    """Sign in as the holder, in English, and open the review."""
    assert report.working is not None
    assert report.working.holder is not None
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Username").fill(report.working.holder.username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(live_server.url + reverse("reports:review", args=[report.pk]))


def focused(page: "Page") -> str:
    """The name of the field that has the focus."""
    return str(page.evaluate("document.activeElement.name || document.activeElement.tagName"))


def test_the_keys_go_from_point_to_point_and_save(
    page: "Page", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    open_review(page, live_server, report)
    assert page.get_by_text("Keys: Alt+J").is_visible()

    way = []
    for key in ("Alt+j", "Alt+j", "Alt+j", "Alt+k"):
        page.keyboard.press(key)
        way.append(focused(page))
    assert way == ["c10-verified", "c17-verified", "c17-verified", "c10-verified"]

    page.keyboard.press("n")  # a letter alone chooses in the field and does nothing else
    page.keyboard.press("Tab")
    assert focused(page) == "c10-verified_reason"
    page.keyboard.type("Số liệu sai, jks")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")

    assert page.get_by_text("The verdicts are saved.").is_visible()
    stored = CriterionVerdict.objects.get(version=factories.working(report), criterion__number=10)
    assert (stored.verified, stored.verified_reason) == ("not_met", "Số liệu sai, jks")


def test_an_item_is_begun_beside_its_problem_without_leaving_the_page(
    page: "Page", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    open_review(page, live_server, report)
    page.locator('[name="c10-verified_reason"]').fill("Chưa lưu")

    page.locator("#c17").get_by_role("button", name="Raise an item").click()

    assert focused(page) == "text"
    assert page.locator('[name="about"]').input_value() == "c17"
    assert page.locator('[name="c10-verified_reason"]').input_value() == "Chưa lưu"


def test_sustainability_is_asked_only_of_what_is_met(
    page: "Page", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    open_review(page, live_server, report)
    case = page.locator("#c10")
    case.locator("select").select_option("basic")
    assert case.get_by_text("Not yet sustainable").is_visible()
    assert not case.get_by_label("Why not sustainable").is_visible()

    case.get_by_label("Not yet sustainable").check()
    assert case.get_by_label("Why not sustainable").is_visible()

    case.locator("select").select_option("not_met")
    assert not case.get_by_text("Not yet sustainable").is_visible()


def test_a_paper_is_looked_at_beside_its_value(
    page: "Page", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/preview/" in request.url else None)
    open_review(page, live_server, report)
    assert asked == []

    page.locator("#c10").get_by_text("Look at it").click()

    from playwright.sync_api import expect

    pictures = page.locator("#c10 .pages img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 1000)
    assert pictures.nth(1).get_attribute("alt") == "Điều tra thu nhập.pdf, 2/2"

    page.locator("#c17").get_by_text("Look at it").click()
    page.locator("#c17").get_by_text("This file cannot be shown here.").wait_for()
    assert page.locator("#c17 .pages").is_hidden()


def test_without_javascript_a_paper_is_looked_at_too(
    browser: "Browser", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_review(page, live_server, report)
    assert page.get_by_text("Keys: Alt+J").is_hidden()
    page.locator("#c10 summary").first.click()
    expect(page.locator("#c10 .pages img")).to_have_js_property("naturalWidth", 1000)

    with context.expect_page() as opened:
        page.locator("#c10").get_by_text("All pages, in a new tab").click()
    expect(opened.value.locator("img")).to_have_count(2)
    context.close()
