"""Who is told of what, in which words, and what is new to them?"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock
from ntm_tracker.templatetags.look import NBSP
from reports import entry, notices, workflow
from reports.models import Notice, QuarterlyReport, ReportEvent
from reports.news import PLAIN, read_news
from reports.views.notices import unseen_notices
from reports.workflow import StepData
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january")]

HERE, ELSEWHERE = "Thanh Chăn", "Hải Đường"


class People:
    """Somebody for each duty in the province, and those who must never be told."""

    def __init__(self) -> None:
        place, other = factories.commune(HERE), factories.commune(ELSEWHERE)
        self.signer, self.editor = factories.signer_of(place), factories.editor_of(place)
        self.reviewer, self.colleague = factories.reviewer_of(place), factories.reviewer_of(place)
        self.central, self.lead = factories.central_member_of(place), factories.make_lead()
        self.outsiders = [factories.signer_of(other), factories.reviewer_of(other), factories.make_viewer()]
        limited = factories.editor_of(place)
        AreaAssignment.objects.get(user=limited).communes.add(other)
        former = factories.make_user(Duty.SIGNER, place.province)
        AreaAssignment.objects.filter(user=former).update(until=clock.today() - timedelta(days=1))
        gone = factories.make_user(Duty.SIGNER, place.province, is_active=False)
        self.outsiders += [limited, former, gone]

    def name(self, user: User) -> str:
        return next((name for name, known in vars(self).items() if known == user), f"outsider {user}")


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def report(people: People) -> QuarterlyReport:
    """A report in review with `people.reviewer`, sent by `people.signer`; nobody has any notice."""
    report = factories.make_report(HERE)
    factories.fill_in(report, people.signer)
    factories.submit(report, people.signer)
    factories.take_up(report, people.reviewer)
    Notice.objects.all().delete()
    return report


def told(people: People, action: str) -> set[str]:
    """Who has a notice of the newest event of that kind, by name."""
    event = ReportEvent.objects.filter(action=action).order_by("-at", "-pk")[0]
    return {people.name(notice.user) for notice in event.notices.select_related("user")}


def because(text: str = "Vì thế.") -> StepData:
    return StepData(reason=text)


COMMITTEE = {"signer", "editor"}
REVIEWERS = {"reviewer", "colleague"}


def test_every_step_tells_those_it_concerns_and_never_who_took_it(people: People) -> None:
    report = factories.make_report(HERE)
    factories.fill_in(report, people.signer)
    factories.submit(report, people.signer)
    assert told(people, "submit") == set()  # the queue shows it
    factories.take_up(report, people.reviewer)
    assert told(people, "take_up") == {"signer"}
    handed = StepData(reason="Đi công tác.", to=people.colleague)
    workflow.take_step(factories.working(report), "reassign", by=people.lead, data=handed)
    assert told(people, "reassign") == {"colleague"}
    factories.give_back(report, people.colleague)
    assert told(people, "return") == COMMITTEE
    workflow.urge(report, text="Đề nghị gửi sớm.", by=people.lead)
    assert told(people, "urge") == COMMITTEE
    factories.answer(report, people.editor)
    factories.submit(report, people.signer)
    assert told(people, "submit") == {"colleague"}
    factories.take_up(report, people.colleague)
    for item in report.review_items.all():
        entry.resolve_item(factories.working(report), item, by=people.colleague)
    factories.accept(report, people.colleague)
    assert told(people, "accept") == COMMITTEE

    workflow.take_step(factories.official(report), "open_correction", by=people.signer, data=because())
    assert told(people, "open_correction") == REVIEWERS
    workflow.take_step(factories.working(report), "cancel_correction", by=people.signer, data=because())
    assert told(people, "cancel_correction") == REVIEWERS
    workflow.take_step(factories.official(report), "open_correction", by=people.reviewer, data=because())
    assert told(people, "open_correction") == COMMITTEE
    factories.submit(report, people.signer)
    assert told(people, "submit") == {"colleague"}  # who held what is in force
    workflow.take_step(factories.working(report), "cancel_correction", by=people.lead, data=because())
    assert told(people, "cancel_correction") == COMMITTEE
    workflow.take_step(factories.official(report), "undo_accept", by=people.lead, data=because())
    assert told(people, "undo_accept") == COMMITTEE | {"colleague"}

    late = factories.make_report(HERE, "2014-3")
    due = clock.today() + timedelta(days=9)
    workflow.extend_deadline(late, new_due=due, reason="Lũ.", by=people.lead)
    assert told(people, "extend") == COMMITTEE


@pytest.mark.parametrize("finder", ["lead", "reviewer"])
def test_who_found_a_loss_is_not_told_of_it(people: People, report: QuarterlyReport, finder: str) -> None:
    event = ReportEvent.objects.create(
        report=report, version=report.working, action="regression", by=getattr(people, finder), at=clock.now()
    )

    notices.tell(event)

    assert told(people, "regression") == (COMMITTEE | {"lead", "central"}) - {finder}


def test_a_holder_whose_duty_is_over_is_told_nothing(people: People, report: QuarterlyReport) -> None:
    factories.give_back(report, people.reviewer)
    AreaAssignment.objects.filter(user=people.reviewer).update(until=clock.today() - timedelta(days=1))
    factories.answer(report, people.editor)
    factories.submit(report, people.signer)

    assert told(people, "submit") == set()


def test_telling_takes_few_queries_whatever_the_number_of_people(people: People, report: QuarterlyReport) -> None:
    def queries() -> int:
        Notice.objects.all().delete()
        event = ReportEvent.objects.select_related("report__commune", "version").get(action="take_up")
        event.action = "regression"
        with CaptureQueriesContext(connection) as counted:
            notices.tell(event)
        return len(counted)

    few = queries()
    for _each in range(5):
        factories.editor_of(report.commune)

    assert queries() == few == 2
    assert Notice.objects.count() == 9


# What is read


def add_notices(report: QuarterlyReport, user: User, number: int) -> None:
    for _each in range(number):
        event = ReportEvent.objects.create(report=report, action="accept", at=clock.now(), version=report.working)
        Notice.objects.create(user=user, event=event)


def test_a_notice_says_what_happened_in_the_language_of_the_reader(
    client: Client, people: People, report: QuarterlyReport
) -> None:
    factories.give_back(report, people.reviewer)
    workflow.urge(report, text="Đề nghị gửi sớm.", by=people.lead)
    with translation.override("en"):
        workflow.extend_deadline(
            factories.make_report(HERE, "2014-3"),
            new_due=clock.today() + timedelta(days=9),
            reason="Lũ.",
            by=people.lead,
        )
    client.force_login(people.editor)
    client.cookies["django_language"] = "en"

    html = client.get(reverse("reports:notices")).content.decode().replace(NBSP, " ")

    assert "please answer its items and send it again by 17/01/2015" in html
    assert "The report may be sent later: until 19/01/2015." in html
    assert "The ministry urges your committee to send the report." in html
    assert "“Đề nghị gửi sớm.”" in html
    assert reverse("reports:urge_paper", args=[report.pk, ReportEvent.objects.get(action="urge").pk]) in html
    assert "3 notices are new." in html
    assert html.index("may be sent later") < html.index("please answer its items")
    said = {action for action in notices.TOLD if action not in PLAIN}
    assert said == {"submit", "return", "extend", "regression"}  # each has a sentence of its own


def test_seen_is_said_of_one_or_of_all_that_were_shown(client: Client, people: People, report: QuarterlyReport) -> None:
    add_notices(report, people.signer, 3)
    add_notices(report, people.editor, 1)
    first, second, third = Notice.objects.filter(user=people.signer).order_by("pk")
    foreign = Notice.objects.get(user=people.editor)
    client.force_login(people.signer)
    seen = reverse("reports:notices_seen")

    assert unseen_notices(people.signer) == 3
    assert client.get(reverse("reports:notices")).context["unseen"] == 3
    assert unseen_notices(people.signer) == 3  # reading changes nothing
    assert client.post(seen, {"pk": first.pk}).status_code == 302
    assert unseen_notices(people.signer) == 2
    for odd in ({"pk": foreign.pk}, {"pk": "x"}, {}, {"newest": "9" * 40}):
        client.post(seen, odd)
    assert unseen_notices(people.signer) == 2
    client.post(seen, {"newest": second.pk})
    assert unseen_notices(people.signer) == 1  # what came after the page was shown is still new
    client.post(seen, {"newest": third.pk})
    assert unseen_notices(people.signer) == 0
    assert unseen_notices(people.editor) == 1


def test_who_has_left_reads_no_more_of_it(client: Client, people: People, report: QuarterlyReport) -> None:
    add_notices(report, people.signer, 1)
    AreaAssignment.objects.filter(user=people.signer).update(until=clock.today() - timedelta(days=1))
    client.force_login(people.signer)

    assert HERE not in client.get(reverse("reports:notices")).content.decode()
    assert unseen_notices(User.objects.get(pk=people.signer.pk)) == 0


def test_the_page_takes_the_same_queries_for_one_and_for_many(
    client: Client, people: People, report: QuarterlyReport
) -> None:
    client.force_login(people.signer)
    url = reverse("reports:notices")

    def queries(ask: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as counted:
            ask()
        return len(counted)

    add_notices(report, people.signer, 1)
    few = queries(lambda: client.get(url))
    add_notices(report, people.signer, 40)

    assert queries(lambda: client.get(url)) == few <= 10
    assert len(client.get(url, {"page": 2}).context["news"]) == 11
    assert queries(lambda: unseen_notices(people.signer)) == 1
    assert len(read_news(Notice.objects.none())) == 0
