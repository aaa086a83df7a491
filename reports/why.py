"""Why does a figure stand there? The version behind it, its values and thresholds, who claimed and who verified.

The figures themselves come from `standing`: nothing is counted or judged here a second time.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from communes.models import Commune, Membership, Programme, User
from communes.permissions import is_insider
from criteria import rules
from criteria.models import Indicator
from ntm_tracker import clock

from .judging import IndicatorSheet
from .models import (
    Evidence,
    IndicatorValue,
    Period,
    Regression,
    RegressionAnswer,
    ReportEvent,
    ReportVersion,
    VerdictChange,
)
from .reading import level_of, say_numbers, say_threshold, say_value, say_why
from .standing import (
    NOT_REPORTED,
    Cell,
    CommuneRow,
    Goal,
    History,
    Known,
    Member,
    quarter_of,
    stand,
)
from .trail import Trail, read_trail


def followed(commune: int) -> dict[Programme, tuple[list[Goal], list[Member]]]:
    """The programmes that follow or followed the commune: what they aim at, and its membership. One query."""
    found: dict[Programme, tuple[dict[int, Goal], dict[int, Member]]] = {}
    stated = Membership.objects.filter(commune=commune).select_related("programme", "commune__province__region")
    aims = stated.annotate(
        goal=F("programme__targets"),
        due_on=F("programme__targets__due_on"),
        required=F("programme__targets__required"),
        stated_on=F("programme__targets__stated_on"),
        target_source=F("programme__targets__source"),
    )
    for row in aims.order_by("programme", "since", "due_on", "stated_on"):
        goals, members = found.setdefault(row.programme, ({}, {}))
        members[row.pk] = Member(row.commune, row.since, row.is_member)
        if row.goal is not None:
            goals[row.goal] = Goal(row.due_on, row.required, row.stated_on, row.target_source)
    return {programme: (list(goals.values()), list(members.values())) for programme, (goals, members) in found.items()}


def counts(history: History, commune: Commune) -> list[tuple[Period, CommuneRow | None]]:
    """The row of the commune in every quarter, newest first; None where it was no member. No query."""
    return [(period, stand(history, period).row(commune.pk)) for period in reversed(history.periods)]


# One cell


@dataclass(frozen=True)
class ValueLine:
    """One indicator: what was reported by whom, how it compares, by which decision, and what proves it."""

    indicator: Indicator
    value: str
    numbers: str
    remarks: list[str]
    why: str
    threshold: str
    published: Any
    verdict: str
    written_by: User
    written_at: Any
    papers: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Signed:
    """Who claimed the verdict, who verified it, and what is said of it besides.

    `regression` is the loss found in this report, with what the committee said to it last.
    """

    version: ReportVersion
    claimed_by: str
    claimed_at: Any
    accepted_by: str
    accepted_at: Any
    fragile_rule: str
    regression: int | None
    explanation: str
    recovery: str


@dataclass(frozen=True)
class QuarterCell:
    """The verdict of an earlier or the same quarter, for the way there."""

    period: Period
    verdict: str


@dataclass(frozen=True)
class CellTrace:
    """Everything that stands behind one cell. `trail` is None for those whom the history does not concern."""

    row: CommuneRow
    cell: Cell
    signed: Signed | None
    lines: list[ValueLine]
    quarters: list[QuarterCell]
    trail: Trail | None

    @property
    def known(self) -> Known | None:
        return self.row.known


def trace_cell(history: History, row: CommuneRow, cell: Cell, user: User) -> CellTrace:
    """What stands behind the cell, as known on the day of the history. One query, two for insiders."""
    known = row.known
    rows = list(_values(known, cell.number, history.as_of)) if known else []
    trail = None
    if known and rows and is_insider(user, row.commune):
        indicators = {value.indicator_id: value.indicator for value in rows}
        trail = read_trail(known.report, row.commune, cell.criterion, indicators, history.as_of, user)
    return CellTrace(row, cell, _signed(rows), _lines(rows), quarters(history, row.commune, cell.number), trail)


def quarters(history: History, commune: Commune, number: int) -> list[QuarterCell]:
    """The verdict of every quarter on the criterion, newest first, as it counts on the day of the history."""
    found = []
    for period in reversed(history.periods):
        known = history.version(commune, quarter_of(period))
        found.append(QuarterCell(period, known.verdict(number) if known else NOT_REPORTED))
    return found


def _values(known: Known, number: int, as_of: date) -> "QuerySet[IndicatorValue]":
    """The values of the criterion, each once for every paper, with who claimed, accepted and explained. One query."""
    end = clock.end_of_day(as_of)
    claims = VerdictChange.objects.filter(row=OuterRef("said__pk"), verified="").order_by("-row_version")
    accepted = ReportEvent.objects.filter(version=OuterRef("version"), action="accept", at__lte=end)
    accepted = accepted.order_by("-at", "-pk")
    lost = Regression.objects.filter(
        Q(until__isnull=True) | Q(until__gt=end),
        report=OuterRef("version__report"),
        criterion__number=number,
        since__lte=end,
    ).order_by("-since")
    answers = RegressionAnswer.objects.filter(regression=OuterRef("regression"), at__lte=end)
    answers = answers.order_by("-answer_version")
    links = "version__evidence_links"
    return (
        IndicatorValue.objects.filter(version=known.version, indicator__criterion__number=number)
        .select_related("indicator", "threshold__region", "version__submitted_by", "updated_by")
        .alias(
            said=FilteredRelation(
                "version__verdicts", condition=Q(version__verdicts__criterion=F("indicator__criterion"))
            ),
            link=FilteredRelation(
                links, condition=Q(**{f"{links}__indicator": F("indicator"), f"{links}__removed_at__isnull": True})
            ),
        )
        .annotate(
            claimed_by=Subquery(claims.values("by__full_name")[:1]),
            claimed_at=Subquery(claims.values("at")[:1]),
            accepted_by=Subquery(accepted.values("by__full_name")[:1]),
            accepted_at=Subquery(accepted.values("at")[:1]),
            regression=Subquery(lost.values("pk")[:1]),
            explained=Subquery(answers.values("explanation")[:1]),
            recovery=Subquery(answers.values("recovery")[:1]),
            fragile_rule=F("said__fragile_rule"),
            paper=F("link__evidence"),
            **{f"paper_{name}": F(f"link__evidence__{name}") for name in _PAPER},
        )
        .order_by("indicator__position", "link")
    )


_PAPER = ("title", "document_number", "document_date", "valid_until", "media_type")


def _signed(rows: list[Any]) -> Signed | None:
    if not rows:
        return None
    row = rows[0]
    return Signed(
        row.version,
        row.claimed_by or "",
        row.claimed_at,
        row.accepted_by or "",
        row.accepted_at,
        row.fragile_rule or "",
        row.regression,
        row.explained or "",
        row.recovery or "",
    )


def _lines(rows: list[Any]) -> list[ValueLine]:
    lines: dict[int, ValueLine] = {}
    for row in rows:
        if row.pk not in lines:
            lines[row.pk] = _line(row)
        if row.paper is not None:
            paper = {name: getattr(row, f"paper_{name}") for name in _PAPER}
            lines[row.pk].papers.append(Evidence(pk=row.paper, **paper))
    return list(lines.values())


def _line(row: IndicatorValue) -> ValueLine:
    level = level_of(row)
    verdict = rules.judge_indicator(row.answer, level)
    return ValueLine(
        indicator=row.indicator,
        value=say_value(row, row.indicator, level),
        numbers=say_numbers(row),
        remarks=[text for text in (row.note, row.explanation) if text],
        why=say_why(IndicatorSheet(row.indicator, row, row.threshold, verdict)),
        threshold=say_threshold(row.threshold, row.indicator),
        published=row.threshold,
        verdict=verdict,
        written_by=row.updated_by,
        written_at=row.updated_at,
    )
