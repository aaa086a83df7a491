"""What was published of a quarter? The figures as a lead put them out, in numbered issues.

An issue is written once, row by row, and read from its rows alone: whatever is accepted, corrected or renamed later,
it stays as it was published. A later change becomes a further issue with a note.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Count as CountOf
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from communes.models import Commune, Programme, Province, User
from criteria.models import Criterion
from ntm_tracker import clock

from . import permissions
from .figure_changes import Changed, differences
from .figures import CellFigures, CommuneFigures, Figures, TargetFigures, figures_of, said
from .models import Period, Summary, SummaryCell, SummaryCommune, SummaryTarget
from .standing import (
    COMPLETE,
    Cell,
    CommuneRow,
    Count,
    Goal,
    History,
    Judged,
    Known,
    Quarter,
    Standing,
    load_history,
    quarter_of,
    stand,
    totals,
)
from .workflow import NotAllowed, Refused

# What was published


@dataclass(frozen=True)
class Issue:
    """One issue: how many communes are complete by their reports of the quarter, of how many, and the targets."""

    summary: Summary
    complete: int
    communes: int
    targets: list[TargetFigures]


def issues(programme: str, quarter: str = "") -> list[Issue]:
    """What was published of a programme, or of one quarter, by their codes. One query.

    The newest quarter comes first, and in it the newest issue.
    """
    summaries = Summary.objects.filter(programme__code=programme)
    if quarter:
        summaries = summaries.filter(_is_of(quarter))
    communes = SummaryCommune.objects.filter(summary=OuterRef("pk")).order_by().values("summary")
    number = communes.annotate(n=CountOf("pk")).values("n")
    rows = (
        summaries.select_related("programme", "period", "published_by")
        .annotate(
            number=Subquery(number),
            complete=Subquery(number.filter(outcome=COMPLETE, is_reported=True)),
            **{f"target_{column}": F(f"targets__{column}") for column in TargetFigures._fields},
        )
        .order_by("-period__year", "-period__quarter", "-issue", "targets__due_on")
    )
    found: dict[int, Issue] = {}
    for row in rows:
        issue = found.setdefault(row.pk, Issue(row, row.complete or 0, row.number or 0, []))
        if row.target_due_on is not None:
            issue.targets.append(TargetFigures(*(getattr(row, f"target_{column}") for column in TargetFigures._fields)))
    return list(found.values())


def _is_of(quarter: str) -> Q:
    """The condition that a summary is about the quarter with this code, such as 2014-4."""
    parts = re.fullmatch(r"([0-9]{4})-([1-4])", quarter)
    return Q(period__year=parts[1], period__quarter=parts[2]) if parts else Q(pk__in=[])


def read(issues: Iterable[Issue]) -> dict[int, Figures]:
    """What these issues say, from their rows alone, by the key of the summary. One query."""
    targets = {issue.summary.pk: issue.targets for issue in issues}
    found = _rows(Summary.objects.filter(pk__in=targets))
    return {pk: found[pk][1]._replace(targets=targets[pk]) for pk in targets}


COMMUNE_COLUMNS = {
    "commune": "commune",
    "name": "name",
    "province": "province_name",
    "version": "version",
    "report": "version__report",
    "number": "version__number",
    "is_reported": "is_reported",
    "is_being_corrected": "is_being_corrected",
    "known_year": "known_from__year",
    "known_quarter": "known_from__quarter",
    "outcome": "outcome",
    **{column: column for column in ("met", "basic", "not_met", "not_considered", "no_data")},
}
CELL_COLUMNS = {
    "criterion": "criterion",
    "criterion_number": "criterion__number",
    "verdict": "verdict",
    "last_known": "last_known",
    "mark": "mark",
    "lost_year": "lost_in__year",
    "lost_quarter": "lost_in__quarter",
    "fragile": "fragile",
    "reason": "reason",
}


def _rows(summaries: QuerySet[Any], only: Collection[int] | None = None) -> dict[int, tuple[Any, Figures]]:
    """Each summary, as one of its raw rows, with what it says of the communes, or of `only` some. One query.

    The targets are not among it.
    """
    wanted = Q() if only is None else Q(communes__commune__in=only)
    columns = {f"of_{name}": F(f"line__{column}") for name, column in COMMUNE_COLUMNS.items()}
    columns |= {f"of_{name}": F(f"line__cells__{column}") for name, column in CELL_COLUMNS.items()}
    rows = (
        summaries.annotate(line=FilteredRelation("communes", condition=wanted))
        .annotate(**columns)
        .order_by("pk", "line__position", "line__cells__criterion__number")
        .values_list("pk", "issue", "published_at", *columns, named=True)
    )
    found: dict[int, tuple[Any, Figures]] = {}
    for row in rows:
        _first, figures = found.setdefault(row.pk, (row, Figures({}, [], [])))
        if row.of_commune is None:
            continue
        if not figures.communes or figures.communes[-1].commune != row.of_commune:
            figures.communes.append(_commune_row(row))
        if row.of_criterion is not None:
            figures.criteria.setdefault(row.of_criterion_number, row.of_criterion)
            figures.communes[-1].cells[row.of_criterion_number] = _cell_row(row)
    return found


def _commune_row(row: Any) -> CommuneFigures:
    return CommuneFigures(
        row.of_commune,
        row.of_name,
        row.of_province,
        row.of_version,
        row.of_report,
        row.of_number,
        row.of_is_reported,
        row.of_is_being_corrected,
        Quarter(row.of_known_year, row.of_known_quarter) if row.of_known_year else None,
        row.of_outcome,
        Count(row.of_met, row.of_basic, row.of_not_met, row.of_not_considered, row.of_no_data),
        {},
    )


def _cell_row(row: Any) -> CellFigures:
    return CellFigures(
        row.of_verdict,
        row.of_last_known,
        row.of_mark,
        Quarter(row.of_lost_year, row.of_lost_quarter) if row.of_lost_year else None,
        row.of_fragile,
        row.of_reason,
    )


def criteria_of(*figures: Figures) -> dict[int, Criterion]:
    """The criteria that the figures are about, by number, with their groups. One query."""
    keys = {key for each in figures for key in each.criteria.values()}
    found = Criterion.objects.filter(pk__in=keys).select_related("group").order_by("number")
    return {criterion.number: criterion for criterion in found}


def as_published(issue: Issue, figures: Figures, criteria: Mapping[int, Criterion]) -> Standing:
    """The issue in the shape of a standing, for whatever tells one; its targets are told by the issue itself."""
    of_issue = [criteria[number] for number in figures.criteria]
    rows = [_row_as_published(row, of_issue) for row in figures.communes]
    return Standing(
        period=issue.summary.period,
        previous=None,
        baseline=None,
        as_of=issue.summary.as_of,
        is_provisional=False,
        criteria=of_issue,
        rows=rows,
        columns=totals(of_issue, rows),
        targets=[],
    )


def _row_as_published(row: CommuneFigures, criteria: list[Criterion]) -> CommuneRow:
    known = None
    if row.version is not None and row.number is not None and row.report is not None:
        known = Known(row.version, row.number, row.report, is_being_corrected=row.is_being_corrected)
    return CommuneRow(
        commune=Commune(pk=row.commune, name=row.name, province=Province(name=row.province)),
        known=known,
        is_reported=row.is_reported,
        known_from=Period(year=row.known_from.year, quarter=row.known_from.quarter) if row.known_from else None,
        cells=[_cell_as_published(criterion, row.cells[criterion.number]) for criterion in criteria],
        count=row.counts,
        since_previous=None,
        since_baseline=None,
        owed=None,
    )


def _cell_as_published(criterion: Criterion, cell: CellFigures) -> Cell:
    judged = Judged(cell.shown, fragile=cell.fragile, verified_reason=cell.reason)
    return Cell(criterion, cell.verdict, cell.last_known, judged, cell.mark, cell.lost_in)


# What boards say of it


@dataclass(frozen=True)
class Published:
    """The newest issue of the quarter that a board shows, and whether the board shows other figures."""

    summary: Summary
    is_changed: bool


def published(programme: Programme, standing: Standing, *, only: Collection[int] | None = None) -> Published | None:
    """The newest issue of the quarter by the day of the standing, compared with its rows; of `only` some communes.

    One query. Provisional figures are not compared.
    """
    of_quarter = Summary.objects.filter(
        programme=programme, period=standing.period, published_at__lte=clock.end_of_day(standing.as_of)
    )
    newest = of_quarter.order_by("-issue").values("pk")[:1]
    for row, figures in _rows(of_quarter.filter(pk=Subquery(newest)), only).values():
        summary = Summary(
            pk=row.pk, programme=programme, period=standing.period, issue=row.issue, published_at=row.published_at
        )
        now = figures_of(standing)
        changed = not standing.is_provisional and said(figures.communes) != said(now.communes)
        return Published(summary, changed)
    return None


def with_issue(versions: QuerySet[Any]) -> QuerySet[Any]:
    """The versions, with the newest issue of their quarter that stands on them.

    `issue` is its number and `issue_programme` the code of its programme. No query.
    """
    rows = SummaryCommune.objects.filter(version=OuterRef("pk"), summary__period=OuterRef("report__period"))
    newest = rows.order_by("-summary__issue", "summary__programme")
    return versions.annotate(
        issue=Subquery(newest.values("summary__issue")[:1]),
        issue_programme=Subquery(newest.values("summary__programme__code")[:1]),
    )


# Publishing


@dataclass(frozen=True)
class Prospect:
    """What an issue of the quarter would say now, beside the newest one."""

    standing: Standing
    figures: Figures
    newest: Issue | None
    changes: list[Changed]

    @property
    def issue(self) -> int:
        return self.newest.summary.issue + 1 if self.newest else 1

    @property
    def obstacle(self) -> str:
        """Why there is nothing to publish; empty when there is something."""
        if not self.standing.reported:
            return _("No report of this quarter is accepted, so there is nothing to publish.")
        if self.newest and not self.changes:
            return _("Nothing has changed since issue %(issue)s.") % {"issue": self.newest.summary.issue}
        return ""

    @property
    def digest(self) -> str:
        """A short text that is another one when anything of what would be published is."""
        return sha256(repr((self.issue, self.standing.as_of, self.figures)).encode()).hexdigest()[:32]


def prospects(programme: Programme, published: list[Issue], *, goals: list[Goal] | None = None) -> list[Prospect]:
    """What every quarter would say now, beside its newest issue among `published`; newest quarter first.

    Six queries; one less with `goals`.
    """
    history = load_history(programme, clock.today(), goals=goals)
    newest: dict[int, Issue] = {}
    for issue in published:
        newest.setdefault(issue.summary.period_id, issue)
    known = read(newest.values())
    return [_prospect(history, period, newest.get(period.pk), known) for period in reversed(history.periods)]


def prospect(programme: Programme, quarter: str, *, goals: list[Goal] | None = None) -> Prospect | None:
    """What an issue of the quarter with this code would say now; None while the quarter is not opened.

    Seven queries; one less with `goals`, and one less without an earlier issue.
    """
    history = load_history(programme, clock.today(), goals=goals)
    period = next((period for period in history.periods if period.code == quarter), None)
    if period is None:
        return None
    newest = issues(programme.code, quarter)[:1]
    return _prospect(history, period, newest[0] if newest else None, read(newest) if newest else {})


def _prospect(history: History, period: Period, newest: Issue | None, known: Mapping[int, Figures]) -> Prospect:
    standing = stand(history, period)
    figures = figures_of(standing)
    changes = []
    if newest:
        criteria = {criterion.number: criterion for criterion in standing.criteria}
        changes = differences(known[newest.summary.pk], figures, criteria)
    return Prospect(standing, figures, newest, changes)


def publish(programme: Programme, period: Period, *, note: str, by: User, shown: str | None = None) -> Summary:
    """Put out the figures of the quarter as they stand, as the next issue.

    `shown` is the digest of what `by` was shown. Raises `NotAllowed`, or `Refused` when there is nothing new, a later
    issue has no note, or the figures are not those that were shown.
    """
    if not permissions.can_publish(by):
        raise NotAllowed(_("Only a ministry lead for the whole country can publish a summary."))
    with transaction.atomic():
        # Whoever comes second waits here, and then finds the issue of the first.
        Period.objects.select_for_update().get(pk=period.pk)
        found = prospect(programme, period.code)
        if found is None:
            raise Refused(_("This quarter is not opened yet, so there is nothing to publish."))
        if found.obstacle:
            raise Refused(found.obstacle)
        if shown is not None and shown != found.digest:
            raise Refused(
                _(
                    "The figures were changed after this page was shown. Please read them again: "
                    "what is published must be what was shown."
                )
            )
        if found.newest and not note.strip():
            raise Refused(_("Please write what changed since the issue before."))
        return _write(programme, found, note.strip(), by)


def _write(programme: Programme, found: Prospect, note: str, by: User) -> Summary:
    """The issue with all its rows. Five queries."""
    figures = found.figures
    quarters = {quarter_of(period): period.pk for period in Period.objects.all()}
    summary = Summary.objects.create(
        programme=programme,
        period=found.standing.period,
        issue=found.issue,
        as_of=found.standing.as_of,
        note=note,
        published_by=by,
        published_at=clock.now(),
    )
    SummaryTarget.objects.bulk_create(SummaryTarget(summary=summary, **target._asdict()) for target in figures.targets)
    rows = SummaryCommune.objects.bulk_create(
        SummaryCommune(
            summary=summary,
            commune_id=row.commune,
            name=row.name,
            province_name=row.province,
            position=position,
            version_id=row.version,
            is_reported=row.is_reported,
            is_being_corrected=row.is_being_corrected,
            known_from_id=quarters[row.known_from] if row.known_from else None,
            outcome=row.outcome,
            met=row.counts.met,
            basic=row.counts.basic,
            not_met=row.counts.not_met,
            not_considered=row.counts.not_considered,
            no_data=row.counts.no_data,
        )
        for position, row in enumerate(figures.communes, start=1)
    )
    SummaryCell.objects.bulk_create(
        SummaryCell(
            row=stored,
            criterion_id=figures.criteria[number],
            verdict=cell.verdict,
            last_known=cell.last_known,
            mark=cell.mark,
            lost_in_id=quarters[cell.lost_in] if cell.lost_in else None,
            fragile=cell.fragile,
            reason=cell.reason,
        )
        for stored, row in zip(rows, figures.communes, strict=True)
        for number, cell in row.cells.items()
    )
    return summary
