"""Where do we stand? What is in force for every member commune at a quarter, as known on a day.

Everything that shows figures reads this one place, so that no two pages can disagree. `load_history` fetches
(five queries, however many quarters and communes), the rest is arithmetic on plain values.

A criterion is the same over editions by its number. Who counts comes from the membership, never from what
happens to be reported; what is not reported stays visible as such and is never taken for "not met".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, cast

from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from communes.models import Commune, Membership, Programme, User
from criteria import rules
from criteria.models import Criterion
from criteria.rules import Verdict
from ntm_tracker import clock

from .models import (
    CriterionVerdict,
    DeadlineExtension,
    Period,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    State,
    VerdictChange,
)

NOT_REPORTED = "not_reported"

GAINED, REGAINED, LOST = "gained", "regained", "lost"

# Of a target: reached or missed once its day is over, open before, and waiting while reports that are
# still out could decide it.
REACHED, MISSED, OPEN, WAITING = "reached", "missed", "open", "waiting"

# Of a commune at a target.
COMPLETE, BASICALLY, INCOMPLETE, UNKNOWN = "complete", "basically", "incomplete", "unknown"

FULFILLED = (Verdict.MET, Verdict.NOT_CONSIDERED)


class ReportAsKnown(Protocol):
    """A quarterly report as `_reports` brings it."""

    pk: int
    commune_id: int
    period: Period
    official: int | None
    official_number: int
    official_since: datetime
    official_accepted_by: str | None
    last_state: str | None
    last_action: str | None
    last_version: int
    due: date


class Quarter(NamedTuple):
    """A quarter as a value that sorts."""

    year: int
    quarter: int

    def __str__(self) -> str:
        return str(Period(year=self.year, quarter=self.quarter))

    @property
    def before(self) -> "Quarter":
        return Quarter(self.year, self.quarter - 1) if self.quarter > 1 else Quarter(self.year - 1, 4)

    @property
    def last_day(self) -> date:
        return Period(year=self.year, quarter=self.quarter).last_day


def quarter_of(period: Period) -> Quarter:
    return Quarter(period.year, period.quarter)


# What is known: plain values


@dataclass(frozen=True, slots=True)
class Goal:
    """A target as it is stated: so many communes complete by a day."""

    due_on: date
    required: int
    stated_on: date
    source: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One statement about the membership of a commune."""

    commune: Commune
    since: date
    is_member: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """What a version says of one criterion. `verdict` is the one that counts here."""

    verdict: str
    claimed: str = ""
    computed: str = ""
    fragile: bool = False
    claim_reason: str = ""
    verified_reason: str = ""
    fragile_reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The version that counts for a commune and a quarter: the official one, or a provisional one.

    While it is being corrected, a newer one is in work and the official one still counts.
    """

    version: int
    number: int
    report: int
    since: datetime | None = None
    accepted_by: str = ""
    is_provisional: bool = False
    is_being_corrected: bool = False
    judged: dict[int, Judged] = field(default_factory=dict)

    def verdict(self, number: int) -> str:
        """The verdict on a criterion; a missing row counts as "no data"."""
        judged = self.judged.get(number)
        return judged.verdict if judged else Verdict.NO_DATA


@dataclass(frozen=True, slots=True)
class Owed:
    """The report owed for a quarter, with the state it was in on the day of the history."""

    report: int
    period: Period
    commune: int
    state: str
    due_on: date
    official: int | None = None
    is_being_corrected: bool = False


@dataclass
class History:
    """All quarters of the communes, as known on a day."""

    programme: Programme
    as_of: date
    is_provisional: bool
    goals: list[Goal]
    members: list[Member]
    periods: list[Period]
    criteria: dict[int, list[Criterion]]
    known: dict[int, dict[Quarter, Known]]
    owed: dict[int, dict[Quarter, Owed]]

    def version(self, commune: Commune, quarter: Quarter) -> Known | None:
        return self.known.get(commune.pk, {}).get(quarter)

    def period(self, quarter: Quarter) -> Period | None:
        return next((period for period in self.periods if quarter_of(period) == quarter), None)

    def until(self, commune: Commune, quarter: Quarter) -> list[tuple[Quarter, Known]]:
        """The versions up to that quarter, newest quarter first."""
        versions = self.known.get(commune.pk, {})
        return [(earlier, versions[earlier]) for earlier in sorted(versions, reverse=True) if earlier <= quarter]


# The arithmetic


@dataclass(frozen=True, slots=True)
class Count:
    """How many criteria carry which verdict."""

    met: int = 0
    basic: int = 0
    not_met: int = 0
    not_considered: int = 0
    no_data: int = 0

    @property
    def considered(self) -> int:
        return self.met + self.basic + self.not_met + self.no_data


@dataclass(frozen=True, slots=True)
class Change:
    """The criteria, by number, that became met and that are met no longer."""

    gained: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()

    @property
    def net(self) -> int:
        return len(self.gained) - len(self.lost)


def count(verdicts: Iterable[str]) -> Count:
    """The verdicts, counted apart: no data and not considered are never merged with not met."""
    found = list(verdicts)
    return Count(*(found.count(verdict) for verdict in Verdict))


def compare(now: Mapping[int, str], then: Mapping[int, str] | None) -> Change | None:
    """What changed between two versions; None when either is unknown."""
    if not now or not then:
        return None
    numbers = sorted({*now, *then})
    return Change(
        gained=tuple(n for n in numbers if now.get(n) == Verdict.MET and then.get(n) != Verdict.MET),
        lost=tuple(n for n in numbers if now.get(n) != Verdict.MET and then.get(n) == Verdict.MET),
    )


def mark(now: str, earlier: Sequence[str]) -> str:
    """Gained, regained, lost or "", from the verdicts of earlier quarters, newest first.

    "No data" says nothing, so the newest real verdict before counts. A criterion that is no longer considered
    is not lost.
    """
    real = [verdict for verdict in earlier if verdict and verdict != Verdict.NO_DATA]
    if not real:
        return ""
    if now == Verdict.MET and real[0] != Verdict.MET:
        return REGAINED if Verdict.MET in real else GAINED
    if now in (Verdict.NOT_MET, Verdict.BASIC) and real[0] == Verdict.MET:
        return LOST
    return ""


def lost_in(verdicts: Sequence[tuple[Quarter, str]]) -> Quarter | None:
    """The quarter in which a criterion that is not met now was lost; None when it never was met.

    `verdicts` are those of all quarters up to now, newest first; "no data" says nothing.
    """
    since = None
    for quarter, verdict in verdicts:
        if verdict == Verdict.MET:
            return since
        if verdict in (Verdict.NOT_MET, Verdict.BASIC):
            since = quarter
        elif verdict == Verdict.NOT_CONSIDERED:
            return None
    return None


def goals_known(goals: Iterable[Goal], as_of: date) -> list[Goal]:
    """The newest statement for each day, among those made by `as_of`."""
    newest: dict[date, Goal] = {}
    for goal in sorted(goals, key=lambda goal: goal.stated_on):
        if goal.stated_on <= as_of:
            newest[goal.due_on] = goal
    return [newest[due_on] for due_on in sorted(newest)]


def members_on(members: Iterable[Member], day: date) -> list[Commune]:
    """The communes that are members on that day, in the order they are given."""
    newest: dict[int, Member | None] = {}
    for member in members:
        known = newest.setdefault(member.commune.pk, None)
        if member.since <= day and (known is None or known.since < member.since):
            newest[member.commune.pk] = member
    return [member.commune for member in newest.values() if member and member.is_member]


def over_by(day: date) -> Quarter:
    """The newest quarter that is over by the end of that day."""
    quarter = Quarter(day.year, (day.month + 2) // 3)
    return quarter if quarter.last_day <= day else quarter.before


def outcome(verdicts: Sequence[str]) -> str:
    """How a commune stands against "complete"."""
    if not verdicts:
        return UNKNOWN
    if rules.is_complete(verdicts):
        return COMPLETE
    return BASICALLY if rules.is_complete(verdicts, basically=True) else INCOMPLETE


def verdict_on(*, required: int, complete: int, unknown: int, due_on: date, as_of: date) -> str:
    """The verdict on a target. Reports that are still out are neither for nor against."""
    if as_of <= due_on:
        return OPEN
    if complete >= required:
        return REACHED
    return WAITING if complete + unknown >= required else MISSED


# Where we stand: what pages show


@dataclass(frozen=True, slots=True)
class Cell:
    """One criterion of one commune at the quarter.

    `verdict` is "not_reported" when nothing is in force for the quarter; `last_known` is what was said last.
    `lost_in` is the quarter in which it was lost and since when it has not been regained.
    """

    criterion: Criterion
    verdict: str
    last_known: str = ""
    judged: Judged | None = None
    mark: str = ""
    lost_in: Quarter | None = None
    missed: tuple[date, ...] = ()

    @property
    def number(self) -> int:
        return self.criterion.number

    @property
    def shown(self) -> str:
        """The verdict to draw: of the quarter, else the last known one."""
        return self.last_known or self.verdict

    @property
    def is_fulfilled(self) -> bool:
        return self.shown in FULFILLED

    @property
    def fragile(self) -> bool:
        return bool(self.judged and self.judged.fragile)


@dataclass(frozen=True, slots=True)
class CommuneRow:
    """One commune: the version in force for the quarter, or the last known one, and its criteria.

    The changes are None when one side is unknown.
    """

    commune: Commune
    known: Known | None
    is_reported: bool
    known_from: Period | None
    cells: list[Cell]
    count: Count
    since_previous: Change | None
    since_baseline: Change | None
    owed: Owed | None

    @property
    def is_being_corrected(self) -> bool:
        """Whether a correction of the figures shown is in work."""
        return bool(self.known and self.known.is_being_corrected)

    @property
    def is_provisional(self) -> bool:
        return bool(self.known and self.known.is_provisional)

    @property
    def outcome(self) -> str:
        """Complete, basically complete or not, by the quarter or the last known one; unknown without any."""
        return outcome([cell.shown for cell in self.cells]) if self.known else UNKNOWN

    @property
    def lacking(self) -> list[Cell]:
        """The criteria that stand between the commune and completion."""
        return [cell for cell in self.cells if not cell.is_fulfilled]

    def cell(self, number: int) -> Cell | None:
        return next((cell for cell in self.cells if cell.number == number), None)


@dataclass(frozen=True, slots=True)
class ColumnTotal:
    """In how many communes a criterion is met: by the quarter's versions, and with the last known ones."""

    criterion: Criterion
    met: int
    with_last_known: int


@dataclass(frozen=True, slots=True)
class CommuneAtTarget:
    """How one commune stands at a target's quarter, with the criteria it lacks and the version that says so."""

    commune: Commune
    outcome: str
    count: Count
    lacking: list[tuple[Criterion, str]]
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """What became of a target. With `so_far`, its quarter lies after the one shown, whose count it carries."""

    goal: Goal
    quarter: Quarter
    so_far: bool
    verdict: str
    days_left: int
    communes: list[CommuneAtTarget]

    @property
    def due_on(self) -> date:
        return self.goal.due_on

    @property
    def required(self) -> int:
        return self.goal.required

    @property
    def is_over(self) -> bool:
        """Whether its day has passed and its quarter is among those shown."""
        return self.verdict != OPEN

    def having(self, outcome: str) -> list[CommuneAtTarget]:
        return [commune for commune in self.communes if commune.outcome == outcome]

    @property
    def complete(self) -> list[CommuneAtTarget]:
        return self.having(COMPLETE)

    @property
    def basically(self) -> list[CommuneAtTarget]:
        return self.having(BASICALLY)

    @property
    def missing(self) -> list[CommuneAtTarget]:
        """With figures, and not complete; basically complete ones are among them."""
        return [commune for commune in self.communes if commune.outcome in (BASICALLY, INCOMPLETE)]

    @property
    def unknown(self) -> list[CommuneAtTarget]:
        return self.having(UNKNOWN)

    @property
    def being_corrected(self) -> list[CommuneAtTarget]:
        return [commune for commune in self.communes if commune.known and commune.known.is_being_corrected]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the communes of a programme stand at a quarter, as known on a day."""

    period: Period
    previous: Period | None
    baseline: Period | None
    as_of: date
    is_provisional: bool
    criteria: list[Criterion]
    rows: list[CommuneRow]
    columns: list[ColumnTotal]
    targets: list[TargetVerdict]

    @property
    def reported(self) -> list[CommuneRow]:
        """The communes with a version that counts for the quarter."""
        return [row for row in self.rows if row.is_reported]

    @property
    def accepted(self) -> int:
        return sum(not row.is_provisional for row in self.reported)

    @property
    def met(self) -> int:
        return sum(column.met for column in self.columns)

    @property
    def with_last_known(self) -> int:
        return sum(column.with_last_known for column in self.columns)

    def row(self, commune: int) -> CommuneRow | None:
        return next((row for row in self.rows if row.commune.pk == commune), None)


def standing(programme: Programme, period: Period, as_of: date, *, seen_by: User | None = None) -> Standing:
    """Where the programme stands at the quarter, as known at the end of `as_of` in Việt Nam. Five queries.

    Official figures only; with `seen_by` provisional ones: versions submitted or in review by then count too,
    as far as that user may see them, with their computed verdicts.
    """
    return stand(load_history(programme, as_of, seen_by=seen_by, also=period), period)


def stand(history: History, period: Period) -> Standing:
    """The same from a history that is already loaded: no query."""
    here = quarter_of(period)
    previous = history.period(here.before)
    start = over_by(history.programme.baseline_on)
    baseline = history.period(start) if start < here else None
    targets = [_target(history, goal, period) for goal in history.goals]
    criteria = history.criteria.get(period.criteria_set_id, [])
    rows = [
        _row(history, commune, here, criteria, previous, baseline, targets)
        for commune in members_on(history.members, period.last_day)
    ]
    columns = totals(criteria, rows)
    return Standing(period, previous, baseline, history.as_of, history.is_provisional, criteria, rows, columns, targets)


def totals(criteria: list[Criterion], rows: list[CommuneRow]) -> list[ColumnTotal]:
    """The foot of the matrix. The cells of every row stand in the order of the criteria."""
    return [
        ColumnTotal(
            criterion,
            met=sum(row.cells[place].verdict == Verdict.MET for row in rows),
            with_last_known=sum(row.cells[place].shown == Verdict.MET for row in rows),
        )
        for place, criterion in enumerate(criteria)
    ]


def _row(
    history: History,
    commune: Commune,
    here: Quarter,
    criteria: list[Criterion],
    previous: Period | None,
    baseline: Period | None,
    targets: list[TargetVerdict],
) -> CommuneRow:
    """One commune at the quarter."""
    versions = history.until(commune, here)
    newest, known = versions[0] if versions else (here, None)
    now = known if newest == here else None
    missed = _missed(commune, targets)
    cells = []
    for criterion in criteria:
        number = criterion.number
        judged = known.judged.get(number, Judged(Verdict.NO_DATA)) if known else None
        past = [(quarter, version.verdict(number)) for quarter, version in versions]
        cells.append(
            Cell(
                criterion,
                verdict=judged.verdict if now and judged else NOT_REPORTED,
                last_known=judged.verdict if judged and not now else "",
                judged=judged,
                mark=mark(past[0][1], [verdict for _quarter, verdict in past[1:]]) if now else "",
                lost_in=lost_in(past),
                missed=missed.get(number, ()) if now else (),
            )
        )
    verdicts = {cell.number: cell.verdict for cell in cells} if now else {}
    return CommuneRow(
        commune=commune,
        known=known,
        is_reported=now is not None,
        known_from=history.period(newest) if known else None,
        cells=cells,
        count=count(cell.shown for cell in cells) if known else Count(),
        since_previous=compare(verdicts, _verdicts(history, commune, previous)),
        since_baseline=compare(verdicts, _verdicts(history, commune, baseline)),
        owed=history.owed.get(commune.pk, {}).get(here),
    )


def _verdicts(history: History, commune: Commune, period: Period | None) -> dict[int, str] | None:
    """Every criterion of the commune at the quarter by number; None without a version for it."""
    known = history.version(commune, quarter_of(period)) if period else None
    if known is None or period is None:
        return None
    criteria = history.criteria.get(period.criteria_set_id, [])
    return {criterion.number: known.verdict(criterion.number) for criterion in criteria}


def _missed(commune: Commune, targets: list[TargetVerdict]) -> dict[int, tuple[date, ...]]:
    """For each criterion of the commune the target days at which it was not fulfilled."""
    missed: dict[int, tuple[date, ...]] = {}
    for target in targets:
        if not target.is_over:
            continue
        for at_target in target.communes:
            if at_target.commune.pk == commune.pk:
                for criterion, _verdict in at_target.lacking:
                    missed[criterion.number] = (*missed.get(criterion.number, ()), target.due_on)
    return missed


def _target(history: History, goal: Goal, shown: Period) -> TargetVerdict:
    """The verdict on a target, from the versions of its own quarter as known on the day of the history."""
    quarter = over_by(goal.due_on)
    so_far = quarter > quarter_of(shown)
    period = shown if so_far else history.period(quarter)
    criteria = history.criteria.get(period.criteria_set_id, []) if period else []
    communes = []
    for commune in members_on(history.members, (shown if so_far else quarter).last_day):
        verdicts = _verdicts(history, commune, period) or {}
        communes.append(
            CommuneAtTarget(
                commune,
                outcome(list(verdicts.values())),
                count(verdicts.values()),
                [(c, verdicts[c.number]) for c in criteria if verdicts and verdicts[c.number] not in FULFILLED],
                history.version(commune, quarter_of(period)) if period else None,
            )
        )
    outcomes = [commune.outcome for commune in communes]
    verdict = verdict_on(
        required=goal.required,
        complete=outcomes.count(COMPLETE),
        unknown=outcomes.count(UNKNOWN),
        due_on=goal.due_on,
        as_of=history.as_of,
    )
    days_left = clock.days_between(history.as_of, goal.due_on)
    return TargetVerdict(goal, quarter, so_far, OPEN if so_far else verdict, days_left, communes)


# What is fetched


def programmes() -> dict[Programme, list[Goal]]:
    """Every programme with what it aims at, in one query."""
    found: dict[Programme, list[Goal]] = {}
    stated = Programme.objects.annotate(
        due_on=F("targets__due_on"),
        required=F("targets__required"),
        stated_on=F("targets__stated_on"),
        target_source=F("targets__source"),
    ).order_by("pk", "due_on", "stated_on")
    for row in stated:
        goals = found.setdefault(row, [])
        if row.due_on is not None:
            goals.append(Goal(row.due_on, row.required, row.stated_on, row.target_source))
    return found


def load_members(programme: Programme, communes: Iterable[int] | None = None) -> list[Member]:
    """Every statement about who is a member, by province and name of the commune. One query."""
    rows = Membership.objects.filter(programme=programme)
    if communes is not None:
        rows = rows.filter(commune__in=list(communes))
    rows = rows.select_related("commune__province__region").order_by("commune__province__code", "commune__name")
    return [Member(row.commune, row.since, row.is_member) for row in rows]


def load_history(
    programme: Programme,
    as_of: date,
    *,
    seen_by: User | None = None,
    also: Period | None = None,
    goals: list[Goal] | None = None,
    members: list[Member] | None = None,
) -> History:
    """All quarters of the programme as known at the end of `as_of`. Five queries; `goals` and `members` spare one each.

    Its quarters are those that were opened for its communes, and `also`. With `members` it is about these only.
    """
    if goals is None:
        goals = programmes().get(programme, [])
    communes = None if members is None else {member.commune.pk for member in members}
    if members is None:
        members = load_members(programme)
    periods: dict[Quarter, Period] = {quarter_of(also): also} if also else {}
    known: dict[int, dict[Quarter, Known]] = {}
    owed: dict[int, dict[Quarter, Owed]] = {}
    end = clock.end_of_day(as_of)
    for report in _reports(programme, communes, end, seen_by):
        quarter = quarter_of(report.period)
        periods.setdefault(quarter, report.period)
        if version := _counting(report):
            known.setdefault(report.commune_id, {})[quarter] = version
        owed.setdefault(report.commune_id, {})[quarter] = Owed(
            report.pk,
            report.period,
            report.commune_id,
            _state(report, as_of),
            report.due,
            report.official_number,
            _is_being_corrected(report),
        )
    _judge((version for versions in known.values() for version in versions.values()), end)
    return History(
        programme=programme,
        as_of=as_of,
        is_provisional=seen_by is not None,
        goals=goals_known(goals, as_of),
        members=members,
        periods=[periods[quarter] for quarter in sorted(periods)],
        criteria=_criteria({period.criteria_set_id for period in periods.values()}),
        known=known,
        owed=owed,
    )


def _reports(
    programme: Programme, communes: set[int] | None, end: datetime, seen_by: User | None
) -> Iterable[ReportAsKnown]:
    """The reports of the communes, each with its official version and its last step by that moment. One query."""
    steps = ReportEvent.objects.filter(report=OuterRef("pk"), at__lte=end).exclude(to_state="").order_by("-at", "-pk")
    accepted = ReportEvent.objects.filter(version=OuterRef("span__version"), action="accept", at__lte=end)
    accepted = accepted.order_by("-at", "-pk")
    extensions = DeadlineExtension.objects.filter(report=OuterRef("pk"), at__lte=end).order_by("-pk")
    if communes is None:
        reports = QuarterlyReport.objects.filter(
            commune__in=Membership.objects.filter(programme=programme).values("commune")
        )
    else:
        reports = QuarterlyReport.objects.filter(commune__in=communes)
    reports = (
        reports.select_related("period__criteria_set")
        .alias(
            span=FilteredRelation(
                "in_force_spans",
                condition=Q(in_force_spans__since__lte=end)
                & (Q(in_force_spans__until__isnull=True) | Q(in_force_spans__until__gt=end)),
            )
        )
        .annotate(
            official=F("span__version"),
            official_number=F("span__version__number"),
            official_since=F("span__since"),
            official_accepted_by=Subquery(accepted.values("by__full_name")[:1]),
            last_state=Subquery(steps.values("to_state")[:1]),
            last_action=Subquery(steps.values("action")[:1]),
            last_version=Subquery(steps.values("version")[:1]),
            due=Coalesce(Subquery(extensions.values("new_due")[:1]), F("period__due_on")),
        )
        .order_by("period__year", "period__quarter", "commune__province__code", "commune__name")
    )
    if seen_by is not None:
        # Signed by then: what was withdrawn and signed again later is not what was sent at that time.
        sent = ReportVersion.objects.visible_to(seen_by).filter(pk=OuterRef("last_version"), submitted_at__lte=end)
        # Unordered: the order would join the table of the reports again, under the name of the outer one.
        reports = reports.annotate(sent_number=Subquery(sent.order_by().values("number")[:1]))
    return cast(Iterable[ReportAsKnown], reports)


def _counting(report: ReportAsKnown) -> Known | None:
    """The version that counts: one that was sent and may be seen, else the official one."""
    number: int | None = getattr(report, "sent_number", None)
    if number and report.last_state in (State.SUBMITTED, State.IN_REVIEW):
        corrected = _is_being_corrected(report)
        return Known(report.last_version, number, report.pk, is_provisional=True, is_being_corrected=corrected)
    if report.official is None:
        return None
    return Known(
        report.official,
        report.official_number,
        report.pk,
        since=report.official_since,
        accepted_by=report.official_accepted_by or "",
        is_being_corrected=_is_being_corrected(report),
    )


def _state(report: ReportAsKnown, as_of: date) -> str:
    """The state everybody may know: accepted while a version is in force, then how far the report has come."""
    if report.official is not None:
        return State.ACCEPTED
    if report.last_state in (State.SUBMITTED, State.IN_REVIEW, State.RETURNED):
        return report.last_state
    return "overdue" if as_of > report.due else "not_submitted"


def _is_being_corrected(report: ReportAsKnown) -> bool:
    """Whether a newer version was in work beside the official one: a correction, or one whose acceptance was undone."""
    settled = (ReportEvent.Action.ACCEPT, ReportEvent.Action.CANCEL_CORRECTION)
    return report.official is not None and report.last_action not in settled


def _judge(versions: Iterable[Known], end: datetime) -> None:
    """Fill in what the versions said at that moment. One query, two when one was written to since then."""
    by_id = {version.version: version for version in versions}
    rows = CriterionVerdict.objects.filter(version__in=by_id).order_by()
    later = []
    for row in rows.values_list("pk", "version", "criterion__number", "computed", "updated_at", *SAID, named=True):
        version = by_id[row.version]
        version.judged[row.criterion__number] = _judged(version, row.computed, row)
        if row.updated_at > end and not version.is_provisional:
            later.append(row)
    if later:
        # Its acceptance was undone since, and the reviewer wrote to it: what was official stands in the history.
        then = {row.pk: row for row in later}
        changes = VerdictChange.objects.filter(row__in=then, at__lte=end).order_by("row_version")
        for change in changes.values_list("row", *SAID, named=True):
            row = then[change.row]
            version = by_id[row.version]
            version.judged[row.criterion__number] = _judged(version, row.computed, change)


SAID = ("claimed", "verified", "fragile", "claim_reason", "verified_reason", "fragile_reason")


def _judged(version: Known, computed: str, said: Any) -> Judged:
    """One verdict row or one of its earlier states, with the verdict that counts."""
    if version.is_provisional:
        # The ministry has not spoken: the rule's verdict counts, and nothing is known to be fragile.
        return Judged(computed or Verdict.NO_DATA, said.claimed, computed, False, said.claim_reason)
    return Judged(
        verdict=said.verified or Verdict.NO_DATA,
        claimed=said.claimed,
        computed=computed,
        fragile=said.fragile,
        claim_reason=said.claim_reason,
        verified_reason=said.verified_reason,
        fragile_reason=said.fragile_reason,
    )


def _criteria(sets: set[int]) -> dict[int, list[Criterion]]:
    """The criteria of these editions with their groups, by number. One query."""
    found: dict[int, list[Criterion]] = {}
    for criterion in Criterion.objects.filter(criteria_set__in=sets).select_related("group").order_by("number"):
        found.setdefault(criterion.criteria_set_id, []).append(criterion)
    return found
