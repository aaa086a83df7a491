"""My work: what is due, returned, waiting for me or held by somebody else, by the duties of the reader."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from communes.models import Duty, User
from communes.permissions import has_duty, is_committee, is_ministry
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day
from reports.lateness import Deadline, deadline, due_sentence, respond_sentence, waiting_sentence
from reports.models import QuarterlyReport, ReportVersion, State
from reports.models import Section as ReportSection
from reports.views.kept import kept_pages

SHOWN_AT_MOST = 300
LATELY_ACCEPTED = 5


@dataclass(frozen=True)
class Work:
    """One report with a version in work, as the list prints it."""

    report: QuarterlyReport
    version: ReportVersion
    deadline: Deadline
    is_late: bool
    when: str
    note: str
    url: str
    link: str

    @property
    def tag(self) -> str:
        """What the state tag says: a returned draft is called returned."""
        if self.version.state == State.DRAFT:
            if is_returned(self.version):
                return State.RETURNED.value
            return "overdue" if self.deadline.is_overdue else State.DRAFT.value
        return self.version.state


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
    """The first page after signing in. Two queries beside those of every page, whatever the number of reports."""
    mine = QuarterlyReport.objects.visible_to(request.user)
    reports = list(mine.in_work().order_by("due_day", "pk")[: SHOWN_AT_MOST + 1])
    sections = sort_into_sections(request.user, reports[:SHOWN_AT_MOST])
    context = {
        "sections": [section for section in sections if section.rows],
        "accepted": list(mine.accepted_lately()[:LATELY_ACCEPTED]),
        "has_area": has_duty(request.user, *[duty for duty in Duty if duty != Duty.VIEWER]),
        "is_viewer": has_duty(request.user, Duty.VIEWER),
        "kept": kept_pages(request.user),
        "cut_at": SHOWN_AT_MOST if len(reports) > SHOWN_AT_MOST else 0,
    }
    return render(request, "reports/work.html", context)


def sort_into_sections(user: User, reports: list[QuarterlyReport]) -> list[Section]:
    """Each report under every heading under which `user` has to do with it, the urgent headings first."""
    rows = [_describe(report, user) for report in reports]
    sections = []
    for section, belongs, order in _sections():
        section.rows = sorted((row for row in rows if belongs(user, row)), key=order)
        sections.append(section)
    return sections


def is_returned(version: ReportVersion) -> bool:
    """Whether this draft is the committee's answer to a returned version."""
    based_on = version.based_on
    return version.state == State.DRAFT and based_on is not None and based_on.state == State.RETURNED


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


def _describe(report: QuarterlyReport, user: User) -> Work:
    """The words of one row."""
    version = report.working
    assert version is not None
    when, is_late = _when(report, version)
    url, link = _where(report, version, user)
    return Work(report, version, deadline(report), is_late, when, _note(report, version), url, link)


def _when(report: QuarterlyReport, version: ReportVersion) -> tuple[str, bool]:
    """The day that counts for the row, in a sentence, and whether it is over."""
    today = clock.today()
    if version.state == State.IN_REVIEW:
        assert version.held_since is not None
        names = {"holder": version.holder, "since": day(version.held_since)}
        return _("Held by %(holder)s since %(since)s.") % names, False
    if version.state == State.SUBMITTED:
        assert version.submitted_at is not None
        return waiting_sentence(clock.local_date(version.submitted_at), today), False
    if is_returned(version):
        assert version.based_on is not None
        respond_by = version.based_on.respond_by
        assert respond_by is not None
        return respond_sentence(respond_by, today), respond_by < today
    if version.is_correction:
        return _("Opened on %(day)s.") % {"day": day(version.opened_at)}, False
    due = deadline(report)
    if due.sent_on:
        return _("Withdrawn; first sent on %(day)s.") % {"day": day(due.sent_on)}, False
    return due_sentence(due.due_on, today), due.is_overdue


def _note(report: QuarterlyReport, version: ReportVersion) -> str:
    """How far the report is, or what it waits for."""
    notes = []
    if version.is_correction:
        notes.append(_("Correction: “%(reason)s”") % {"reason": version.reason})
    if is_returned(version):
        n: int = report.unanswered  # type: ignore[attr-defined]  # from in_work
        notes.append(
            ngettext("%(n)s item to answer.", "%(n)s items to answer.", n) % {"n": n}
            if n
            else _("All items are answered.")
        )
    elif version.state == State.DRAFT:
        names = {
            "n": report.assessed,  # type: ignore[attr-defined]  # from in_work
            "total": report.criteria,  # type: ignore[attr-defined]
            "written": report.written,  # type: ignore[attr-defined]
            "sections": len(ReportSection),
        }
        notes.append(
            _("%(n)s of %(total)s criteria assessed, %(written)s of %(sections)s other sections written.") % names
        )
    else:
        n = report.open_items  # type: ignore[attr-defined]  # from in_work
        if n:
            notes.append(ngettext("%(n)s open item.", "%(n)s open items.", n) % {"n": n})
    return " ".join(notes)


LINKS = {
    "review": gettext_lazy("Review"),
    "answer": gettext_lazy("Answer"),
    "write": gettext_lazy("Write"),
    "continue": gettext_lazy("Go on writing"),
    "look": gettext_lazy("Look"),
}


def _where(report: QuarterlyReport, version: ReportVersion, user: User) -> tuple[str, str]:
    """Where the row leads, and the word of the link."""
    page = "reports:detail"
    link = "look"
    if version.state in (State.SUBMITTED, State.IN_REVIEW) and is_ministry(user, report.commune):
        page, link = "reports:review", "review"
    elif version.state == State.DRAFT and is_committee(user, report.commune):
        # A returned report opens on its items first; any other draft where the writer left off.
        if is_returned(version) and report.unanswered:  # type: ignore[attr-defined]  # from in_work
            link = "answer"
        else:
            page = "reports:resume"
            is_begun = report.assessed or report.written  # type: ignore[attr-defined]
            link = "continue" if is_begun else "write"
    return reverse(page, args=[report.pk]), str(LINKS[link])
