"""How days are compared: the first submission, answers, the ministry's own targets, and the days of a period."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from django.utils import timezone

from reports.calendar import coming_days, stage
from reports.compliance import Cell, Handled, Tally, province_line, quarter_shares
from reports.lateness import Share, on_time, punctuality, within
from reports.models import Period, ReviewLimits
from reports.models.report import days_late

DUE, TODAY = date(2015, 1, 5), date(2015, 1, 10)


def january(day: int) -> date:
    return date(2015, 1, day)


@pytest.mark.parametrize(
    ("sent", "today", "kind", "late"),
    [
        (january(1), 4, "on_time", 0),
        (january(5), 10, "on_time", 0),
        (january(6), 10, "late", 1),
        (january(9), 30, "late", 4),
        (None, 5, "ahead", 0),
        (None, 6, "missing", 1),
        (None, 10, "missing", 5),
    ],
)
def test_a_day_is_kept_through_its_end_and_what_came_late_stays_as_late_as_it_came(
    sent: date | None, today: int, kind: str, late: int
) -> None:
    assert punctuality(DUE, sent, january(today)) == kind
    assert days_late(DUE, sent, january(today)) == late


@pytest.mark.parametrize(
    ("days", "share"),
    [
        ([], Share(0, 0)),
        ([(DUE, january(5), 1)], Share(1, 1)),
        ([(DUE, january(6), 1)], Share(0, 1)),
        ([(DUE, None, 1)], Share(0, 1)),
        # A day that is not over counts neither for nor against, whether the report is there or not.
        ([(TODAY, january(4), 3), (TODAY, None, 2)], Share(0, 0)),
        ([(january(9), january(4), 3), (january(9), None, 2), (TODAY, None, 9)], Share(3, 5)),
    ],
)
def test_the_share_in_time_is_of_all_whose_day_is_over(days: list[tuple[date, date | None, int]], share: Share) -> None:
    assert on_time(days, TODAY) == share


@pytest.mark.parametrize(
    ("spans", "share"),
    [
        ([], Share(0, 0)),
        ([(january(5), january(8), 1)], Share(1, 1)),
        ([(january(5), january(9), 1)], Share(0, 1)),
        ([(january(5), january(5), 1)], Share(1, 1)),
        # Still open: against only after its days.
        ([(january(7), None, 1)], Share(0, 0)),
        ([(january(6), None, 2)], Share(0, 2)),
        # Done early: for, before its days are over.
        ([(january(9), january(10), 4), (january(6), None, 1)], Share(4, 5)),
    ],
)
def test_the_share_within_target_days_is_of_what_is_done_or_took_longer(
    spans: list[tuple[date, date | None, int]], share: Share
) -> None:
    assert within(3, spans, TODAY) == share


def test_a_share_knows_its_percentage_unless_there_is_nothing() -> None:
    assert Share(2, 3).percent == Fraction(200, 3)
    assert Share(0, 0).percent is None


def cell(respond_by: date | None = None, answered_on: date | None = None, sent_on: date | None = DUE) -> Cell:
    return Cell(1, DUE, False, sent_on, respond_by, answered_on, 0, None, TODAY)


@pytest.mark.parametrize(
    ("given", "returned", "late", "waits"),
    [
        (cell(), False, 0, False),
        (cell(sent_on=None), False, 0, True),
        (cell(january(12)), True, 0, True),
        (cell(january(10)), True, 0, True),
        (cell(january(8)), True, 2, True),
        (cell(january(8), january(8)), False, 0, False),
        (cell(january(8), january(11)), False, 3, False),
    ],
)
def test_an_answer_runs_against_its_own_day(given: Cell, returned: bool, late: int, waits: bool) -> None:
    assert (given.is_returned, given.answer_days_late, given.waits) == (returned, late, waits)


def test_the_shares_of_a_quarter_keep_the_clocks_apart() -> None:
    one, other = Period(pk=1, year=2014, quarter=3), Period(pk=2, year=2014, quarter=4)
    tallies = [
        Tally(11, 2, DUE, january(5), 4),
        Tally(11, 2, DUE, january(7), 1),
        Tally(36, 2, DUE, None, 2),
        Tally(36, 2, TODAY, None, 1),
        Tally(36, 1, DUE, None, 50),
    ]
    versions = [
        Handled(2, None, january(4), january(7), january(9), 3),
        Handled(2, None, january(4), january(8), None, 1),
        Handled(2, january(9), None, None, None, 1),
        Handled(2, january(9), january(9), None, None, 1),
    ]

    old, new = quarter_shares([one, other], tallies, versions, ReviewLimits(), TODAY)

    assert (old.sent, old.answered, old.taken_up, old.missing) == (Share(0, 50), Share(), Share(), 50)
    assert (new.sent, new.late, new.missing) == (Share(4, 7), 1, 2)
    assert (new.answered, new.taken_up, new.decided) == (Share(1, 2), Share(3, 4), Share(3, 3))
    assert province_line(None, 60, tallies, TODAY).sent == Share(4, 57)


def a_period(opened: bool = True) -> Period:
    at = timezone.make_aware(datetime(2014, 12, 15, 7)) if opened else None
    days = {"opens_on": date(2014, 12, 15), "due_on": DUE, "freeze_on": date(2015, 3, 31)}
    return Period(year=2014, quarter=4, opened_at=at, **days)


@pytest.mark.parametrize(
    ("day", "stands", "sentence"),
    [
        ("2014-12-15", "open", "The reports of quarter IV/2014 are due on 05/01/2015; frozen after 31/03/2015."),
        ("2015-01-05", "open", "The reports of quarter IV/2014 are due on 05/01/2015; frozen after 31/03/2015."),
        ("2015-01-06", "due_over", "The reports of quarter IV/2014 were due on 05/01/2015; frozen after 31/03/2015."),
        ("2015-03-31", "due_over", "The reports of quarter IV/2014 were due on 05/01/2015; frozen after 31/03/2015."),
        ("2015-04-01", "frozen", ""),
    ],
)
def test_an_opened_period_is_open_then_due_then_frozen(day: str, stands: str, sentence: str, english: None) -> None:
    today = date.fromisoformat(day)

    assert stage(a_period(), today) == stands
    assert coming_days([a_period()], today) == ([sentence] if sentence else [])


def test_a_planned_period_says_when_it_opens_or_should_have(english: None) -> None:
    opens = date(2014, 12, 15)
    before = coming_days([a_period(opened=False)], opens - timedelta(1))
    since = coming_days([a_period(opened=False)], opens)

    assert stage(a_period(opened=False), date(2016, 1, 1)) == "planned"
    assert before == ["Quarter IV/2014 opens on 15/12/2014; reports will be due on 05/01/2015."]
    assert since == ["Quarter IV/2014 was to open on 15/12/2014 and is not open yet."]


def test_the_days_to_come_are_told_in_the_order_of_the_quarters(english: None) -> None:
    later = Period(year=2015, quarter=1, opens_on=date(2015, 3, 15), due_on=date(2015, 4, 5), freeze_on=DUE)

    sentences = coming_days([later, a_period()], TODAY)

    assert [sentence[:30] for sentence in sentences] == [
        "The reports of quarter IV/2014",
        "Quarter I/2015 opens on 15/03/",
    ]


def test_only_the_newest_quarters_are_told(english: None) -> None:
    days = {"opens_on": date(2014, 1, 1), "due_on": DUE, "freeze_on": date(2016, 1, 1)}
    planned = [Period(year=year, quarter=quarter, **days) for year in (2013, 2014) for quarter in (1, 2, 3, 4)]

    quarters = [sentence.split(" was")[0] for sentence in coming_days(planned, TODAY)]

    assert quarters == ["Quarter II/2014", "Quarter III/2014", "Quarter IV/2014"]
