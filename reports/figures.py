"""What do the figures of a quarter say? As plain values: the same of a published issue and of what would be one now."""

from datetime import date
from typing import NamedTuple

from .standing import Cell, CommuneRow, Count, Quarter, Standing, quarter_of


class CellFigures(NamedTuple):
    """What is said of one criterion of a commune."""

    verdict: str
    last_known: str
    mark: str
    lost_in: Quarter | None
    fragile: bool
    reason: str

    @property
    def shown(self) -> str:
        return self.last_known or self.verdict


class CommuneFigures(NamedTuple):
    """What is said of a commune, and by which version of its report; the cells by number of the criterion."""

    commune: int
    name: str
    province: str
    version: int | None
    report: int | None
    number: int | None
    is_reported: bool
    is_being_corrected: bool
    known_from: Quarter | None
    outcome: str
    counts: Count
    cells: dict[int, CellFigures]


class TargetFigures(NamedTuple):
    """What is said of a target: how many communes are complete, basically complete, not, or unknown."""

    due_on: date
    required: int
    verdict: str
    complete: int
    basically: int
    incomplete: int
    unknown: int

    @property
    def communes(self) -> int:
        return self.complete + self.basically + self.incomplete + self.unknown


class Figures(NamedTuple):
    """All that an issue says. `criteria` are their keys by number."""

    criteria: dict[int, int]
    communes: list[CommuneFigures]
    targets: list[TargetFigures]


def figures_of(standing: Standing) -> Figures:
    """The figures as they stand."""
    return Figures(
        {criterion.number: criterion.pk for criterion in standing.criteria},
        [_commune_figures(row) for row in standing.rows],
        [
            TargetFigures(
                target.due_on,
                target.required,
                target.verdict,
                len(target.complete),
                len(target.basically),
                len(target.missing) - len(target.basically),
                len(target.unknown),
            )
            for target in standing.targets
        ],
    )


def _commune_figures(row: CommuneRow) -> CommuneFigures:
    known = row.known
    return CommuneFigures(
        row.commune.pk,
        row.commune.name,
        row.commune.province.name,
        known.version if known else None,
        known.report if known else None,
        known.number if known else None,
        row.is_reported,
        row.is_being_corrected,
        quarter_of(row.known_from) if row.known_from else None,
        row.outcome,
        row.count,
        {cell.number: _cell_figures(cell) for cell in row.cells},
    )


def _cell_figures(cell: Cell) -> CellFigures:
    reason = (cell.judged.fragile_reason or cell.judged.verified_reason) if cell.judged else ""
    return CellFigures(cell.verdict, cell.last_known, cell.mark, cell.lost_in, cell.fragile, reason)


def said(communes: list[CommuneFigures]) -> dict[int, CommuneFigures]:
    """What is said of each commune, whatever it is called and whether or not a correction is in work."""
    return {row.commune: row._replace(name="", province="", is_being_corrected=False) for row in communes}
