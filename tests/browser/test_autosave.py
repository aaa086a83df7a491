"""Rows are saved while somebody writes; nothing typed is lost, and nothing is changed under anybody's hands."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session

from communes.models import User
from reports.models import IndicatorValue, KeptPost, QuarterlyReport
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = re.compile(r"/reports/\d+/rows/$")


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report()


@pytest.fixture
def lan(report: QuarterlyReport) -> User:
    """An editor of the report's committee."""
    return factories.editor_of(report.commune)


@pytest.fixture
def open_browser(browser: "Browser", live_server: "LiveServer") -> "Iterator[Callable[..., BrowserContext]]":
    """A browser of its own, in English; closed at the end."""
    opened = []

    def open_one(**options: Any) -> "BrowserContext":
        context = browser.new_context(base_url=live_server.url, locale="vi", **options)
        context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def page(open_browser: "Callable[..., BrowserContext]", report: QuarterlyReport, lan: User) -> "Page":
    """The page of group III before Lan, who has just opened it."""
    return writing(open_browser().new_page(), report, lan)


def writing(page: "Page", report: QuarterlyReport, user: User) -> "Page":
    sign_in(page, user)
    page.goto(f"/reports/{report.pk}/groups/III/")
    return page


def sign_in(page: "Page", user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "login" not in url)


def field(page: "Page", name: str) -> Any:
    return page.locator(f'#rows [name="{name}"]').first


def state(page: "Page", row: str) -> Any:
    """The word on how the row is."""
    return page.locator(f'[data-row="{row}"] [data-state]')


def expect_state(page: "Page", row: str, text: str) -> None:
    from playwright.sync_api import expect

    expect(state(page, row)).to_contain_text(text, timeout=15_000)


def expect_value(page: "Page", name: str, value: str) -> None:
    from playwright.sync_api import expect

    expect(field(page, name)).to_have_value(value, timeout=15_000)


def leave(page: "Page") -> None:
    """Go out of the row, to where no row is."""
    page.locator("#main").focus()


def stored(report: QuarterlyReport, code: str) -> str:
    """The value of an indicator as it is saved."""
    row = IndicatorValue.objects.filter(version__report=report, indicator__code=code).first()
    return "" if row is None or row.value is None else f"{row.value.normalize():f}"


def kept_here(page: "Page") -> list[str]:
    """The keys of what this browser keeps."""
    keys: list[str] = page.evaluate("Object.keys(localStorage)")
    return keys


class Gate:
    """Holds back the requests that save a row until it is opened, and remembers what they said."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.waiting: list[Route] = []
        self.bodies: list[str] = []
        self.is_open = False
        page.route(ROWS, self.hold)

    def hold(self, route: "Route") -> None:
        self.bodies.append(route.request.post_data or "")
        self.waiting.append(route)
        if self.is_open:
            self.open()

    def open(self) -> None:
        self.is_open = True
        while self.waiting:
            self.waiting.pop(0).continue_()


# Saving


def test_a_row_is_saved_when_it_is_left_and_when_the_writer_pauses(page: "Page", report: QuarterlyReport) -> None:
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "Saved at")
    assert stored(report, "10") == "27"

    field(page, "i11-value").press_sequentially("5")
    expect_state(page, "i11", "Not saved yet")
    expect_state(page, "i11", "Saved at")

    assert stored(report, "11") == "5"
    assert page.evaluate("document.activeElement.name") == "i11-value"
    assert kept_here(page) == []


def test_what_is_typed_while_a_save_is_under_way_goes_after_it(page: "Page", report: QuarterlyReport) -> None:
    gate = Gate(page)
    field(page, "i10-value").fill("27")
    with page.expect_request(ROWS):
        leave(page)

    field(page, "i10-value").fill("28")
    leave(page)
    field(page, "i10-value").fill("29")
    leave(page)
    assert len(gate.bodies) == 1
    gate.open()
    expect_state(page, "i10", "Saved at")

    assert ["i10-value=27" in gate.bodies[0], "i10-value=29" in gate.bodies[1]] == [True, True]
    assert len(gate.bodies) == 2
    assert stored(report, "10") == "29"
    assert field(page, "i10-value").input_value() == "29"
    assert IndicatorValue.objects.get(version__report=report, indicator__code="10").row_version == 2


def test_a_radio_button_is_saved_like_text_and_the_page_tells_what_follows(
    page: "Page", report: QuarterlyReport
) -> None:
    page.locator('[name="c11-claimed"][value="met"]').check()
    leave(page)

    expect_state(page, "c11", "Saved at")

    assert factories.working(report).verdicts.get(criterion__number=11).claimed == "met"


def test_an_error_stands_at_its_field_and_goes_when_it_is_corrected(page: "Page", report: QuarterlyReport) -> None:
    value = field(page, "i10-value")
    value.fill("hai mươi")
    leave(page)
    expect_state(page, "i10", "please correct")

    assert value.get_attribute("aria-invalid") == "true"
    place = page.locator(f'[id="{value.get_attribute("aria-describedby")}"]')
    assert place.inner_text().strip()
    assert len(kept_here(page)) == 1

    value.fill("20")
    leave(page)
    expect_state(page, "i10", "Saved at")

    assert value.get_attribute("aria-invalid") is None
    assert place.inner_text().strip() == ""
    assert kept_here(page) == []
    assert stored(report, "10") == "20"


def test_a_question_about_a_number_is_answered_by_its_button(page: "Page", report: QuarterlyReport) -> None:
    field(page, "i10-value").fill("12.345")
    leave(page)
    expect_state(page, "i10", "please correct")

    page.locator('[data-row="i10"] button[name="i10-value"]').first.click()
    expect_state(page, "i10", "Saved at")

    assert stored(report, "10") == "12.345"
    assert page.locator('[data-row="i10"] button[name="i10-value"]').count() == 0
    assert page.url.endswith("/groups/III/")


def test_a_new_line_of_a_section_is_saved_like_every_row(page: "Page", report: QuarterlyReport) -> None:
    page.goto(f"/reports/{report.pk}/sections/results/")
    text = page.locator("#new textarea, #new input[type=text]").first
    text.fill("Làm 12 km đường trục xóm.\nXong hai cầu.")
    row = text.evaluate("field => field.closest('[data-row]').dataset.row")
    leave(page)
    expect_state(page, row, "Saved at")
    text.press("End")
    text.press_sequentially(" Dân góp công.")
    leave(page)
    page.locator(f'[data-row="{row}"] [data-state]').get_by_text("Saved at").wait_for()
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.wait_for_load_state()

    lines = list(
        factories.working(report).lines.filter(text__contains="12 km")
        | factories.working(report).lines.filter(body__contains="12 km")
    )
    assert len(lines) == 1
    assert lines[0].row_version == 2


# Submitting


def test_submitting_waits_for_the_save_that_is_under_way(page: "Page", report: QuarterlyReport) -> None:
    gate = Gate(page)
    field(page, "i10-value").fill("27")
    with page.expect_request(ROWS):
        leave(page)
    field(page, "i11-value").fill("5")
    with page.expect_request(ROWS):
        page.locator(".savebar button").last.click()
    assert page.url.endswith("/groups/III/")

    gate.open()
    page.wait_for_url(re.compile("/groups/IV/"))

    assert (stored(report, "10"), stored(report, "11")) == ("27", "5")
    assert page.locator(".alert-success").inner_text().strip() == "2 rows are saved."


def test_submitting_a_row_with_an_error_shows_it_with_what_was_typed(page: "Page", report: QuarterlyReport) -> None:
    field(page, "i10-value").fill("hai mươi")
    field(page, "i11-value").fill("5")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator(".errsum").wait_for()

    assert field(page, "i10-value").input_value() == "hai mươi"
    expect_state(page, "i10", "please correct")
    assert stored(report, "11") == "5"


def test_a_report_that_is_submitted_while_somebody_types_leaves_the_text_there(
    page: "Page", report: QuarterlyReport
) -> None:
    field(page, "i10-note").evaluate("field => field.closest('details').open = true")
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    factories.submit(report, signer)

    field(page, "i10-note").fill("Theo điều tra tháng 12")
    leave(page)
    expect_state(page, "i10", "Not saved")

    assert "Only a draft can" in state(page, "i10").inner_text()
    assert field(page, "i10-note").input_value() == "Theo điều tra tháng 12"
    assert len(kept_here(page)) == 1


# Signed out


def test_a_session_that_ends_is_told_and_the_text_is_saved_after_signing_in_in_another_tab(
    page: "Page", report: QuarterlyReport, lan: User
) -> None:
    Session.objects.all().delete()
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "signed out")
    assert field(page, "i10-value").input_value() == "27"

    with page.context.expect_page() as opened:
        state(page, "i10").get_by_role("link").click()
    sign_in(opened.value, lan)
    opened.value.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_state(page, "i10", "Saved at")

    assert stored(report, "10") == "27"
    field(page, "i11-value").fill("5")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator(".alert-success").wait_for()
    assert stored(report, "11") == "5"


def test_another_user_who_signs_in_in_another_tab_saves_nothing_of_it(page: "Page", report: QuarterlyReport) -> None:
    Session.objects.all().delete()
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "signed out")

    other = page.context.new_page()
    sign_in(other, factories.editor_of(report.commune))
    other.goto(f"/reports/{report.pk}/groups/III/")
    with page.expect_response(re.compile("/presence/")) as answer:
        page.evaluate("window.dispatchEvent(new Event('focus'))")

    assert answer.value.status == 401
    assert other.locator("[data-use]").count() == 0
    assert field(other, "i10-value").input_value() == ""
    assert stored(report, "10") == ""


def test_without_javascript_a_page_sent_after_the_session_ended_is_saved_at_the_sign_in(
    open_browser: "Callable[..., BrowserContext]", report: QuarterlyReport, lan: User
) -> None:
    page = writing(open_browser(java_script_enabled=False).new_page(), report, lan)
    field(page, "i10-value").fill("27")
    field(page, "i11-value").fill("năm")
    Session.objects.all().delete()

    page.get_by_role("button", name="Save", exact=True).last.click()
    assert "what you typed is kept" in page.locator(".alert").inner_text()
    elsewhere = open_browser(java_script_enabled=False).new_page()
    sign_in(elsewhere, factories.editor_of(report.commune))
    assert (stored(report, "10"), elsewhere.get_by_text("Kept for you").count()) == ("", 0)
    page.get_by_label("Username").fill(lan.username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    assert stored(report, "10") == "27"
    assert field(page, "i11-value").input_value() == "năm"
    assert not KeptPost.objects.exists()
    field(page, "i11-value").fill("5")
    page.get_by_role("button", name="Save", exact=True).last.click()
    assert stored(report, "11") == "5"


# Two people


def test_two_people_on_the_same_row_choose_which_one_stays(
    page: "Page", open_browser: "Callable[..., BrowserContext]", report: QuarterlyReport
) -> None:
    huy = writing(open_browser().new_page(), report, factories.editor_of(report.commune))
    field(page, "i10-value").fill("27")
    field(huy, "i10-value").fill("22")
    leave(page)
    expect_state(page, "i10", "Saved at")
    leave(huy)
    expect_state(huy, "i10", "Two people")
    assert stored(report, "10") == "27"

    huy.get_by_role("button", name="Keep mine").click()
    expect_state(huy, "i10", "Saved at")
    assert stored(report, "10") == "22"
    assert huy.locator(".conflict").count() == 0

    field(page, "i10-value").fill("26")
    leave(page)
    expect_state(page, "i10", "Two people")
    page.get_by_role("button", name="Take theirs").click()
    expect_value(page, "i10-value", "22")
    assert page.locator(".conflict").count() == 0
    assert stored(report, "10") == "22"

    field(page, "i10-value").fill("30")
    leave(page)
    expect_state(page, "i10", "Saved at")
    assert stored(report, "10") == "30"
    changes = IndicatorValue.objects.get(version__report=report, indicator__code="10").changes
    assert [f"{change.value:.0f}" for change in changes.order_by("row_version")] == ["27", "22", "26", "22", "30"]


@pytest.mark.parametrize("javascript", [True, False])
def test_two_people_on_different_rows_are_both_saved(
    page: "Page", open_browser: "Callable[..., BrowserContext]", report: QuarterlyReport, javascript: bool
) -> None:
    huy = open_browser(java_script_enabled=javascript).new_page()
    writing(huy, report, factories.editor_of(report.commune))
    field(page, "i10-value").fill("27")
    field(huy, "i11-value").fill("5")

    for each in (page, huy):
        each.get_by_role("button", name="Save", exact=True).last.click()
        each.locator(".alert-success").wait_for()

    assert (stored(report, "10"), stored(report, "11")) == ("27", "5")


def test_those_who_write_see_each_other(
    page: "Page", open_browser: "Callable[..., BrowserContext]", report: QuarterlyReport
) -> None:
    others = page.locator('[data-slot="others"]')
    assert others.inner_text() == ""
    huy = factories.editor_of(report.commune)

    with page.context.expect_event("response", predicate=lambda response: "/presence/" in response.url):
        page.reload()
    second = writing(open_browser().new_page(), report, huy)
    second.locator('[data-slot="others"]').get_by_text("Nguyễn").wait_for()
    with page.expect_response(re.compile("/presence/")):
        page.reload()

    others.get_by_text(str(huy)).wait_for()


# Without a line, and coming back


def test_what_is_typed_offline_is_kept_and_saved_when_the_line_is_back(page: "Page", report: QuarterlyReport) -> None:
    page.context.set_offline(True)
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "kept in this browser")
    page.get_by_role("button", name="Save", exact=True).last.click()
    assert len(kept_here(page)) == 1
    assert field(page, "i10-value").input_value() == "27"

    page.context.set_offline(False)
    expect_state(page, "i10", "Saved at")

    assert stored(report, "10") == "27"
    assert kept_here(page) == []


def offer_on_return(page: "Page") -> Any:
    """Type something that cannot be sent, leave, and come back."""
    page.route(ROWS, lambda route: route.abort())
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "kept in this browser")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute(ROWS)
    return page.locator('[data-row="i10"] [data-word="kept"]')


def test_what_was_not_sent_is_offered_on_return_and_never_put_in_by_itself(
    page: "Page", report: QuarterlyReport
) -> None:
    box = offer_on_return(page)
    assert "27" in box.inner_text()
    assert field(page, "i10-value").input_value() == ""
    assert stored(report, "10") == ""

    box.get_by_role("button", name="Use it again").click()
    expect_state(page, "i10", "Saved at")

    assert stored(report, "10") == "27"
    assert box.count() == 0
    assert kept_here(page) == []


def test_a_choice_that_was_not_sent_is_offered_in_its_words(page: "Page", report: QuarterlyReport) -> None:
    page.route(ROWS, lambda route: route.abort())
    page.locator('[name="c10-claimed"][value="basic"]').check()
    leave(page)
    expect_state(page, "c10", "kept in this browser")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()

    assert "Basically met (now: –)" in page.locator('[data-row="c10"] [data-word="kept"]').inner_text()


def test_what_was_not_sent_can_be_dropped(page: "Page", report: QuarterlyReport) -> None:
    box = offer_on_return(page)

    box.get_by_role("button", name="Drop it").click()

    assert box.count() == 0
    assert kept_here(page) == []
    assert field(page, "i10-value").input_value() == ""


def test_what_is_unsent_goes_at_the_sign_out_and_is_never_shown_to_others(
    page: "Page", report: QuarterlyReport, lan: User
) -> None:
    offer_on_return(page)
    page.evaluate(
        """key => localStorage.setItem(key, JSON.stringify({at: Date.now(), said: [["i10-value", "99"]]}))""",
        f"ntm:{lan.pk + 1000}:{report.pk}:i10:0",
    )
    page.reload()
    assert page.locator("[data-use]").count() == 1
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/accounts/login/"))

    assert kept_here(page) == [f"ntm:{lan.pk + 1000}:{report.pk}:i10:0"]


def test_leaving_is_questioned_only_while_something_is_unsaved(page: "Page", report: QuarterlyReport) -> None:
    asked: list[str] = []

    def agree(dialog: "Dialog") -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", agree)
    field(page, "i10-value").fill("27")
    page.locator(".tasks a").last.click()
    page.wait_for_url(re.compile("/check/"))
    assert stored(report, "10") == "27"
    assert asked == []

    page.goto(f"/reports/{report.pk}/groups/III/")
    page.route(ROWS, lambda route: route.abort())
    field(page, "i10-value").fill("28")
    leave(page)
    expect_state(page, "i10", "kept in this browser")
    page.goto("/")

    assert asked == ["beforeunload"]


def test_nothing_is_complained_about_in_the_console(page: "Page", report: QuarterlyReport) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.reload()
    field(page, "i10-value").fill("27")
    leave(page)
    expect_state(page, "i10", "Saved at")

    assert complaints == []
