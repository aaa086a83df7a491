"""What verification leaves behind: explanations of what was lost, and notices, most of them seen long ago."""

from datetime import date, timedelta

from communes.models import Duty
from ntm_tracker import clock
from reports.explanations import Explanation, explain
from reports.models import Notice, Regression

from .files import rows
from .history import History, moment

NEW_SINCE = date(2014, 12, 11)
"""Notices of the last 30 days before the day of the demonstration are new."""


def tell(history: History) -> None:
    """The explanations of the file, each on its day by a signer, and what has been seen since."""
    for row in rows("regressions.csv"):
        year, quarter = row["quarter"].split("-")
        regression = Regression.objects.select_related("report__commune").get(
            report__commune__code=row["commune"],
            report__period__year=year,
            report__period__quarter=quarter,
            criterion__number=row["criterion"],
        )
        said = Explanation(
            regression.answers.count(), row["explanation"], row["recovery"], date.fromisoformat(row["regained_by"])
        )
        with clock.at(moment(date.fromisoformat(row["day"]), 10)):
            explain(regression, said, by=history.people[Duty.SIGNER, regression.report.commune.province_id])
    old = Notice.objects.filter(event__at__lt=moment(NEW_SINCE, 0))
    Notice.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(
        seen_at=moment(NEW_SINCE + timedelta(days=1), 8)
    )
