"""My work: what is due, returned, waiting for me or held by somebody else, by the duties of the reader."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from communes.models import Duty, User
from communes.permissions import has_duty, is_committee, is_ministry
from ntm_tracker.http import UserRequest
from reports.models import QuarterlyReport, State
from reports.views.kept import kept_pages
from reports.views.notices import unseen_notices
from reports.work import Work, describe, is_returned

SHOWN_AT_MOST = 300
LATELY_ACCEPTED = 5


@dataclass
class Section:
    """A list of reports of one kind, under its heading."""

    code: str
    title: str
    extends: bool = False
    rows: list[Work] = field(default_factory=list)

    @property
    def late(self) -> int:
        """How many rows are past their day."""
        return sum(row.is_late for row in self.rows)


def work(request: UserRequest) -> HttpResponse:
    """The first page after signing in. Three queries beside those of every page, whatever the number of reports."""
    mine = QuarterlyReport.objects.visible_to(request.user)
    reports = list(mine.in_work().order_by("due_day", "pk")[: SHOWN_AT_MOST + 1])
    sections = sort_into_sections(request.user, reports[:SHOWN_AT_MOST])
    context = {
        "sections": [section for section in sections if section.rows],
        "accepted": list(mine.accepted_lately()[:LATELY_ACCEPTED]),
        "has_area": has_duty(request.user, *[duty for duty in Duty if duty != Duty.VIEWER]),
        "is_viewer": has_duty(request.user, Duty.VIEWER),
        "queue": _queue(request.user),
        "kept": kept_pages(request.user),
        "unseen": unseen_notices(request.user),
        "cut_at": SHOWN_AT_MOST if len(reports) > SHOWN_AT_MOST else 0,
    }
    return render(request, "reports/work.html", context)


def _queue(user: User) -> str:
    """What the link to the queue says; empty for those who have none."""
    if has_duty(user, Duty.LEAD):
        return _("Queue and workload")
    return _("Queue in the order of work") if has_duty(user, Duty.REVIEWER) else ""


def sort_into_sections(user: User, reports: list[QuarterlyReport]) -> list[Section]:
    """Each report under every heading under which `user` has to do with it, the urgent headings first."""
    rows = [describe(report, user) for report in reports]
    sections = []
    for section, belongs, order in _sections():
        section.rows = sorted((row for row in rows if belongs(user, row)), key=order)
        sections.append(section)
    return sections


Order = Callable[[Work], tuple[object, ...]]


def _sections() -> list[tuple[Section, Callable[[User, Work], bool], Order]]:
    """The headings in the order of the page, which reports stand there, and how they are sorted."""
    return [
        (Section("answer", _("Returned to you: answer these")), _to_answer, _by_respond),
        (Section("overdue", _("Overdue: nothing sent yet"), extends=True), _overdue, _by_due),
        (Section("write", _("To write and send")), _to_write, _by_due),
        (Section("waiting", _("Waiting to be taken up, oldest first")), _to_take_up, _by_sent),
        (Section("held", _("In your hands")), _held_by_me, _by_sent),
        (Section("back", _("Returned to the committees")), _due_back, _by_respond),
        (Section("correct", _("Corrections in work")), _correcting, _by_due),
        (Section("sent", _("Sent to the ministry")), _sent, _by_sent),
        (Section("others", _("In the hands of reviewers")), _held_by_others, _by_sent),
        (Section("followed", _("Reports you follow")), _followed, _by_due),
    ]


def _to_answer(user: User, row: Work) -> bool:
    return is_committee(user, row.report.commune) and is_returned(row.version)


def _to_write(user: User, row: Work) -> bool:
    draft = row.version.state == State.DRAFT and not row.version.is_correction
    return is_committee(user, row.report.commune) and draft and not is_returned(row.version)


def _correcting(user: User, row: Work) -> bool:
    """A correction that is being written, seen by both sides."""
    concerned = is_committee(user, row.report.commune) or is_ministry(user, row.report.commune)
    draft = row.version.state == State.DRAFT and row.version.is_correction
    return concerned and draft and not is_returned(row.version)


def _sent(user: User, row: Work) -> bool:
    return is_committee(user, row.report.commune) and row.version.state in (State.SUBMITTED, State.IN_REVIEW)


def _to_take_up(user: User, row: Work) -> bool:
    return is_ministry(user, row.report.commune) and row.version.state == State.SUBMITTED


def _held_by_me(user: User, row: Work) -> bool:
    mine = row.version.holder_id == user.pk and row.version.state == State.IN_REVIEW
    return mine and is_ministry(user, row.report.commune)


def _held_by_others(user: User, row: Work) -> bool:
    other = row.version.holder_id != user.pk and row.version.state == State.IN_REVIEW
    return other and has_duty(user, Duty.LEAD, commune=row.report.commune)


def _due_back(user: User, row: Work) -> bool:
    return is_ministry(user, row.report.commune) and is_returned(row.version)


def _overdue(user: User, row: Work) -> bool:
    return has_duty(user, Duty.LEAD, commune=row.report.commune) and row.deadline.is_overdue


def _followed(user: User, row: Work) -> bool:
    """A central member who does nothing else there."""
    commune = row.report.commune
    busy = is_committee(user, commune) or is_ministry(user, commune)
    return has_duty(user, Duty.CENTRAL, commune=commune) and not busy


def _by_due(row: Work) -> tuple[object, ...]:
    return (row.deadline.due_on, row.report.pk)


def _by_sent(row: Work) -> tuple[object, ...]:
    return (row.version.submitted_at, row.report.pk)


def _by_respond(row: Work) -> tuple[object, ...]:
    based_on = row.version.based_on
    return ((based_on and based_on.respond_by) or row.deadline.due_on, row.report.pk)
