"""Who reports in time? The communes × quarters of a programme as known today, and the shares that follow.

A report is owed by a commune that was a member at the end of the quarter, from the opening of the period on. All
days are compared by `lateness`, for the cells as for the shares: the database only counts reports that are alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, DateField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from communes.models import Commune, Membership, Programme, Province
from ntm_tracker import clock

from .lateness import LATE, MISSING, Share, on_time, punctuality, within
from .models import Period, QuarterlyReport, ReportEvent, ReportVersion, ReviewLimits, State
from .models.report import days_late

Action = ReportEvent.Action


@dataclass(frozen=True, slots=True)
class Cell:
    """What one commune owes for one quarter, as known today.

    `respond_by` is the day an answer to a returned version is or was due, `answered_on` when it came.
    """

    report: int
    due_on: date
    is_extended: bool
    sent_on: date | None
    respond_by: date | None
    answered_on: date | None
    urges: int
    urged_on: date | None
    today: date

    @property
    def kind(self) -> str:
        """On time, late, missing or still ahead, by the first submission."""
        return punctuality(self.due_on, self.sent_on, self.today)

    @property
    def days_late(self) -> int:
        """Whole days after the due day."""
        return days_late(self.due_on, self.sent_on, self.today)

    @property
    def is_returned(self) -> bool:
        """Whether the committee has to answer now."""
        return self.respond_by is not None and self.answered_on is None

    @property
    def answer_days_late(self) -> int:
        """Whole days after the day to respond by; 0 where nothing was returned."""
        return days_late(self.respond_by, self.answered_on, self.today) if self.respond_by else 0

    @property
    def waits(self) -> bool:
        """Whether the committee is behind with something that can be urged."""
        return self.kind == MISSING or self.is_returned


class Row(NamedTuple):
    """One commune with its cells, one for each quarter; None where it owes nothing."""

    commune: Commune
    cells: list[Cell | None]


class Tally(NamedTuple):
    """How many reports of one province and quarter were due and first sent on the same days."""

    province: int
    period: int
    due_on: date
    sent_on: date | None
    n: int


class Handled(NamedTuple):
    """How many versions of one quarter were answers due, sent, taken up and decided on the same days."""

    period: int
    respond_by: date | None
    sent_on: date | None
    taken_up_on: date | None
    decided_on: date | None
    n: int


@dataclass(frozen=True)
class QuarterShares:
    """What kept its day in one quarter: first submissions, answers, and what the ministry did with them."""

    period: Period
    sent: Share
    answered: Share
    taken_up: Share
    decided: Share
    missing: int
    late: int


@dataclass(frozen=True)
class ProvinceLine:
    """One province over the quarters shown."""

    province: Province | None
    communes: int
    sent: Share
    late: int
    missing: int

    @property
    def code(self) -> str:
        """The code of the province; empty for all of them."""
        return self.province.code if self.province else ""


def obligations(programme: Programme, periods: Sequence[Period]) -> QuerySet[Any]:
    """The reports that members owe for these quarters, with `due_day` and `sent_day`. No query yet."""
    ends = [When(period=period.pk, then=Value(period.last_day)) for period in periods]
    newest = Membership.objects.filter(
        programme=programme, commune=OuterRef("commune"), since__lte=OuterRef("quarter_end")
    ).order_by("-since")
    return (
        QuarterlyReport.objects.filter(period__in=[period.pk for period in periods])
        .alias(
            quarter_end=Case(*ends, output_field=DateField()),
            is_owed=Subquery(newest.values("is_member")[:1]),
        )
        .filter(is_owed=True)
        .with_due()
        .annotate(sent_day=_day(F("first_submitted_at")))
        .order_by()
    )


def behind(owed: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Those of the obligations that came late or are missing."""
    return owed.filter(Q(sent_day__gt=F("due_day")) | Q(sent_day__isnull=True, due_day__lt=today))


def communes_in(programme: Programme, periods: Sequence[Period]) -> QuerySet[Commune]:
    """The communes that were members at the end of the first quarter or joined until the end of the last one."""
    first, last = periods[0].last_day, periods[-1].last_day
    at_first = Membership.objects.on(programme, first).filter(is_member=True)
    joined = Membership.objects.filter(programme=programme, is_member=True, since__gt=first, since__lte=last)
    return (
        Commune.objects.filter(Q(pk__in=at_first.values("commune")) | Q(pk__in=joined.values("commune")))
        .select_related("province")
        .only("name", "province__code", "province__name", "province__region")
        .order_by("province__code", "name", "pk")
    )


def with_behind(communes: QuerySet[Commune], owed: QuerySet[Any], today: date) -> QuerySet[Commune]:
    """The communes, each with `is_behind`: whether any of these obligations came late or is missing."""
    return communes.annotate(is_behind=Exists(behind(owed, today).filter(commune=OuterRef("pk"))))


def tally(owed: QuerySet[Any]) -> list[Tally]:
    """The obligations counted by province, quarter and days. One query, however many there are."""
    alike = owed.values_list("commune__province", "period", "due_day", "sent_day").annotate(n=Count("pk"))
    return [Tally(*row) for row in alike]


def handled(owed: QuerySet[Any]) -> list[Handled]:
    """What became of the versions of the obligations, counted by quarter and days. One query.

    A version that was withdrawn counts from its next submission, and one that was put aside not at all. What was
    taken up or decided once stays so when the acceptance is undone or the report handed over.
    """
    steps = ReportEvent.objects.filter(version=OuterRef("pk")).order_by().values("version")
    decided = steps.filter(action__in=[Action.RETURN, Action.ACCEPT]).annotate(first=Min("at"))
    taken_up = steps.filter(action__in=[Action.TAKE_UP, Action.RETURN, Action.ACCEPT]).annotate(first=Min("at"))
    alike = (
        ReportVersion.objects.filter(report__in=owed.values("pk"))
        .filter(Q(submitted_at__isnull=False) | Q(based_on__state=State.RETURNED))
        .exclude(state=State.DISCARDED)
        .order_by()
        .annotate(
            answer_day=Case(When(based_on__state=State.RETURNED, then=F("based_on__respond_by"))),
            sent_day=_day(F("submitted_at")),
            taken_up_day=_day(Subquery(taken_up.values("first"))),
            decided_day=_day(Subquery(decided.values("first"))),
        )
        .values_list("report__period", "answer_day", "sent_day", "taken_up_day", "decided_day")
        .annotate(n=Count("pk"))
    )
    return [Handled(*row) for row in alike]


def read_rows(communes: Sequence[Commune], periods: Sequence[Period], owed: QuerySet[Any], today: date) -> list[Row]:
    """The communes with their cells. One query."""
    urges = ReportEvent.objects.filter(report=OuterRef("pk"), action=Action.URGE).order_by("-at")
    answers = (
        ReportVersion.objects.filter(report=OuterRef("pk"), based_on__state=State.RETURNED)
        .exclude(state=State.DISCARDED)
        .order_by("-number")
    )
    found = (
        owed.filter(commune__in=[commune.pk for commune in communes])
        .annotate(
            respond_by=Subquery(answers.values("based_on__respond_by")[:1]),
            answered_at=Subquery(answers.values("submitted_at")[:1]),
            urges=Subquery(urges.order_by().values("report").annotate(n=Count("pk")).values("n")),
            urged_at=Subquery(urges.values("at")[:1]),
        )
        .values_list(
            "commune", "period", "pk", "due_day", "period__due_on", "sent_day",
            "respond_by", "answered_at", "urges", "urged_at", named=True,
        )
    )  # fmt: skip
    cells = {(row.commune, row.period): _cell(row, today) for row in found}
    return [Row(commune, [cells.get((commune.pk, period.pk)) for period in periods]) for commune in communes]


def _cell(row: Any, today: date) -> Cell:
    return Cell(
        report=row.pk,
        due_on=row.due_day,
        is_extended=row.due_day != row.period__due_on,
        sent_on=row.sent_day,
        respond_by=row.respond_by,
        answered_on=_local(row.answered_at),
        urges=row.urges or 0,
        urged_on=_local(row.urged_at),
        today=today,
    )


def quarter_shares(
    periods: Iterable[Period], tallies: Iterable[Tally], versions: Iterable[Handled], limits: ReviewLimits, today: date
) -> list[QuarterShares]:
    """The shares of each quarter: its column's foot. No query."""
    tallies, versions = list(tallies), list(versions)
    return [
        _quarter(
            period,
            [one for one in tallies if one.period == period.pk],
            [one for one in versions if one.period == period.pk],
            limits,
            today,
        )
        for period in periods
    ]


def _quarter(
    period: Period, tallies: list[Tally], versions: list[Handled], limits: ReviewLimits, today: date
) -> QuarterShares:
    taken_up = [(one.sent_on, one.taken_up_on, one.n) for one in versions if one.sent_on]
    decided = [(one.sent_on, one.decided_on, one.n) for one in versions if one.sent_on]
    answers = [(one.respond_by, one.sent_on, one.n) for one in versions if one.respond_by]
    return QuarterShares(
        period=period,
        sent=_sent(tallies, today),
        answered=on_time(answers, today),
        taken_up=within(limits.take_up_days, taken_up, today),
        decided=within(limits.decide_days, decided, today),
        missing=_count(tallies, MISSING, today),
        late=_count(tallies, LATE, today),
    )


def province_lines(communes: Iterable[Commune], tallies: Iterable[Tally], today: date) -> list[ProvinceLine]:
    """The provinces over all quarters shown, the order of the communes kept. No query."""
    placed: dict[int, list[Commune]] = {}
    for commune in communes:
        placed.setdefault(commune.province_id, []).append(commune)
    counted: dict[int, list[Tally]] = {}
    for one in tallies:
        counted.setdefault(one.province, []).append(one)
    return [
        province_line(here[0].province, len(here), counted.get(province, []), today)
        for province, here in placed.items()
    ]


def province_line(province: Province | None, communes: int, tallies: list[Tally], today: date) -> ProvinceLine:
    """One province, or all of them together."""
    return ProvinceLine(
        province,
        communes,
        _sent(tallies, today),
        late=_count(tallies, LATE, today),
        missing=_count(tallies, MISSING, today),
    )


def _sent(tallies: Iterable[Tally], today: date) -> Share:
    return on_time([(one.due_on, one.sent_on, one.n) for one in tallies], today)


def _count(tallies: Iterable[Tally], kind: str, today: date) -> int:
    return sum(one.n for one in tallies if punctuality(one.due_on, one.sent_on, today) == kind)


def _day(moment: Any) -> TruncDate:
    """The day of a moment in Việt Nam."""
    return TruncDate(moment, tzinfo=timezone.get_default_timezone())


def _local(moment: datetime | None) -> date | None:
    return clock.local_date(moment) if moment else None
