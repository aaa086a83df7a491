"""Can a report be accepted together with others, without being looked at one by one?

Only where nobody disagrees, nothing is lost, every soft check is explained and no item is open. The page that offers it
and the write ask the same function; what is accepted goes through `workflow.take_step` like everything else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communes.models import User
from criteria.catalogue import load_catalogues

from . import workflow
from .changes import GOOD, Background, values_of, verdicts_of
from .checks import soft_checks
from .judging import CriterionSheet, Sheet, judge
from .models import CriterionVerdict, IndicatorValue, QuarterlyReport, ReportVersion
from .workflow import Action, Refused


@dataclass(frozen=True)
class Readiness:
    """What keeps a version from being accepted together with others, and in which state it was read."""

    obstacles: list[str]
    seen: str

    @property
    def is_ready(self) -> bool:
        return not self.obstacles

    @property
    def sentence(self) -> str:
        """What keeps it from that: “2 disagreements, 1 loss”; empty when nothing does."""
        return ", ".join(self.obstacles)


def readiness(sheet: Sheet, background: Background, open_items: int) -> Readiness:
    """Whether a version in review is ready, from what `read_beside` gives and how many items are open. No query."""
    return Readiness(list(_obstacles(sheet, background, open_items)), state_of(sheet))


def _obstacles(sheet: Sheet, background: Background, open_items: int) -> Iterator[str]:
    if n := sum(not _agree(criterion) for criterion in sheet.criteria):
        yield ngettext("%(n)s disagreement", "%(n)s disagreements", n) % {"n": n}
    if n := sum(_is_lost(criterion, background) for criterion in sheet.criteria):
        yield ngettext("%(n)s loss", "%(n)s losses", n) % {"n": n}
    if n := sum(not check.is_explained for check in soft_checks(sheet, background)):
        yield ngettext("%(n)s unexplained point", "%(n)s unexplained points", n) % {"n": n}
    if open_items:
        yield ngettext("%(n)s open item", "%(n)s open items", open_items) % {"n": open_items}
    if n := len(workflow.missing_before_acceptance(sheet.version, sheet, [])):
        yield ngettext("%(n)s verdict or reason missing", "%(n)s verdicts or reasons missing", n) % {"n": n}


def _agree(criterion: CriterionSheet) -> bool:
    """Whether the committee, the rule and the reviewer say the same of a criterion."""
    return criterion.claimed == criterion.computed == criterion.verified


def _is_lost(criterion: CriterionSheet, background: Background) -> bool:
    """Whether a criterion that counted as met in the last accepted quarter no longer does."""
    return background.before(criterion) in GOOD and not (criterion.computed in GOOD and criterion.verified in GOOD)


def state_of(sheet: Sheet) -> str:
    """A short text that is another one when anything in the version was written since."""
    written = sum(criterion.row.row_version for criterion in sheet.criteria if criterion.row)
    return f"{sheet.version.revision}-{written}"


def read_all(reports: Iterable[QuarterlyReport]) -> dict[int, Readiness]:
    """The readiness of versions in review by their key. Three queries, however many there are.

    The reports come from `in_work` and `with_quarter_before`.
    """
    found = {}
    for sheet, background in read_all_beside(reports):
        open_items: int = sheet.version.report.open_items  # type: ignore[attr-defined]  # from in_work
        found[sheet.version.pk] = readiness(sheet, background, open_items)
    return found


def read_all_beside(reports: Iterable[QuarterlyReport]) -> Iterator[tuple[Sheet, Background]]:
    """What `read_beside` gives for the version in work of each report. Three queries, however many there are.

    The reports come from `with_quarter_before`, with province, period and version in work.
    """
    versions = [_working(report) for report in reports]
    catalogues = load_catalogues(version.report.period.criteria_set_id for version in versions)
    wanted = {pk for version in versions for pk in _compared(version)}
    values: dict[int, list[IndicatorValue]] = {pk: [] for pk in wanted}
    verdicts: dict[int, list[CriterionVerdict]] = {pk: [] for pk in wanted}
    for value in values_of(Q(version__in=wanted)):
        values[value.version_id].append(value)
    for verdict in verdicts_of(Q(version__in=wanted)):
        verdicts[verdict.version_id].append(verdict)
    for version in versions:
        report = version.report
        catalogue = catalogues.of(report.period.criteria_set_id, report.commune.province.region_id)
        sheet = judge(version, catalogue, values[version.pk], verdicts[version.pk])
        rows = _compared(version)
        yield (
            sheet,
            Background(
                version,
                [row for pk in rows for row in values[pk]],
                [row for pk in rows for row in verdicts[pk]],
            ),
        )


def _working(report: QuarterlyReport) -> ReportVersion:
    """The version in work, knowing its report."""
    assert report.working is not None
    report.working.report = report
    return report.working


def _compared(version: ReportVersion) -> list[int]:
    """The keys of the version, of the one sent before it and of the last accepted quarter."""
    before: int | None = version.report.quarter_before  # type: ignore[attr-defined]  # from with_quarter_before
    return [pk for pk in (version.pk, version.based_on_id, before) if pk]


def accept_if_ready(version: ReportVersion, *, seen: str, by: User) -> ReportVersion:
    """Accept a version that is ready and still as it was `seen`. Raises `Refused` with the reasons otherwise.

    Everything is asked again under lock, in the transaction of the acceptance itself.
    """
    with transaction.atomic():
        version = workflow.lock(version)
        if reason := workflow.why_not(by, version, Action.ACCEPT):
            raise workflow.NotAllowed(reason)
        report = QuarterlyReport.objects.in_work().with_quarter_before().get(pk=version.report_id)
        now = read_all([report])[version.pk]
        if not now.is_ready:
            raise Refused(_("Not ready: %(reasons)s.") % {"reasons": now.sentence})
        if now.seen != seen:
            raise Refused(_("It was changed after this page was shown. Please look at it again."))
        return workflow.take_step(version, Action.ACCEPT, by=by)
