"""In which round is a report, and how many days was it in whose hands? From its events alone, for both sides to read.

A round goes from the day the committee gets a version to write until the ministry returns or accepts what was sent.
A correction counts its rounds anew. Days are those of the calendar in Việt Nam, so that the days of the spans add up
to the days from the first to the last of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communes.models import User
from ntm_tracker import clock

from .models import QuarterlyReport, ReportEvent

Action = ReportEvent.Action


class Hands(StrEnum):
    """Where a report lies."""

    COMMITTEE = "committee"
    WAITING = "waiting"
    REVIEWER = "reviewer"
    NOBODY = "nobody"


MINISTRY = (Hands.WAITING, Hands.REVIEWER)


@dataclass
class Round:
    """One turn from the committee to the ministry's decision. `correction` is 0 for the report itself, then 1, 2."""

    number: int
    correction: int = 0
    version_id: int | None = None
    sent_at: datetime | None = None
    decided_at: datetime | None = None
    decision: str = ""

    @property
    def name(self) -> str:
        """ "Round 2"; of a correction it says so."""
        names = {"n": self.number}
        return _("Correction, round %(n)s") % names if self.correction else _("Round %(n)s") % names


@dataclass(frozen=True)
class Span:
    """From when until when a report lay in the same hands; `until` is None for where it lies now."""

    round: Round
    hands: Hands
    holder: User | None
    since: datetime
    until: datetime | None
    days: int

    @property
    def where(self) -> str:
        """In whose hands, in words."""
        if self.hands == Hands.REVIEWER:
            return _("with %(holder)s") % {"holder": self.holder}
        return {
            Hands.COMMITTEE: _("with the committee"),
            Hands.WAITING: _("waiting at the ministry"),
            Hands.NOBODY: _("nothing in work"),
        }[self.hands]


@dataclass(frozen=True)
class Course:
    """The way of a report through its rounds, as known on a day: its spans, oldest first."""

    spans: Sequence[Span]

    @property
    def now(self) -> Span | None:
        """Where it lies now; None for a report that was never opened."""
        return self.spans[-1] if self.spans else None

    @property
    def round(self) -> Round | None:
        """The present round, or the last one when nothing is in work."""
        return self.spans[-1].round if self.spans else None

    @property
    def turn_days(self) -> int:
        """For how many days the side that has it now has had it without a break."""
        days = 0
        for span in reversed(self.spans):
            if _side(span) != _side(self.spans[-1]):
                break
            days += span.days
        return days

    def days(self, *hands: Hands) -> int:
        """How many days it lay there altogether: the report itself, or the correction that is in work."""
        current = self.round.correction if self.round else 0
        return sum(span.days for span in self.spans if span.hands in hands and span.round.correction == current)

    @property
    def totals(self) -> str:
        """How many days each side had it: “committee 12 days, ministry 9 days in all”."""
        names = {"committee": say_days(self.days(Hands.COMMITTEE)), "ministry": say_days(self.days(*MINISTRY))}
        return _("committee %(committee)s, ministry %(ministry)s in all") % names

    @property
    def sentence(self) -> str:
        """“Round 2 · with the ministry for 5 days · committee 12 days, ministry 9 days in all”; empty for no course."""
        if self.now is None or self.round is None:
            return ""
        return " · ".join([self.round.name, self._turn, self.totals])

    @property
    def _turn(self) -> str:
        """Which side has it, and for how long."""
        assert self.now is not None
        names = {"days": say_days(self.turn_days)}
        if self.now.hands == Hands.NOBODY:
            return self.now.where
        if self.now.hands == Hands.COMMITTEE:
            return _("with the committee for %(days)s") % names
        return _("with the ministry for %(days)s") % names


def say_days(days: int) -> str:
    """A number of days in words."""
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def read(report: QuarterlyReport, events: Iterable[ReportEvent] | None = None) -> Course:
    """The course of a report as known today. One query, none when its `events_of` are given."""
    return course(events_of(report) if events is None else events, clock.today())


def read_many(reports: Iterable[QuarterlyReport]) -> dict[int, Course]:
    """The courses of many reports by the key of the report, as known today. One query."""
    found: dict[int, list[ReportEvent]] = {report.pk: [] for report in reports}
    for event in _with_people(ReportEvent.objects.filter(report__in=found)):
        found[event.report_id].append(event)
    today = clock.today()
    return {pk: course(events, today) for pk, events in found.items()}


def events_of(report: QuarterlyReport) -> list[ReportEvent]:
    """Everything that happened, newest first, with the people concerned. One query."""
    return sorted(_with_people(report.events.all()), key=_in_time, reverse=True)


def _with_people(events: QuerySet[ReportEvent]) -> QuerySet[ReportEvent]:
    return events.select_related("by", "to", "version__holder").order_by("report", "at", "pk")


def _in_time(event: ReportEvent) -> tuple[datetime, int]:
    return event.at, event.pk


def course(events: Iterable[ReportEvent], today: date) -> Course:
    """The course that these events of one report tell, as known on `today`. No query."""
    walk = _Walk(sorted(events, key=_in_time))
    return Course(walk.spans(today))


def _side(span: Span) -> str:
    return "ministry" if span.hands in MINISTRY else span.hands.value


@dataclass
class _Walk:
    """Goes through the events in the order of time and notes each change of hands."""

    events: list[ReportEvent]
    rounds: list[Round] = field(default_factory=list)
    marks: list[tuple[datetime, Round, Hands, User | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.corrections = 0
        for event in self.events:
            if step := _STEPS.get(event.action):
                step(self, event)

    def spans(self, today: date) -> list[Span]:
        found = []
        ends = [*(mark[0] for mark in self.marks[1:]), None]
        for (since, its_round, hands, holder), until in zip(self.marks, ends, strict=False):
            last = clock.local_date(until) if until else today
            days = max(0, clock.days_between(clock.local_date(since), last))
            found.append(Span(its_round, hands, holder, since, until, days))
        return found

    def _mark(self, event: ReportEvent, its_round: Round, hands: Hands, holder: User | None = None) -> None:
        self.marks.append((event.at, its_round, hands, holder))

    def _round(self) -> Round:
        """The round that is going on."""
        return self.marks[-1][1] if self.marks else self._begin(Round(1))

    def _begin(self, its_round: Round) -> Round:
        self.rounds.append(its_round)
        return its_round

    def _open(self, event: ReportEvent) -> None:
        self._mark(event, self._begin(Round(1, version_id=event.version_id)), Hands.COMMITTEE)

    def _submit(self, event: ReportEvent) -> None:
        its_round = self._round()
        its_round.version_id, its_round.sent_at = event.version_id, event.at
        self._mark(event, its_round, Hands.WAITING)

    def _withdraw(self, event: ReportEvent) -> None:
        """What was not taken up is taken back: the round goes on as if it had not been sent."""
        self._round().sent_at = None
        self._mark(event, self._round(), Hands.COMMITTEE)

    def _take_up(self, event: ReportEvent) -> None:
        self._mark(event, self._round(), Hands.REVIEWER, event.by)

    def _reassign(self, event: ReportEvent) -> None:
        self._mark(event, self._round(), Hands.REVIEWER, event.to)

    def _return(self, event: ReportEvent) -> None:
        ended = self._decide(event)
        self._mark(event, self._begin(Round(ended.number + 1, ended.correction)), Hands.COMMITTEE)

    def _accept(self, event: ReportEvent) -> None:
        self._mark(event, self._decide(event), Hands.NOBODY)

    def _undo_accept(self, event: ReportEvent) -> None:
        """The round that ended with the acceptance goes on."""
        its_round = next((one for one in self.rounds if one.version_id == event.version_id), self._round())
        its_round.decided_at, its_round.decision = None, ""
        self._mark(event, its_round, Hands.REVIEWER, event.version.holder if event.version else None)

    def _open_correction(self, event: ReportEvent) -> None:
        self.corrections += 1
        self._mark(event, self._begin(Round(1, self.corrections)), Hands.COMMITTEE)

    def _cancel_correction(self, event: ReportEvent) -> None:
        """Nothing is in work; what was accepted before stands as before."""
        self._decide(event)
        accepted = [one for one in self.rounds if one.decision == Action.ACCEPT]
        self._mark(event, accepted[-1] if accepted else self._round(), Hands.NOBODY)

    def _decide(self, event: ReportEvent) -> Round:
        ended = self._round()
        ended.decided_at, ended.decision = event.at, event.action
        return ended


_STEPS: dict[str, Callable[[_Walk, ReportEvent], None]] = {
    Action.OPEN: _Walk._open,
    Action.SUBMIT: _Walk._submit,
    Action.WITHDRAW: _Walk._withdraw,
    Action.TAKE_UP: _Walk._take_up,
    Action.REASSIGN: _Walk._reassign,
    Action.RETURN: _Walk._return,
    Action.ACCEPT: _Walk._accept,
    Action.UNDO_ACCEPT: _Walk._undo_accept,
    Action.OPEN_CORRECTION: _Walk._open_correction,
    Action.CANCEL_CORRECTION: _Walk._cancel_correction,
}
"""What each event changes; the others move nothing."""
