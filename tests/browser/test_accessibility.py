"""Can everybody use the pages? What axe finds by itself, and that no page scrolls sideways on a phone."""

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from communes.models import User
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: "Page", user: User) -> None:
    page.goto("/accounts/login/")
    page.locator('[name="username"]').fill(user.username)
    page.locator('[name="password"]').fill(factories.PASSWORD)
    page.locator('main button[type="submit"]').click()
    page.wait_for_url(lambda url: "login" not in url)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_shuts_anybody_out(browser: "Browser", live_server: "LiveServer", width: int, language: str) -> None:
    factories.make_accepted("Thanh Chăn", "2014-2", verdicts={10: "not_met", 16: "no_data"})
    in_review = factories.make_in_review("Thanh Chăn", "2014-3", claims={10: "not_met"})
    draft = factories.make_report("Thanh Chăn", "2014-4")
    assert in_review.working is not None
    reviewer, signer = in_review.working.holder, factories.signer_of(draft.commune)
    assert reviewer is not None
    paper = factories.add_paper(draft, signer, "11", "12")
    pages = {
        reviewer: [
            reverse("reports:review", args=[in_review.pk]),
            reverse("reports:overview") + "?quarter=2014-2",
            reverse("communes:list"),
            draft.commune.get_absolute_url(),
            reverse("criteria:list"),
        ],
        signer: [
            reverse("reports:work"),
            reverse("reports:detail", args=[draft.pk]),
            reverse("reports:group", args=[draft.pk, "II"]),
            reverse("reports:paper", args=[draft.pk]) + "?form=blank",
            reverse("reports:evidence", args=[draft.pk]),
            reverse("reports:evidence_pages", args=[draft.pk, paper.evidence_id]),
            reverse("reports:evidence_add", args=[draft.pk]) + "?indicator=11",
            reverse("reports:evidence_replace", args=[draft.pk, paper.evidence_id]),
            reverse("reports:check", args=[draft.pk]),
            reverse("reports:history", args=[draft.pk]),
            reverse("reports:version", args=[draft.pk, 1]),
        ],
    }
    found = []
    for user, addresses in pages.items():
        context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
        context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        page = context.new_page()
        sign_in(page, user)
        for address in addresses:
            response = page.goto(address)
            assert response is not None
            assert response.status == 200, address
            for violation in Axe().run(page).response["violations"]:
                targets = [node["target"] for node in violation["nodes"][:3]]
                found.append(f"{address}: {violation['id']} {targets}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address}: scrolls sideways at {width}")
        context.close()

    assert not found, "\n".join(found)
