"""What lies with the ministry on the day of the demonstration: corrections of an earlier quarter, at different points.

The version accepted before stays in force under each of them, so that no published figure moves.
"""

from datetime import date, timedelta
from decimal import Decimal

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Period, QuarterlyReport
from reports.workflow import StepData

from .files import rows
from .history import Course, History, moment, working

CORRECTED = "14.3"
"""The indicator whose value the corrections change a little."""


def tell(history: History) -> None:
    """The corrections of `queue.csv`, in the order of the file."""
    for turn, row in enumerate(rows("queue.csv")):
        year, quarter = row["quarter"].split("-")
        period = Period.objects.get(year=year, quarter=quarter)
        report = QuarterlyReport.objects.for_page().get(commune__code=row["commune"], period=period)
        _tell_one(history, report, row, turn)


def _tell_one(history: History, report: QuarterlyReport, row: dict[str, str], turn: int) -> None:
    signer, editor, reviewer = (
        history.people[duty, report.commune.province_id] for duty in (Duty.SIGNER, Duty.EDITOR, Duty.REVIEWER)
    )
    _write(report, signer, editor, date.fromisoformat(row["opened"]), row["reason"], turn)
    sent = date.fromisoformat(row["sent"])
    with clock.at(moment(sent, 15, turn)):
        history.submit(report, signer, turn + 60)
    taken_up = sent + timedelta(days=1)
    first = _colleague(report, reviewer) if row["handed_over"] else reviewer
    with clock.at(moment(taken_up, 8, turn)):
        workflow.take_step(working(report), "take_up", by=first)
    if row["handed_over"]:
        with clock.at(moment(taken_up, 16, turn)):
            data = StepData(reason=row["handed_over"], to=reviewer)
            workflow.take_step(working(report), "reassign", by=first, data=data)
    if row["returned"]:
        day = taken_up + timedelta(days=1)
        history.give_back(report, reviewer, day, turn, Course(note=row["returned"]))
        with clock.at(moment(date.fromisoformat(row["answered"]), 9, turn)):
            for item in report.review_items.filter(resolved_at__isnull=True):
                entry.reply_to_item(working(report), item, "Đã rà soát lại, kèm danh sách.", by=editor)
            history.submit(report, signer, turn + 70)
        return
    history.verify(report, reviewer, history.periods.index(report.period), moment(taken_up, 17, turn))


def _write(report: QuarterlyReport, signer: User, editor: User, day: date, reason: str, turn: int) -> None:
    """The correction is opened and written."""
    assert report.in_force is not None
    report.in_force.report = report
    with clock.at(moment(day, 9, turn)):
        workflow.take_step(report.in_force, "open_correction", by=signer, data=StepData(reason=reason))
    with clock.at(moment(day, 14, turn)):
        version = working(report)
        row = version.values.select_related("indicator").get(indicator__code=CORRECTED)
        assert row.value is not None
        content = {"value": row.value + Decimal("0.2"), "note": reason}
        entry.save_rows(version, [entry.Write(row.indicator, row.row_version, content)], [], by=editor)


def _colleague(report: QuarterlyReport, reviewer: User) -> User:
    """Another reviewer of the province."""
    assignments = AreaAssignment.objects.filter(duty=Duty.REVIEWER, province=report.commune.province_id)
    return assignments.select_related("user").exclude(user=reviewer)[0].user
