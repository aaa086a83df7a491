"""Do the pages and the addresses of the steps say what the table says? In every situation and on every kind of day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from ntm_tracker import clock
from ntm_tracker.templatetags.look import day as in_words
from reports.models import ReportVersion
from reports.workflow import STEPS, Action
from tests import factories
from tests.factories import moment

from .situations import ALLOWED, BECOMES, COMMITTEE, DRAFTS, HELD, REVIEWERS, SENT, SITUATIONS, Place, make_place
from .snapshot import everything

pytestmark = pytest.mark.django_db

DAYS = BEFORE_DUE, AFTER_DUE, FROZEN = date(2015, 1, 5), date(2015, 1, 6), date(2015, 4, 1)
"""The last day in time, the first one late, and the first one on which only a lead opens corrections."""

INSIDE = ["editor", "signer", "second signer", "reviewer", "second reviewer", "lead", "central member"]
OUTSIDE = ["signer elsewhere", "reviewer elsewhere", "lead elsewhere", "viewer", "administrator", "nobody"]

PAGE = {"submit": "reports:check", "return": "reports:review", "accept": "reports:review"}
"""The steps that have a page of their own; whoever knows the report is led there."""

MORE_TIME = "Give more time"

AT_HAND = [
    "draft",
    "submitted",
    "in review",
    "draft after a return",
    "accepted",
    "correction",
    "correction opened by the reviewer",
    "correction opened by the lead",
    "correction submitted",
    "correction in review",
    "draft of a returned correction",
    "in review after an undo",
]
"""The situations of the version that the report page is about."""


def allowed_on(situation: str, day: date) -> dict[str, set[str]]:
    """The row of the table for that day."""
    frozen = f"{situation} after the freeze"
    return ALLOWED[frozen if day >= FROZEN and frozen in ALLOWED else situation]


@dataclass
class Visitor:
    """Somebody who is signed in, and the report they ask for."""

    client: Client
    pk: int

    def url(self, name: str, *more: str) -> str:
        return reverse(name, args=[self.pk, *more])

    def url_of(self, action: str) -> str:
        """Where the step is taken."""
        return self.url(PAGE[action]) if action in PAGE else self.url("reports:step", action)

    def get(self, name: str, *more: str) -> int:
        return self.client.get(self.url(name, *more)).status_code

    def post(self, action: str, data: dict[str, str]) -> int:
        return self.client.post(self.url_of(action), {**data, "do": action}).status_code

    def offered(self) -> set[tuple[str, str]]:
        """The steps among the buttons of the report page: where each leads, and what it is called."""
        html = self.client.get(self.url("reports:detail")).content.decode()
        panel = html[html.index('aria-labelledby="steps"') :].split("</section>")[0]
        links = re.findall(r'<a class="btn [^"]*"\s+href="([^"]+)">([^<]+)</a>', panel)
        labels = {str(step.label) for step in STEPS.values()} | {MORE_TIME}
        return {(url, unescape(label)) for url, label in links if unescape(label) in labels}

    def expected(self, may: set[str], *, extends: bool) -> set[tuple[str, str]]:
        """The buttons for these steps."""
        buttons = {(self.url_of(action), str(STEPS[Action(action)].label)) for action in may}
        return buttons | ({(self.url("reports:extend"), MORE_TIME)} if extends else set())


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")), translation.override("en"):
        yield


def visit(place: Place, role: str) -> Visitor:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(place.people[role])
    return Visitor(client, place.report.pk)


def form_of(place: Place, version: ReportVersion) -> dict[str, str]:
    """Everything that any of the steps asks for."""
    return {
        "reason": "Vì một lý do.",
        "to": str(place.people["second reviewer"].pk),
        "respond_by": in_words(clock.today() + timedelta(days=7)),
        "signer_name": "Vũ Đình Thắng",
        "signer_title": "Phó Trưởng ban",
        "letter_number": "05/BC-BCĐ",
        "letter_date": in_words(clock.today()),
        "read": "on",
        "revision": str(version.revision),
    }


def test_every_situation_of_a_version_at_hand_is_walked() -> None:
    others = {"returned", "superseded", "discarded", "accepted while a correction is in work"}
    other_days = {name for name in SITUATIONS if name.endswith((" after the freeze", " on the freeze day"))}

    assert set(AT_HAND) | others | other_days == set(SITUATIONS)
    assert set(INSIDE) | set(OUTSIDE) <= set(make_place("draft").people)


@pytest.mark.parametrize("situation", AT_HAND)
def test_the_pages_say_and_do_what_the_table_says(situation: str) -> None:
    place = make_place(situation)
    never_sent = factories.reload(place.report).first_submitted_at is None
    visitors = {role: visit(place, role) for role in INSIDE}
    version, before = place.fresh(), everything()

    for day in DAYS:
        table = allowed_on(situation, day)
        with clock.at(moment(day.isoformat(), "23:59")):
            form = form_of(place, version)
            for role, visitor in visitors.items():
                may = {action for action in BECOMES if role in table.get(action, ())}
                extends = role == "lead" and never_sent
                assert visitor.offered() == visitor.expected(may, extends=extends), (role, day)
                if day == BEFORE_DUE:
                    assert_opens(visitor, role, situation, extends=extends)
                for action in sorted(BECOMES.keys() - may):
                    # Asked on the first day and sent on the second, both on the third: the answers are many.
                    if day != AFTER_DUE and action not in PAGE:
                        assert visitor.get("reports:step", action) == 403, (role, action, day)
                    if day != BEFORE_DUE:
                        assert visitor.post(action, form) == 403, (role, action, day)
            assert everything() == before
            for action, role in sorted((action, role) for action, roles in table.items() for role in roles):
                assert_taken(visitors[role], action, version, form)


def assert_taken(visitor: Visitor, action: str, version: ReportVersion, form: dict[str, str]) -> None:
    """A step that is allowed is asked about, and taken when it is sent. It is undone again."""
    if action not in PAGE:
        assert visitor.get("reports:step", action) == 200, action
    with transaction.atomic():
        assert visitor.post(action, form) == 302, action
        assert ReportVersion.objects.get(pk=version.pk).state == BECOMES[action], action
        transaction.set_rollback(True)


def assert_opens(visitor: Visitor, role: str, situation: str, *, extends: bool) -> None:
    """The pages that steps have of their own open for those who may look, and the others lead there."""
    may_write = role in COMMITTEE and situation in DRAFTS
    may_read = role in REVIEWERS | {"lead"} and situation in SENT | HELD
    assert visitor.get("reports:check") == (200 if may_write else 403)
    assert visitor.get("reports:review") == (200 if may_read else 403)
    assert visitor.get("reports:extend") == (200 if extends else 403)
    for action, page in PAGE.items():
        response = visitor.client.get(visitor.url("reports:step", action))
        assert (response.status_code, response.headers["Location"]) == (302, visitor.url(page))


def test_to_everybody_else_the_report_does_not_exist() -> None:
    place = make_place("submitted")
    form = form_of(place, place.fresh())

    for role in OUTSIDE:
        visitor = visit(place, role)
        assert visitor.get("reports:detail") == 404
        assert {visitor.get("reports:step", action) for action in BECOMES} == {404}
        assert {visitor.post(action, form) for action in BECOMES} == {404}
