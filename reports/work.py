"""What is there to do about a report? One row, in the same words on “My work” and in the ministry's queue."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from communes.models import User
from communes.permissions import is_committee, is_ministry
from ntm_tracker import clock
from ntm_tracker.templatetags.look import day

from .lateness import Deadline, deadline, due_sentence, respond_sentence, waiting_sentence
from .models import QuarterlyReport, ReportVersion, Section, State


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


def describe(report: QuarterlyReport, user: User) -> Work:
    """The words of one row. The report comes from `QuerySet.in_work`. No query."""
    version = report.working
    assert version is not None
    when, is_late = _when(report, version)
    url, link = _where(report, version, user)
    return Work(report, version, deadline(report), is_late, when, _note(report, version), url, link)


def is_returned(version: ReportVersion) -> bool:
    """Whether this draft is the committee's answer to a returned version."""
    based_on = version.based_on
    return version.state == State.DRAFT and based_on is not None and based_on.state == State.RETURNED


def _when(report: QuarterlyReport, version: ReportVersion) -> tuple[str, bool]:
    """The day that counts for the row, in a sentence, and whether it is over."""
    today = clock.today()
    if version.state == State.IN_REVIEW:
        assert version.held_since is not None
        names = {"holder": version.holder, "since": day(version.held_since)}
        return _("In review by %(holder)s since %(since)s.") % names, False
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
            "sections": len(Section),
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
