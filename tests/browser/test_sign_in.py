"""Does the frame of the pages hold in a real browser: style, policy, language, signing in and out?"""

from typing import TYPE_CHECKING

import pytest

from communes.models import User

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_somebody_signs_in_reads_english_and_signs_out(page: "Page", live_server: "LiveServer") -> None:
    User.objects.create_user("somebody", password="correct horse battery", full_name="Nguyễn Văn A")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(live_server.url)
    assert page.locator("html").get_attribute("lang") == "vi"
    assert page.evaluate("[...document.styleSheets].map(sheet => sheet.cssRules.length > 0)") == [True, True]
    page.get_by_role("button", name="English").click()
    page.get_by_label("Username").fill("somebody")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    assert page.get_by_text("Nguyễn Văn A").first.is_visible()

    page.get_by_role("button", name="Sign out").click()
    assert page.url.endswith("/accounts/login/")
    assert complaints == []
