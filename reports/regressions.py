"""What was lost from one quarter to the next? Found at every acceptance, by period and not by time of acceptance.

A regression belongs to the report of the quarter in which the criterion was lost. It holds as long as what is in
force says so; what the committee says to it is in `explanations`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from communes.models import Commune
from criteria.rules import Verdict
from ntm_tracker import clock

from .models import CriterionVerdict, QuarterlyReport, Regression
from .standing import LOST, mark


@dataclass(frozen=True)
class Loss:
    """A criterion that a report has lost, and the version of an earlier quarter that had it as met."""

    report: QuarterlyReport
    criterion: int
    version: int
    before: int


def rebuild(commune: Commune) -> list[QuarterlyReport]:
    """Bring the regressions of the commune in line with what is in force; returns the reports that lost something new.

    A regression that no longer holds ends; nothing is deleted. Call it in the transaction that changed what is in
    force. Four to six queries, however many quarters there are.
    """
    Commune.objects.select_for_update().only("pk").get(pk=commune.pk)  # two acceptances at once find a loss once
    now = clock.now()
    open_rows = Regression.objects.holding().filter(report__commune=commune)
    holding = {(row.report_id, row.criterion_id): row.pk for row in open_rows}
    losses = {(loss.report.pk, loss.criterion): loss for loss in _losses(commune)}
    if ended := [pk for key, pk in holding.items() if key not in losses]:
        Regression.objects.filter(pk__in=ended).update(until=now)
    new = [loss for key, loss in losses.items() if key not in holding]
    Regression.objects.bulk_create(
        [
            Regression(
                report=loss.report,
                criterion_id=loss.criterion,
                version_id=loss.version,
                before_id=loss.before,
                since=now,
            )
            for loss in new
        ]
    )
    return list({loss.report.pk: loss.report for loss in new}.values())


def _losses(commune: Commune) -> Iterator[Loss]:
    """Everything that any quarter of the commune lost, by what is in force. Two queries."""
    reports = QuarterlyReport.objects.filter(commune=commune, in_force__isnull=False)
    by_version = {
        report.in_force_id: report
        for report in reports.select_related("commune__province", "period", "in_force").order_by(
            "period__year", "period__quarter"
        )
    }
    verdicts: dict[int, dict[int, tuple[int, str]]] = {version: {} for version in by_version if version}
    rows = CriterionVerdict.objects.filter(version__in=verdicts).order_by()
    for version, criterion, number, verified in rows.values_list(
        "version", "criterion", "criterion__number", "verified"
    ):
        verdicts[version][number] = criterion, verified
    earlier: list[int] = []
    for version, of_quarter in verdicts.items():
        for number, (criterion, now) in of_quarter.items():
            past = [(each, verdicts[each][number][1]) for each in reversed(earlier) if number in verdicts[each]]
            if mark(now, [verdict for _version, verdict in past]) == LOST:
                before = next(each for each, verdict in past if verdict == Verdict.MET)
                yield Loss(by_version[version], criterion, version, before)
        earlier.append(version)
