"""What happened to one criterion of a report: its events, and who wrote which value or verdict. One query for all."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import CharField, DecimalField, F, IntegerField, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from communes.models import Commune, User
from criteria.models import Criterion, Indicator
from ntm_tracker import clock

from .models import (
    CriterionVerdict,
    IndicatorValue,
    Period,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ValueChange,
    VerdictChange,
)
from .writing import Written, changes_among


@dataclass(frozen=True)
class WrittenIn:
    """One write and the version it was made in."""

    version: int
    written: Written


@dataclass(frozen=True)
class Trail:
    """The events of a report and the writes to one criterion over all its versions, both newest first."""

    events: list[ReportEvent] = field(default_factory=list)
    writes: list[WrittenIn] = field(default_factory=list)


EVENT, VALUE, VERDICT = "event", "value", "verdict"


def read_trail(
    report: int, commune: Commune, criterion: Criterion, indicators: Mapping[int, Indicator], as_of: date, user: User
) -> Trail:
    """Everything as known at the end of the day, as far as the user, who follows the report, may see it. One query.

    `indicators` are those of the criterion by their key.
    """
    end = clock.end_of_day(as_of)
    values = ValueChange.objects.filter(row__version__report=report, row__indicator__in=indicators, at__lte=end)
    verdicts = VerdictChange.objects.filter(
        row__version__report=report, row__criterion__number=criterion.number, at__lte=end
    )
    events = ReportEvent.objects.filter(report=report, at__lte=end)
    parts = [
        values.order_by().annotate(**_columns(VALUE, "row__version", **_VALUE)),
        verdicts.order_by().annotate(**_columns(VERDICT, "row__version", **_VERDICT)),
        events.order_by().annotate(**_columns(EVENT, "version", **_EVENT)),
    ]
    first, *rest = [part.values_list(*_NAMES, named=True) for part in parts]
    rows = sorted(first.union(*rest, all=True), key=lambda row: (row.said_at, row.said_pk))
    trail = Trail([_event(row) for row in reversed(rows) if row.said_kind == EVENT])
    place = QuarterlyReport(pk=report, commune=commune)
    found: dict[int, tuple[list[ValueChange], list[VerdictChange]]] = defaultdict(lambda: ([], []))
    versions: dict[int, ReportVersion] = {}
    for row in rows:
        if row.said_kind == EVENT:
            continue
        versions.setdefault(row.said_number, _version(row, place))
        of_values, of_verdicts = found[row.said_number]
        if row.said_kind == VALUE:
            of_values.append(_value_change(row, indicators[row.said_of]))
        else:
            of_verdicts.append(_verdict_change(row, criterion))
    for number, version in versions.items():
        of_values, of_verdicts = found[number]
        told = changes_among(sorted(of_values, key=_in_order), sorted(of_verdicts, key=_in_order), version, user)
        trail.writes.extend(WrittenIn(number, each) for each in told)
    trail.writes.sort(key=lambda each: (each.written.change.at, each.version), reverse=True)
    return trail


def _in_order(change: Any) -> tuple[int, int]:
    return change.row_id, change.row_version


# One row of the answer as the object that pages print, not saved


def _event(row: Any) -> ReportEvent:
    version = ReportVersion(number=row.said_number) if row.said_number else None
    by = User(full_name=row.said_by) if row.said_by else None
    return ReportEvent(pk=row.said_pk, version=version, action=row.said_1, note=row.said_2, by=by, at=row.said_at)


def _version(row: Any, report: QuarterlyReport) -> ReportVersion:
    return ReportVersion(
        report=report,
        number=row.said_number,
        opened_at=row.said_opened,
        based_on_id=row.said_based,
        state=row.said_state,
        holder_id=row.said_holder,
    )


def _value_change(row: Any, indicator: Indicator) -> ValueChange:
    quarter = Period(year=row.said_year, quarter=row.said_quarter)
    same_as = ReportVersion(report=QuarterlyReport(period=quarter)) if row.said_year else None
    return ValueChange(
        pk=row.said_pk,
        row=IndicatorValue(pk=row.said_row, indicator=indicator),
        row_version=row.said_row_version,
        by=User(full_name=row.said_by),
        at=row.said_at,
        value=row.said_value,
        numerator=row.said_numerator,
        denominator=row.said_denominator,
        absence=row.said_1,
        absence_reason=row.said_2,
        note=row.said_3,
        explanation=row.said_4,
        same_as=same_as,
    )


def _verdict_change(row: Any, criterion: Criterion) -> VerdictChange:
    return VerdictChange(
        pk=row.said_pk,
        row=CriterionVerdict(pk=row.said_row, criterion=criterion),
        row_version=row.said_row_version,
        by=User(full_name=row.said_by),
        at=row.said_at,
        claimed=row.said_1,
        claim_reason=row.said_2,
        verified=row.said_3,
        verified_reason=row.said_4,
        fragile=bool(row.said_year),
        fragile_reason=row.said_5,
    )


# The columns, the same for the three tables: empty where one has nothing to say


_TEXT, _NUMBER = Value("", CharField()), Value(None, IntegerField())
_AMOUNT = Value(None, DecimalField(max_digits=20, decimal_places=6))

_SAID = {
    **dict.fromkeys(("said_value", "said_numerator", "said_denominator"), _AMOUNT),
    **dict.fromkeys(("said_row", "said_row_version", "said_of", "said_year", "said_quarter"), _NUMBER),
    **{f"said_{n}": _TEXT for n in range(1, 6)},
}
_NAMES = (
    *("said_kind", "said_pk", "said_at", "said_by", "said_number"),
    *("said_opened", "said_based", "said_state", "said_holder"),
    *_SAID,
)
_ROW = {"said_row": F("row"), "said_row_version": F("row_version")}
_VALUE = _ROW | {
    "said_of": F("row__indicator"),
    "said_value": F("value"),
    "said_numerator": F("numerator"),
    "said_denominator": F("denominator"),
    "said_year": F("same_as__report__period__year"),
    "said_quarter": F("same_as__report__period__quarter"),
    "said_1": F("absence"),
    "said_2": F("absence_reason"),
    "said_3": F("note"),
    "said_4": F("explanation"),
}
_VERDICT = _ROW | {
    "said_year": Cast("fragile", IntegerField()),
    "said_1": F("claimed"),
    "said_2": F("claim_reason"),
    "said_3": F("verified"),
    "said_4": F("verified_reason"),
    "said_5": F("fragile_reason"),
}
_EVENT = {"said_1": F("action"), "said_2": F("note")}


def _columns(kind: str, version: str, **said: Any) -> dict[str, Any]:
    return {
        "said_kind": Value(kind, CharField()),
        "said_pk": F("pk"),
        "said_at": F("at"),
        "said_by": Coalesce(NullIf(F("by__full_name"), Value("")), F("by__username"), Value("")),
        "said_number": F(f"{version}__number"),
        "said_opened": F(f"{version}__opened_at"),
        "said_based": F(f"{version}__based_on"),
        "said_state": F(f"{version}__state"),
        "said_holder": F(f"{version}__holder"),
        **(_SAID | said),
    }
