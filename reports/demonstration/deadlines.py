"""The committees that were urged on: the one that sent nothing, twice, and one that has a returned report to answer."""

from datetime import date

from communes.models import Duty, User
from ntm_tracker import clock
from reports import workflow
from reports.models import QuarterlyReport

from .files import rows
from .history import moment


def tell() -> None:
    """Write the urges of the file, each on its day, by the reviewer of the province."""
    for row in rows("urges.csv"):
        year, quarter = row["quarter"].split("-")
        report = QuarterlyReport.objects.for_page().get(
            commune__code=row["commune"], period__year=year, period__quarter=quarter
        )
        reviewer = User.objects.get(assignments__duty=Duty.REVIEWER, assignments__province=report.commune.province_id)
        with clock.at(moment(date.fromisoformat(row["day"]), 9)):
            workflow.urge(report, text=row["text"], by=reviewer)
