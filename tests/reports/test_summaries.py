"""What is published of a quarter stays as it was published, and only what has changed makes a further issue."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from communes.models import Commune, Duty, Membership, Province, User
from ntm_tracker import clock
from reports import entry, summaries, workflow
from reports.figure_changes import Changed, differences, number_of
from reports.figures import CellFigures, CommuneFigures, Figures, TargetFigures, figures_of
from reports.models import (
    CriterionVerdict,
    QuarterlyReport,
    Summary,
    SummaryCell,
    SummaryCommune,
    SummaryTarget,
)
from reports.standing import Count, Quarter, standing
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

MET, NOT_MET, NO_DATA = "met", "not_met", "no_data"


def accept_on(day: str, commune: str, quarter: str, **filling: Any) -> QuarterlyReport:
    with clock.at(moment(day)):
        return factories.make_accepted(commune, quarter, **filling)


def publish(quarter: str = "2014-4", note: str = "", by: User | None = None, **shown: str | None) -> Summary:
    lead = by or User.objects.filter(assignments__duty=Duty.LEAD).first() or factories.make_lead()
    return summaries.publish(factories.programme(), factories.period(quarter), note=note, by=lead, **shown)


def figures_now(quarter: str = "2014-4") -> Figures:
    return figures_of(standing(factories.programme(), factories.period(quarter), clock.today()))


def figures_in(summary: Summary) -> Figures:
    return summaries.read(summaries.issues("pilot-11"))[summary.pk]


def correct(report: QuarterlyReport, **filling: Any) -> None:
    """Open a correction of the accepted version and see it through."""
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    why = StepData(reason="Nhập nhầm.")
    workflow.take_step(factories.official(report), "open_correction", by=signer, data=why)
    factories.fill_in(report, signer, **filling)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)


@pytest.fixture
def report() -> Iterator[QuarterlyReport]:
    """Thanh Chăn with a gain, a loss and a fragile criterion; Gia Phố known from the quarter before only."""
    accept_on("2014-10-04", "Thanh Chăn", "2014-3", verdicts={10: NOT_MET})
    accept_on("2014-10-04", "Gia Phố", "2014-3", verdicts={5: NO_DATA})
    with clock.at(moment("2015-01-04")):
        report = factories.make_in_review("Thanh Chăn", "2014-4", verdicts={12: NOT_MET})
        version = factories.working(report)
        assert version.holder is not None
        row = CriterionVerdict.objects.get(version=version, criterion__number=10)
        content = {"verified": MET, "verified_reason": "", "fragile": True, "fragile_reason": "Sát mức chuẩn"}
        entry.save_review(version, [entry.Write(row.criterion, row.row_version, content)], by=version.holder)
        factories.accept(report, version.holder)
    with clock.at(moment("2015-01-08", "15:00")):
        yield report


def test_an_issue_says_exactly_what_stood_on_its_day(report: QuarterlyReport) -> None:
    summary = publish()

    said = figures_in(summary)

    assert said == figures_now()
    assert (summary.issue, summary.as_of, str(summary)) == (1, date(2015, 1, 8), "Summary of quarter IV/2014, issue 1")
    by_name = {row.name: row for row in said.communes}
    assert len(said.communes) == 11
    mine, late = by_name["Thanh Chăn"], by_name["Gia Phố"]
    assert mine.cells[10] == CellFigures(MET, "", "gained", None, True, "Sát mức chuẩn")
    assert mine.cells[12][:4] == (NOT_MET, "", "lost", Quarter(2014, 4))
    assert (mine.counts.met, mine.is_reported, mine.version) == (18, True, factories.official(report).pk)
    assert (late.is_reported, late.known_from, late.cells[5].last_known) == (False, Quarter(2014, 3), NO_DATA)
    assert by_name["Hải Đường"].version is None
    assert [target.communes for target in said.targets] == [11, 11]
