"""In which round a report is, and how many days it was in whose hands: from its events alone."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from communes.models import User
from ntm_tracker import clock
from reports import rounds, workflow
from reports.models import QuarterlyReport, ReportEvent, ReportVersion
from reports.rounds import Course, Hands
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.usefixtures("english")

DUC, TRANG = User(pk=1, full_name="Lê Minh Đức"), User(pk=2, full_name="Phạm Thu Trang")
HOA = User(pk=3, full_name="Nguyễn Thị Hòa")
TODAY = date(2015, 1, 31)
Queries = Callable[..., Any]


def told(*events: tuple[Any, ...], holders: dict[int, User] | None = None, today: date = TODAY) -> Course:
    """The course of (day of January, action, by, number of the version, to) without a database, in the order given."""
    versions = {n: ReportVersion(pk=n, number=n, holder=(holders or {}).get(n, DUC)) for n in (1, 2, 3)}
    rows = []
    for pk, (day, action, *rest) in enumerate(events):
        by = rest[0] if rest else None
        version = versions[rest[1] if len(rest) > 1 else 1]
        to = rest[2] if len(rest) > 2 else None
        at = moment(f"2015-01-{day:02}")
        rows.append(ReportEvent(pk=pk, action=action, by=by, to=to, version=version, at=at))
    return rounds.course(rows, today)


def spans_of(course: Course) -> list[tuple[int, str, int]]:
    """Round, where, and for how many days."""
    return [(span.round.number, span.where, span.days) for span in course.spans]


FIRST = [(1, "open"), (4, "submit"), (6, "take_up", DUC), (7, "return", DUC)]
SECOND = [(12, "submit", None, 2), (14, "take_up", TRANG, 2)]


def test_a_draft_is_with_the_committee_in_round_1() -> None:
    course = told((1, "open"))

    assert spans_of(course) == [(1, "with the committee", 30)]
    assert course.sentence == "Round 1 · with the committee for 30 days · committee 30 days, ministry 0 days in all"


def test_a_return_begins_the_next_round_and_the_days_of_each_side_add_up() -> None:
    course = told(*FIRST, *SECOND)

    assert spans_of(course) == [
        (1, "with the committee", 3),
        (1, "waiting at the ministry", 2),
        (1, "with Lê Minh Đức", 1),
        (2, "with the committee", 5),
        (2, "waiting at the ministry", 2),
        (2, "with Phạm Thu Trang", 17),
    ]
    assert course.sentence == "Round 2 · with the ministry for 19 days · committee 8 days, ministry 22 days in all"
    assert sum(span.days for span in course.spans) == 30


def test_a_round_knows_when_it_was_sent_and_how_it_was_decided() -> None:
    course = told(*FIRST, *SECOND, (20, "accept", TRANG, 2))
    first, second = course.spans[0].round, course.spans[-1].round

    assert (first.sent_at, first.decided_at, first.decision) == (moment("2015-01-04"), moment("2015-01-07"), "return")
    assert (second.sent_at, second.decided_at, second.decision) == (
        moment("2015-01-12"),
        moment("2015-01-20"),
        "accept",
    )


def test_what_is_withdrawn_stays_in_its_round() -> None:
    course = told((1, "open"), (4, "submit"), (6, "withdraw"), (9, "submit"))

    assert [span.round.number for span in course.spans] == [1, 1, 1, 1]
    assert (course.days(Hands.COMMITTEE), course.days(Hands.WAITING)) == (6, 24)
    assert told((1, "open"), (4, "submit"), (6, "withdraw")).spans[-1].round.sent_at is None


def test_a_report_returned_by_nobody_in_particular_never_was_with_a_reviewer() -> None:
    course = told((1, "open"), (4, "submit"), (6, "return", DUC))

    assert [span.hands for span in course.spans] == [Hands.COMMITTEE, Hands.WAITING, Hands.COMMITTEE]
    assert course.spans[-1].round.number == 2


def test_a_hand_over_begins_a_span_of_who_took_over_without_a_new_round() -> None:
    course = told(*FIRST[:3], (9, "reassign", DUC, 1, TRANG))

    assert spans_of(course)[2:] == [(1, "with Lê Minh Đức", 3), (1, "with Phạm Thu Trang", 22)]
    assert course.turn_days == 27


def test_each_of_several_hand_overs_is_known_by_name() -> None:
    course = told(*FIRST[:3], (9, "reassign", DUC, 1, HOA), (10, "reassign", HOA, 1, TRANG))

    assert [span.where for span in course.spans[3:]] == ["with Nguyễn Thị Hòa", "with Phạm Thu Trang"]


def test_an_accepted_report_is_in_nobodys_hands_and_its_days_do_not_grow() -> None:
    course = told(*FIRST, *SECOND, (20, "accept", TRANG, 2))

    assert course.sentence == "Round 2 · nothing in work · committee 8 days, ministry 11 days in all"


def test_an_undone_acceptance_goes_on_in_its_round_with_its_holder() -> None:
    course = told(*FIRST[:3], (8, "accept", DUC), (11, "undo_accept", User(pk=9, full_name="Lãnh đạo")))

    assert spans_of(course)[2:] == [(1, "with Lê Minh Đức", 2), (1, "nothing in work", 3), (1, "with Lê Minh Đức", 20)]
    assert course.days(*rounds.MINISTRY) == 24
    assert course.spans[-1].round.decided_at is None


def test_a_correction_counts_its_rounds_and_days_anew() -> None:
    accepted = [*FIRST[:3], (8, "accept", DUC)]
    course = told(*accepted, (10, "open_correction"), (13, "submit", None, 2), (15, "return", DUC, 2))

    assert [span.round.name for span in course.spans[4:]] == [
        "Correction, round 1",
        "Correction, round 1",
        "Correction, round 2",
    ]
    assert course.sentence == (
        "Correction, round 2 · with the committee for 16 days · committee 19 days, ministry 2 days in all"
    )


def test_after_a_cancelled_correction_the_accepted_round_counts_again() -> None:
    course = told(*FIRST[:3], (8, "accept", DUC), (10, "open_correction"), (12, "cancel_correction", None, 2))

    assert course.sentence == "Round 1 · nothing in work · committee 3 days, ministry 4 days in all"
    assert [span.round.decision for span in course.spans[4:5]] == ["cancel_correction"]


def test_what_changes_no_hands_leaves_no_trace_and_no_events_no_course() -> None:
    assert len(told((1, "open"), (2, "extend", DUC), (3, "urge", DUC), (5, "regression")).spans) == 1
    nothing = rounds.course([], TODAY)
    assert (nothing.now, nothing.round, nothing.sentence, nothing.turn_days) == (None, None, "", 0)


def test_days_are_those_of_the_calendar_in_viet_nam() -> None:
    opened = ReportEvent(pk=1, action="open", version=ReportVersion(pk=1), at=moment("2015-01-05", "23:50"))
    sent = ReportEvent(pk=2, action="submit", version=ReportVersion(pk=1), at=moment("2015-01-06", "00:10"))

    assert [span.days for span in rounds.course([opened, sent], date(2015, 1, 6)).spans] == [1, 0]


@pytest.mark.django_db
def test_events_as_they_are_recorded_tell_the_same_to_one_and_to_many(django_assert_num_queries: Queries) -> None:
    with clock.at(moment("2015-01-10")):
        report = factories.make_in_review()
        assert report.working is not None
        holder = report.working.holder
        assert holder is not None
        other = factories.reviewer_of(report.commune)
    with clock.at(moment("2015-01-13")):
        data = StepData(reason="Nghỉ phép", to=other)
        workflow.take_step(factories.working(report), "reassign", by=holder, data=data)
    with clock.at(moment("2015-01-15")):
        with django_assert_num_queries(1):
            one = rounds.read(report)
        with django_assert_num_queries(1):
            events = rounds.events_of(report)
            assert rounds.read(report, events) == one
        everybody = list(QuarterlyReport.objects.all())
        with django_assert_num_queries(1):
            many = rounds.read_many(everybody)

    assert [span.holder for span in one.spans] == [None, None, holder, other]
    assert [span.days for span in one.spans] == [0, 0, 3, 2]
    assert many[report.pk] == one
    assert len(many) == 11
    assert [event.action for event in events] == ["reassign", "take_up", "submit", "open"]
    assert [event.to for event in events] == [other, None, None, None]
