"""Is a report in time by its first submission alone, to the last second of the due day in Việt Nam?

Read where people read it: on the report's page, on the board of deadlines, in the state everybody may know.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from communes.models import User
from ntm_tracker import clock
from reports import entry, workflow
from reports.compliance import obligations, read_rows
from reports.lateness import deadline
from reports.models import DeadlineExtension, QuarterlyReport
from reports.standing import load_history, quarter_of
from reports.workflow import Refused, StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

DUE, EXTENDED = date(2015, 1, 5), date(2015, 1, 20)
SECOND = timedelta(seconds=1)


def end_of(day: date) -> datetime:
    """Midnight in Việt Nam after the day: its first moment that is too late."""
    return moment((day + timedelta(days=1)).isoformat(), "00:00")


@pytest.fixture
def report() -> QuarterlyReport:
    with clock.at(moment("2014-12-20")):
        return factories.make_report()


@pytest.fixture
def signer(report: QuarterlyReport) -> User:
    signer = factories.signer_of(report.commune)
    with clock.at(moment("2015-01-02")):
        factories.fill_in(report, signer)
    return signer


def extend(report: QuarterlyReport) -> None:
    with clock.at(moment("2015-01-04")):
        workflow.extend_deadline(report, new_due=EXTENDED, reason="Mưa lũ", by=factories.make_lead())


def days_late(report: QuarterlyReport) -> int:
    """By how many days it is or was late, the same wherever it is said."""
    stored = QuarterlyReport.objects.with_due().select_related("period", "commune").get(pk=report.pk)
    owed = obligations(factories.programme(), [stored.period])
    [row] = read_rows([stored.commune], [stored.period], owed, clock.today())
    [cell] = row.cells
    assert cell is not None
    assert stored.days_late == deadline(stored).days_late == cell.days_late
    assert (cell.kind in ("late", "missing")) is (cell.days_late > 0)
    return cell.days_late


def known_state(report: QuarterlyReport) -> str:
    """How far it has come, as everybody may know."""
    history = load_history(factories.programme(), clock.today())
    return history.owed[report.commune_id][quarter_of(report.period)].state


@pytest.mark.parametrize("due", [DUE, EXTENDED])
@pytest.mark.parametrize(
    ("after", "late"),
    [(timedelta(days=-1), 0), (-SECOND, 0), (timedelta(0), 1), (timedelta(days=1) - SECOND, 1), (timedelta(days=1), 2)],
)
def test_the_day_counts_to_its_last_second(
    report: QuarterlyReport, signer: User, due: date, after: timedelta, late: int
) -> None:
    if due == EXTENDED:
        extend(report)

    with clock.at(end_of(due) + after):
        assert days_late(report) == late
        assert known_state(report) == ("overdue" if late else "not_submitted")
        factories.submit(report, signer)
        assert (days_late(report), known_state(report)) == (late, "submitted")
    with clock.at(moment("2015-06-30")):
        assert days_late(report) == late
        said = deadline(QuarterlyReport.objects.with_due().get(pk=report.pk)).sentence
        assert said.startswith("Sent in time" if not late else f"Sent on {end_of(due) + after:%d/%m/%Y}, {late} day")


def test_midnight_is_that_of_viet_nam(report: QuarterlyReport, signer: User) -> None:
    assert end_of(DUE) == datetime(2015, 1, 5, 17, 0, tzinfo=ZoneInfo("UTC"))

    with clock.at(datetime(2015, 1, 5, 16, 59, 59, tzinfo=ZoneInfo("UTC"))):
        factories.submit(report, signer)
    with clock.at(datetime(2015, 1, 31, 12, 0, tzinfo=ZoneInfo("UTC"))):
        assert days_late(report) == 0


def test_with_more_time_the_old_day_stays_on_record(report: QuarterlyReport, signer: User) -> None:
    extend(report)
    with clock.at(end_of(EXTENDED) - SECOND):
        factories.submit(report, signer)
        assert days_late(report) == 0

        with pytest.raises(Refused):
            workflow.extend_deadline(report, new_due=date(2015, 3, 1), reason="Mưa lũ", by=factories.make_lead())

    [extension] = DeadlineExtension.objects.filter(report=report)
    assert (extension.old_due, extension.new_due) == (DUE, EXTENDED)
    assert factories.reload(report).period.due_on == DUE


@pytest.mark.parametrize(("first", "late"), [(end_of(DUE) - SECOND, 0), (end_of(DUE), 1)])
def test_only_the_first_submission_counts_whatever_is_sent_again(
    report: QuarterlyReport, signer: User, first: datetime, late: int
) -> None:
    reviewer, lead = factories.reviewer_of(report.commune), factories.make_lead()
    why = StepData(reason="Nhầm số liệu.")

    def assert_unchanged(day: str) -> None:
        assert factories.reload(report).first_submitted_at == first
        with clock.at(moment(day)):
            assert days_late(report) == late

    with clock.at(first):
        factories.submit(report, signer)
    assert_unchanged("2015-01-06")
    with clock.at(moment("2015-01-07")):
        workflow.take_step(factories.working(report), "withdraw", by=signer)
    assert_unchanged("2015-02-01")
    with clock.at(moment("2015-02-02")):
        factories.submit(report, signer)
        factories.take_up(report, reviewer)
        factories.give_back(report, reviewer)
    assert_unchanged("2015-02-20")
    with clock.at(moment("2015-03-01")):
        factories.answer(report, signer)
        factories.submit(report, signer)
        factories.take_up(report, reviewer)
        entry.resolve_item(factories.working(report), report.review_items.get(), by=reviewer)
        factories.accept(report, reviewer)
    assert_unchanged("2015-03-02")
    with clock.at(moment("2015-03-10")):
        workflow.take_step(factories.official(report), "undo_accept", by=lead, data=why)
        factories.accept(report, reviewer)
        workflow.take_step(factories.official(report), "open_correction", by=signer, data=why)
        factories.submit(report, signer)
    assert_unchanged("2015-12-31")
