"""Does a file go up with its progress shown, and does nothing stay of one that is stopped, refused or cut off?"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.files.storage import storages

from ntm_tracker import clock
from reports.models import Evidence, QuarterlyReport
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LARGE = b"%PDF-1.4\n" + b"%" * 4_000_000 + b"\n%%EOF\n"
SLOW = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 600_000}


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report("Hải Đường", "2014-4")


@pytest.fixture
def form(page: "Page", live_server: "LiveServer", report: QuarterlyReport) -> "Page":
    """The page to add a file, as an editor sees it in English, with all but the file filled in."""
    editor = factories.editor_of(report.commune)
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Username").fill(editor.username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{live_server.url}/reports/{report.pk}/evidence/add/?indicator=11")
    page.get_by_label("What it is").fill("Kết quả rà soát")
    page.get_by_label("Kind", exact=True).select_option("survey")
    return page


def choose(page: "Page", content: bytes, name: str = "a.pdf") -> None:
    page.locator("[type=file]").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": content})


def stored() -> list[Path]:
    return [path for path in Path(storages["evidence"].location).rglob("*") if path.is_file()]  # type: ignore[attr-defined]


def slow_down(page: "Page") -> None:
    """As slow a line as many offices have, so that there is a progress to see."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)


def test_a_file_goes_up_with_its_progress_in_words(form: "Page") -> None:
    choose(form, LARGE)
    slow_down(form)

    form.get_by_role("button", name="Send the file").click()
    form.get_by_text(re.compile(r"[0-3]\.[1-9] of 3\.8 MB sent")).wait_for()
    assert form.locator("progress").is_visible()
    form.get_by_text("“Kết quả rà soát” is stored.").wait_for()

    assert form.url.endswith("/evidence/")
    assert Evidence.objects.get().size == len(LARGE)


def test_an_upload_that_is_stopped_leaves_nothing_and_can_be_sent_again(form: "Page") -> None:
    before = stored()
    choose(form, LARGE)
    slow_down(form)
    send = form.get_by_role("button", name="Send the file")

    send.click()
    form.get_by_text(re.compile(r"[0-3]\.[1-9] of 3\.8 MB sent")).wait_for()
    form.get_by_role("button", name="Stop").click()
    form.get_by_text("Stopped. Nothing was stored; what you typed is still here.").wait_for()

    assert not Evidence.objects.exists()
    assert stored() == before
    assert form.get_by_label("What it is").input_value() == "Kết quả rà soát"
    choose(form, factories.PDF)
    send.click()
    form.get_by_text("“Kết quả rà soát” is stored.").wait_for()


def test_a_broken_line_is_said(form: "Page") -> None:
    choose(form, factories.PDF)
    form.route("**/evidence/add/**", lambda route: route.abort("internetdisconnected"))

    form.get_by_role("button", name="Send the file").click()

    form.get_by_text("The connection broke. Nothing was stored").wait_for()
    assert not Evidence.objects.exists()


def test_a_file_that_is_too_large_is_not_even_sent(form: "Page") -> None:
    sent: list[Request] = []
    form.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    form.evaluate("document.querySelector('form[data-upload]').dataset.upload = '10'")
    choose(form, factories.PDF)

    form.get_by_role("button", name="Send the file").click()

    form.get_by_text("The file is larger than 10 MB, the most that can be sent.").wait_for()
    assert sent == []


def test_a_refusal_comes_into_the_page_and_the_file_stays_chosen(form: "Page") -> None:
    choose(form, factories.PDF)
    form.get_by_label("Kind", exact=True).select_option("")

    form.get_by_role("button", name="Send the file").click()
    form.get_by_text("Choose the kind of document.").first.wait_for()
    form.get_by_label("Kind", exact=True).select_option("survey")
    form.get_by_role("button", name="Send the file").click()

    form.get_by_text("“Kết quả rà soát” is stored.").wait_for()
    assert Evidence.objects.get().file_name == "a.pdf"


def test_somebody_signed_out_in_the_meantime_is_told(form: "Page") -> None:
    choose(form, factories.PDF)
    form.context.clear_cookies(name="sessionid")

    form.get_by_role("button", name="Send the file").click()

    form.get_by_text("You are signed out. Sign in again in another tab").wait_for()
    assert not Evidence.objects.exists()


def test_without_a_script_the_form_is_sent_as_it_is(
    form: "Page", live_server: "LiveServer", report: QuarterlyReport
) -> None:
    assert form.context.browser is not None
    plain = form.context.browser.new_context(
        java_script_enabled=False, storage_state=form.context.storage_state(), base_url=live_server.url
    )
    page = plain.new_page()
    page.goto(f"/reports/{report.pk}/evidence/add/?indicator=11")
    page.get_by_label("What it is").fill("Kết quả rà soát")
    page.get_by_label("Kind", exact=True).select_option("survey")
    choose(page, factories.PDF)

    page.get_by_role("button", name="Send the file").click()

    assert page.get_by_text("“Kết quả rà soát” is stored.").is_visible()
    assert Evidence.objects.get().uploaded_at <= clock.now()
    plain.close()
