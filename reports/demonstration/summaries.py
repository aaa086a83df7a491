"""The quarterly summaries of the demonstration: what the lead published, and when."""

from datetime import date

from communes.models import Duty, Programme, User
from ntm_tracker import clock
from reports import summaries
from reports.models import Period

from .files import rows
from .history import moment


def tell() -> None:
    """Every issue of the file, in the order of time, with the figures as they stood on its day."""
    lead = User.objects.get(assignments__duty=Duty.LEAD)
    programme = Programme.objects.order_by("pk")[0]
    periods = {period.code: period for period in Period.objects.all()}
    for row in sorted(rows("summaries.csv"), key=lambda row: row["published_on"]):
        with clock.at(moment(date.fromisoformat(row["published_on"]), 15)):
            summaries.publish(programme, periods[row["quarter"]], note=row["note"], by=lead)
