"""How late is it? From stored dates only: being late is never a state, and a late report is still received.

There are three clocks. The first submission runs against the due day, extensions included, and never again. An
answer to a returned version runs against the day to respond by. What the ministry does with a version that was sent
runs against its own target days. Every day named here is inclusive, to its end in Việt Nam.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ntm_tracker import clock
from ntm_tracker.templatetags.look import day

from .models import DeadlineExtension, QuarterlyReport, ReportVersion, ReviewLimits, State
from .models.report import days_late

ON_TIME, LATE, MISSING, AHEAD = "on_time", "late", "missing", "ahead"


def punctuality(due_on: date, sent_on: date | None, today: date) -> str:
    """What became of a day: kept, sent late, missing although the day is over, or still ahead."""
    if sent_on is None:
        return MISSING if today > due_on else AHEAD
    return LATE if sent_on > due_on else ON_TIME


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    @property
    def percent(self) -> Fraction | None:
        """The share in percent, exact; None of nothing."""
        return Fraction(self.part * 100, self.whole) if self.whole else None


def on_time(days: Iterable[tuple[date, date | None, int]], today: date) -> Share:
    """The share that kept its day, of all whose day is over.

    Each entry is the day it was due, the day it came (or None) and how many there are of it. What came early counts
    only once its day is over, so that the share of a quarter does not begin at 100 %.
    """
    over = [(punctuality(due_on, came_on, today), n) for due_on, came_on, n in days if today > due_on]
    return Share(sum(n for kind, n in over if kind == ON_TIME), sum(n for _kind, n in over))


def within(days: int, spans: Iterable[tuple[date, date | None, int]], today: date) -> Share:
    """The share that took at most so many days, of all that are done or have taken longer.

    Each entry is the day it began, the day it was done (or None) and how many there are of it. What is still open
    within its days is neither for nor against.
    """
    kept = counted = 0
    for began_on, done_on, n in spans:
        kind = punctuality(began_on + timedelta(days), done_on, today)
        kept += n if kind == ON_TIME else 0
        counted += n if kind != AHEAD else 0
    return Share(kept, counted)


@dataclass(frozen=True)
class Deadline:
    """When a report is due, extensions included, and how its first submission stands to that day."""

    due_on: date
    is_extended: bool
    sent_on: date | None
    today: date

    @property
    def days_late(self) -> int:
        """Whole days after the due day; 0 in time."""
        return days_late(self.due_on, self.sent_on, self.today)

    @property
    def is_overdue(self) -> bool:
        """Whether the day is over and nothing was ever sent."""
        return self.sent_on is None and self.days_late > 0

    @property
    def sentence(self) -> str:
        """What to say about it, in one sentence."""
        if self.sent_on is None:
            return due_sentence(self.due_on, self.today)
        names = {"sent": day(self.sent_on), "due": day(self.due_on), "n": self.days_late}
        if not self.days_late:
            return _("Sent in time, on %(sent)s (due on %(due)s).") % names
        return (
            ngettext(
                "Sent on %(sent)s, %(n)s day late (due on %(due)s).",
                "Sent on %(sent)s, %(n)s days late (due on %(due)s).",
                self.days_late,
            )
            % names
        )


def deadline(report: QuarterlyReport) -> Deadline:
    """The deadline of a report that comes from `QuerySet.with_due`. No query."""
    sent = report.first_submitted_at
    due_on: date = report.due_day  # type: ignore[attr-defined]  # from with_due
    return Deadline(due_on, due_on != report.period.due_on, clock.local_date(sent) if sent else None, clock.today())


def extensions(report: QuarterlyReport) -> list[DeadlineExtension]:
    """How the due day was moved, oldest first, with who did it. One query; none when it never was."""
    if not deadline(report).is_extended:
        return []
    return list(report.extensions.select_related("by"))


def due_sentence(due_on: date, today: date) -> str:
    """How many days are left to send a report, or how many it is overdue."""
    left = clock.days_between(today, due_on)
    names = {"due": day(due_on), "n": abs(left)}
    if left == 0:
        return _("Due today, %(due)s.") % names
    if left > 0:
        text = ngettext("Due on %(due)s, in %(n)s day.", "Due on %(due)s, in %(n)s days.", left)
    else:
        text = ngettext("Overdue by %(n)s day, since %(due)s.", "Overdue by %(n)s days, since %(due)s.", -left)
    return text % names


def respond_sentence(respond_by: date, today: date) -> str:
    """How many days are left to answer a returned report, or how many the answer is late."""
    left = clock.days_between(today, respond_by)
    names = {"due": day(respond_by), "n": abs(left)}
    if left == 0:
        return _("Answer expected today, %(due)s.") % names
    if left > 0:
        text = ngettext("Answer expected by %(due)s, in %(n)s day.", "Answer expected by %(due)s, in %(n)s days.", left)
    else:
        text = ngettext(
            "The answer is %(n)s day late: it was expected by %(due)s.",
            "The answer is %(n)s days late: it was expected by %(due)s.",
            -left,
        )
    return text % names


def waiting_sentence(since: date, today: date) -> str:
    """Since when a report has been waiting."""
    days = clock.days_between(since, today)
    names = {"since": day(since), "n": days}
    return (
        ngettext("Sent on %(since)s, waiting for %(n)s day.", "Sent on %(since)s, waiting for %(n)s days.", days)
        % names
    )


# The ministry's own days, a setting of this site


@dataclass(frozen=True)
class MinistryDay:
    """What the ministry means to do with a version next, and by which day, inclusive."""

    is_to_decide: bool
    due_on: date
    today: date

    @property
    def days_over(self) -> int:
        """Whole days after the day; 0 until its end."""
        return max(0, clock.days_between(self.due_on, self.today))

    @property
    def sentence(self) -> str:
        """By which day, and how many days are left or over."""
        left = clock.days_between(self.today, self.due_on)
        names = {"due": day(self.due_on), "n": abs(left)}
        if self.is_to_decide:
            texts = _("To be decided today, %(due)s."), _("To be decided by %(due)s: %(days)s.")
        else:
            texts = _("To be taken up today, %(due)s."), _("To be taken up by %(due)s: %(days)s.")
        if left == 0:
            return texts[0] % names
        if left > 0:
            days = ngettext("%(n)s day left", "%(n)s days left", left) % names
        else:
            days = ngettext("%(n)s day over", "%(n)s days over", -left) % names
        return texts[1] % (names | {"days": days})


def ministry_day(version: ReportVersion, limits: ReviewLimits, today: date) -> MinistryDay | None:
    """The ministry's own day for a version that was sent and is not decided; None for every other. No query."""
    if version.submitted_at is None:
        return None
    if version.state not in (State.SUBMITTED, State.IN_REVIEW):
        return None
    is_to_decide = version.state == State.IN_REVIEW
    sent_on = clock.local_date(version.submitted_at)
    return MinistryDay(is_to_decide, ministry_due(sent_on, limits, is_to_decide=is_to_decide), today)


def ministry_due(sent_on: date, limits: ReviewLimits, *, is_to_decide: bool) -> date:
    """The day by which the ministry means to take up, or to decide on, what was sent on `sent_on`."""
    return sent_on + timedelta(limits.decide_days if is_to_decide else limits.take_up_days)
