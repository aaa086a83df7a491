"""The report on paper, as a browser prints it."""

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests import factories
from tests.browser.test_accessibility import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_report_is_printed_upright_and_its_annexes_across(browser: "Browser", live_server: "LiveServer") -> None:
    report = factories.make_report()
    page = browser.new_context(base_url=live_server.url).new_page()
    sign_in(page, factories.editor_of(report.commune))
    page.goto(reverse("reports:paper", args=[report.pk]) + "?form=blank")

    printed = page.pdf(prefer_css_page_size=True)

    sizes = [
        (round(float(w)), round(float(h))) for w, h in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    ]
    assert set(sizes) == {(595, 842), (842, 595)}
    assert sizes.count((842, 595)) > 2
    page.context.close()
