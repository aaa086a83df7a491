"""What lies behind one cell of the matrix? Its values, its threshold, the three verdicts and who verified."""

from dataclasses import dataclass

from django.urls import reverse

from criteria import rules
from ntm_tracker.templatetags.look import day, verdict_word

from .models import IndicatorValue
from .reading import level_of, say_threshold, say_value
from .standing import Cell, CommuneRow, Standing
from .telling import basis, marks, named


@dataclass(frozen=True)
class StoryLine:
    """One indicator: what was reported, what is asked for, the verdict."""

    name: str
    value: str
    reason: str
    threshold: str
    source: str
    verdict: str


@dataclass(frozen=True)
class Story:
    """One cell, told."""

    row: CommuneRow
    cell: Cell
    title: str
    basis: str
    marks: list[tuple[str, str]]
    lines: list[StoryLine]
    claimed: str
    computed: str
    verified: str
    verified_by: str
    verified_on: str
    version_url: str


def story(standing: Standing, name: str) -> Story | None:
    """The story of the cell called "commune-number"; None when there is no such cell. At most one query."""
    found = ((row, cell) for row in standing.rows for cell in row.cells if name == f"{row.commune.pk}-{cell.number}")
    row, cell = next(found, (None, None))
    if row is None or cell is None:
        return None
    known, judged = row.known, cell.judged
    is_official = known is not None and not known.is_provisional
    return Story(
        row=row,
        cell=cell,
        title=f"{row.commune.name} · {named(cell.criterion)}",
        basis=basis(row),
        marks=marks(cell),
        lines=_lines(known.version, cell.number) if known else [],
        claimed=verdict_word(judged.claimed) if judged and judged.claimed else "",
        computed=verdict_word(judged.computed) if judged and judged.computed else "",
        verified=verdict_word(judged.verdict) if judged and is_official else "",
        verified_by=known.accepted_by if known else "",
        verified_on=day(known.since) if known else "",
        version_url=reverse("reports:version", args=[known.report, known.number]) if known else "",
    )


def _lines(version: int, number: int) -> list[StoryLine]:
    rows = (
        IndicatorValue.objects.filter(version=version, indicator__criterion__number=number)
        .select_related("indicator", "threshold__region", "version")
        .order_by("indicator__position")
    )
    lines = []
    for row in rows:
        level = level_of(row)
        threshold = row.threshold
        region = threshold.region if threshold else None
        lines.append(
            StoryLine(
                name=str(row.indicator),
                value=say_value(row, row.indicator, level),
                reason=row.absence_reason or row.note,
                threshold=say_threshold(threshold, row.indicator),
                source=", ".join(
                    filter(None, [region.name if region else "", threshold.decision if threshold else ""])
                ),
                verdict=rules.judge_indicator(row.answer, level),
            )
        )
    return lines
