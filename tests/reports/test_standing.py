"""Where do we stand? First the arithmetic on plain objects, then with reports that went their whole way."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from communes.models import Commune, Membership, Programme, Province
from criteria.models import Criterion
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import CriterionVerdict, InForce, Period, QuarterlyReport
from reports.standing import (
    COMPLETE,
    GAINED,
    LOST,
    MISSED,
    OPEN,
    REACHED,
    REGAINED,
    UNKNOWN,
    WAITING,
    Change,
    Count,
    Goal,
    History,
    Judged,
    Known,
    Member,
    Quarter,
    Standing,
    compare,
    count,
    goals_known,
    lost_in,
    mark,
    members_on,
    outcome,
    over_by,
    quarter_of,
    stand,
    standing,
    verdict_on,
)
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

MET, BASIC, NOT_MET, NOT_CONSIDERED, NO_DATA = "met", "basic", "not_met", "not_considered", "no_data"


# The arithmetic


def test_every_verdict_is_counted_apart() -> None:
    found = count([MET, MET, BASIC, NOT_MET, NOT_CONSIDERED, NO_DATA])

    assert found == Count(met=2, basic=1, not_met=1, not_considered=1, no_data=1)
    assert found.considered == 5


def test_a_change_names_what_was_gained_and_what_was_lost() -> None:
    change = compare({1: MET, 2: NO_DATA, 3: MET, 4: MET}, {1: NOT_MET, 2: MET, 3: MET})

    assert change == Change(gained=(1, 4), lost=(2,))
    assert change.net == 1


@pytest.mark.parametrize(("now", "then"), [({}, {1: MET}), ({1: MET}, None)])
def test_without_both_sides_there_is_no_change_to_tell(now: dict[int, str], then: dict[int, str] | None) -> None:
    assert compare(now, then) is None


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        (MET, [NOT_MET, NOT_MET], GAINED),
        (MET, [BASIC], GAINED),
        (MET, [NOT_MET, MET], REGAINED),
        (MET, [NO_DATA, NOT_MET], GAINED),
        (MET, [MET, NOT_MET], ""),
        (MET, [], ""),
        (MET, [NO_DATA], ""),
        (NOT_MET, [MET], LOST),
        (BASIC, [MET], LOST),
        (NOT_MET, [NO_DATA, MET], LOST),
        (NOT_MET, [NOT_MET, MET], ""),
        (NOT_CONSIDERED, [MET], ""),
        (NO_DATA, [MET], ""),
    ],
)
def test_what_is_marked_as_gained_regained_or_lost(now: str, earlier: list[str], expected: str) -> None:
    assert mark(now, earlier) == expected


def test_a_loss_is_dated_by_the_first_quarter_that_was_not_met() -> None:
    quarters = [Quarter(2014, 3), Quarter(2014, 2), Quarter(2014, 1), Quarter(2013, 4), Quarter(2013, 3)]

    assert lost_in(list(zip(quarters, [NOT_MET, NO_DATA, BASIC, MET, NOT_MET], strict=True))) == Quarter(2014, 1)
    assert lost_in(list(zip(quarters, [MET, NOT_MET, MET, MET, MET], strict=True))) is None
    assert lost_in([(Quarter(2014, 3), NOT_MET), (Quarter(2014, 2), NOT_MET)]) is None


def test_the_newest_statement_made_by_then_counts_as_the_target() -> None:
    first = Goal(date(2013, 12, 31), 9, stated_on=date(2013, 5, 17))
    second = Goal(date(2013, 12, 31), 8, stated_on=date(2013, 9, 1))

    assert goals_known([second, first], date(2013, 8, 31)) == [first]
    assert goals_known([second, first], date(2013, 9, 1)) == [second]
    assert goals_known([second, first], date(2013, 5, 16)) == []


def test_membership_is_read_as_stated_for_the_day() -> None:
    one, two = Commune(pk=1), Commune(pk=2)
    stated = [
        Member(one, date(2009, 1, 1)),
        Member(two, date(2013, 1, 1)),
        Member(one, date(2014, 1, 1), is_member=False),
    ]

    assert members_on(stated, date(2012, 12, 31)) == [one]
    assert members_on(stated, date(2013, 12, 31)) == [one, two]
    assert members_on(stated, date(2014, 1, 1)) == [two]


def test_members_stay_in_the_order_they_are_given_however_long_they_are_members() -> None:
    one, two = Commune(pk=1, name="A"), Commune(pk=2, name="B")

    assert members_on([Member(one, date(2009, 6, 1)), Member(two, date(2009, 1, 1))], date(2014, 1, 1)) == [one, two]


@pytest.mark.parametrize(
    ("complete", "unknown", "as_of", "expected"),
    [
        (9, 0, date(2014, 1, 1), REACHED),
        (10, 1, date(2014, 1, 1), REACHED),
        (8, 0, date(2014, 1, 1), MISSED),
        (8, 1, date(2014, 1, 1), WAITING),
        (7, 1, date(2014, 1, 1), MISSED),
        (0, 0, date(2013, 12, 31), OPEN),
        (11, 0, date(2013, 12, 31), OPEN),
    ],
)
def test_verdict_on_a_target_of_nine(complete: int, unknown: int, as_of: date, expected: str) -> None:
    verdict = verdict_on(required=9, complete=complete, unknown=unknown, due_on=date(2013, 12, 31), as_of=as_of)

    assert verdict == expected


def test_a_commune_is_complete_basically_complete_or_not() -> None:
    assert outcome([MET, NOT_CONSIDERED]) == COMPLETE
    assert outcome([MET, BASIC]) == "basically"
    assert outcome([MET, NO_DATA]) == "incomplete"
    assert outcome([]) == UNKNOWN


# A history of plain objects

PERIODS = [
    Period(pk=1, year=2011, quarter=4, criteria_set_id=1),
    Period(pk=2, year=2013, quarter=3, criteria_set_id=1),
    Period(pk=3, year=2013, quarter=4, criteria_set_id=1),
    Period(pk=4, year=2014, quarter=1, criteria_set_id=1),
]


def plain_history(as_of: date, said: dict[str, dict[tuple[int, int], list[str]]], **goal: int) -> History:
    """Communes by name with their two verdicts by quarter, and one target for the end of 2013."""
    communes = {name: Commune(pk=pk, name=name) for pk, name in enumerate(said, start=1)}
    versions = iter(range(1, 1000))
    return History(
        programme=Programme(pk=1, baseline_on=date(2011, 12, 31)),
        as_of=as_of,
        is_provisional=False,
        goals=[Goal(date(2013, 12, 31), goal.get("required", 1), date(2013, 5, 17))],
        members=[Member(commune, date(2009, 1, 1)) for commune in communes.values()],
        periods=PERIODS,
        criteria={1: [Criterion(pk=1, number=1, criteria_set_id=1), Criterion(pk=2, number=2, criteria_set_id=1)]},
        known={
            communes[name].pk: {
                Quarter(*quarter): Known(
                    next(versions), 1, 1, judged={number: Judged(word) for number, word in enumerate(words, start=1)}
                )
                for quarter, words in quarters.items()
            }
            for name, quarters in said.items()
        },
        owed={},
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2013, 12, 31), (2013, 4)),
        (date(2013, 12, 30), (2013, 3)),
        (date(2014, 1, 1), (2013, 4)),
        (date(2014, 5, 15), (2014, 1)),
        (date(2014, 6, 30), (2014, 2)),
    ],
)
def test_the_quarter_of_a_target_is_the_newest_that_is_over_by_its_day(day: date, expected: tuple[int, int]) -> None:
    assert over_by(day) == expected


def test_a_target_is_never_judged_by_another_quarter_than_its_own() -> None:
    history = plain_history(date(2014, 5, 1), {"A": {(2013, 3): [MET, MET], (2014, 1): [MET, MET]}})
    history.periods = [PERIODS[1], PERIODS[3]]

    (target,) = stand(history, PERIODS[3]).targets

    assert target.quarter == (2013, 4)
    assert (target.verdict, len(target.complete), len(target.unknown)) == (WAITING, 0, 1)


def test_a_target_names_who_is_missing_and_who_has_no_figures() -> None:
    said = {
        "A": {(2013, 4): [MET, NOT_CONSIDERED]},
        "B": {(2013, 4): [MET, BASIC], (2014, 1): [MET, MET]},
        "C": {(2013, 3): [MET, MET]},
    }

    (target,) = stand(plain_history(date(2014, 5, 1), said, required=3), PERIODS[3]).targets

    assert target.verdict == MISSED
    assert [commune.commune.name for commune in target.complete] == ["A"]
    assert [(commune.commune.name, commune.count.met) for commune in target.missing] == [("B", 1)]
    assert [commune.commune.name for commune in target.basically] == ["B"]
    assert [commune.commune.name for commune in target.unknown] == ["C"]
    assert target.days_left == -121


def test_nothing_counts_as_reached_before_the_quarter_of_the_target() -> None:
    said = {"A": {(2013, 3): [MET, MET], (2013, 4): [MET, MET]}}

    (target,) = stand(plain_history(date(2014, 5, 1), said), PERIODS[1]).targets

    assert (target.verdict, target.so_far, len(target.complete)) == (OPEN, True, 1)


def test_a_cell_carries_the_missed_day_until_it_is_met_and_not_before_the_quarter_of_the_target() -> None:
    said = {"A": {(2013, 3): [MET, NOT_MET], (2013, 4): [MET, NOT_MET], (2014, 1): [NOT_MET, MET]}}
    history = plain_history(date(2014, 5, 1), said)

    before, at, after = (stand(history, period).rows[0] for period in PERIODS[1:])

    assert [cell.missed for cell in before.cells] == [(), ()]
    assert [cell.missed for cell in at.cells] == [(), (date(2013, 12, 31),)]
    assert [cell.missed for cell in after.cells] == [(), (date(2013, 12, 31),)]
    assert [cell.number for cell in at.lacking] == [2]
    assert [cell.number for cell in after.lacking] == [1]


def test_no_day_is_missed_before_it_is_over() -> None:
    history = plain_history(date(2013, 12, 31), {"A": {(2013, 4): [MET, NOT_MET]}})

    assert [cell.missed for cell in stand(history, PERIODS[2]).rows[0].cells] == [(), ()]


def test_a_commune_without_a_version_shows_its_last_known_verdicts_and_counts_apart() -> None:
    said = {"A": {(2013, 4): [MET, NOT_MET], (2014, 1): [MET, MET]}, "B": {(2013, 4): [MET, NOT_MET]}, "C": {}}

    now = stand(plain_history(date(2014, 5, 1), said), PERIODS[3])

    first, second, third = now.rows
    assert [cell.verdict for cell in second.cells] == ["not_reported", "not_reported"]
    assert [cell.shown for cell in second.cells] == [MET, NOT_MET]
    assert second.known_from == PERIODS[2]
    assert (second.since_previous, second.since_baseline) == (None, None)
    assert [cell.shown for cell in third.cells] == ["not_reported", "not_reported"]
    assert (third.known, third.outcome) == (None, UNKNOWN)
    assert [(column.met, column.with_last_known) for column in now.columns] == [(1, 2), (1, 1)]
    assert now.reported == [first]


def test_changes_are_told_by_quarter_and_unknown_where_a_quarter_has_no_report() -> None:
    said = {
        "A": {(2011, 4): [NOT_MET, NOT_MET], (2013, 4): [MET, MET], (2014, 1): [MET, NOT_MET]},
        "B": {(2013, 3): [MET, MET], (2014, 1): [NOT_MET, MET]},
    }

    first, second = stand(plain_history(date(2014, 5, 1), said), PERIODS[3]).rows

    assert first.since_previous == Change(lost=(2,))
    assert first.since_baseline == Change(gained=(1,))
    assert (second.since_previous, second.since_baseline) == (None, None)
    assert [cell.mark for cell in first.cells] == ["", LOST]
    assert [cell.mark for cell in second.cells] == [LOST, ""], "the newest earlier quarter counts for a regression"


def test_the_baseline_is_not_compared_with_itself() -> None:
    now = stand(plain_history(date(2014, 5, 1), {"A": {(2011, 4): [MET, MET]}}), PERIODS[0])

    assert (now.previous, now.baseline) == (None, None)


# With reports


def stand_at(quarter: str, day: str, **options: object) -> Standing:
    return standing(factories.programme(), factories.period(quarter), date.fromisoformat(day), **options)  # type: ignore[arg-type]


def verdicts(quarter: str, day: str, commune: str = "Thanh Chăn", **options: object) -> dict[int, str]:
    row = stand_at(quarter, day, **options).row(factories.commune(commune).pk)
    assert row is not None
    return {cell.number: cell.verdict for cell in row.cells}


def accept_on(day: str, commune: str, quarter: str, **filling: object) -> QuarterlyReport:
    with clock.at(moment(day)):
        return factories.make_accepted(commune, quarter, **filling)


@pytest.mark.django_db
def test_only_acceptance_moves_the_figures() -> None:
    with clock.at(moment("2013-04-02")):
        report = factories.make_submitted("Thanh Chăn", "2013-1", verdicts={10: NOT_MET})
    assert set(verdicts("2013-1", "2013-04-02").values()) == {"not_reported"}

    with clock.at(moment("2013-04-03")):
        reviewer = factories.reviewer_of(report.commune)
        factories.take_up(report, reviewer)
    assert set(verdicts("2013-1", "2013-04-03").values()) == {"not_reported"}

    with clock.at(moment("2013-04-04", "23:59:59")):
        factories.accept(report, reviewer)
    assert set(verdicts("2013-1", "2013-04-03").values()) == {"not_reported"}
    found = verdicts("2013-1", "2013-04-04")
    assert found[10] == NOT_MET
    assert [number for number in found if found[number] == MET] == [n for n in range(1, 20) if n != 10]


@pytest.mark.django_db
def test_an_undone_acceptance_moves_the_figures_back_but_never_those_of_yesterday() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1")
    with clock.at(moment("2013-04-06")):
        lead = factories.make_lead()
        workflow.take_step(factories.official(report), "undo_accept", by=lead, data=StepData(reason="Sai số liệu."))

    assert set(verdicts("2013-1", "2013-04-05").values()) == {MET}
    assert set(verdicts("2013-1", "2013-04-06").values()) == {"not_reported"}


@pytest.mark.django_db
def test_who_accepted_is_who_did_by_that_day_whoever_holds_the_version_later() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1")
    first, second = factories.official(report).holder, factories.reviewer_of(report.commune)
    lead = factories.make_lead()
    assert first is not None
    with clock.at(moment("2013-04-06")):
        workflow.take_step(factories.official(report), "undo_accept", by=lead, data=StepData(reason="Sai số liệu."))
        data = StepData(reason="Nghỉ phép.", to=second)
        workflow.take_step(factories.working(report), "reassign", by=lead, data=data)
        factories.accept(report, second)

    def accepted_by(day: str) -> str:
        row = standing(factories.programme(), report.period, date.fromisoformat(day)).row(report.commune_id)
        assert row is not None
        assert row.known is not None
        return row.known.accepted_by

    assert [accepted_by("2013-04-05"), accepted_by("2013-04-06")] == [first.full_name, second.full_name]


@pytest.mark.django_db
def test_what_was_official_stays_as_it_was_when_the_same_version_is_verified_anew() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1")
    with clock.at(moment("2013-04-06")):
        lead = factories.make_lead()
        version = factories.official(report)
        reviewer = version.holder
        assert reviewer is not None
        workflow.take_step(version, "undo_accept", by=lead, data=StepData(reason="Xem lại tiêu chí 10."))
        row = CriterionVerdict.objects.get(version=version, criterion__number=10)
        content = {"verified": NOT_MET, "verified_reason": "Chưa đủ căn cứ", "fragile": False, "fragile_reason": ""}
        entry.save_review(version, [entry.Write(row.criterion, row.row_version, content)], by=reviewer)
        factories.accept(report, reviewer)

    assert verdicts("2013-1", "2013-04-05")[10] == MET
    assert verdicts("2013-1", "2013-04-06")[10] == NOT_MET


@pytest.mark.django_db
def test_a_correction_counts_from_its_acceptance_on() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1", verdicts={10: NOT_MET})
    with clock.at(moment("2013-04-08")):
        signer = factories.signer_of(report.commune)
        reviewer = factories.reviewer_of(report.commune)
        workflow.take_step(
            factories.official(report), "open_correction", by=signer, data=StepData(reason="Nhập nhầm thu nhập.")
        )
        factories.fill_in(report, signer)
        factories.submit(report, signer)
    assert verdicts("2013-1", "2013-04-08")[10] == NOT_MET
    with clock.at(moment("2013-04-09")):
        factories.take_up(report, reviewer)
        factories.accept(report, reviewer)

    assert verdicts("2013-1", "2013-04-08")[10] == NOT_MET
    assert verdicts("2013-1", "2013-04-09")[10] == MET


@pytest.mark.django_db
def test_a_correction_is_in_work_from_its_opening_to_its_acceptance() -> None:
    def being_corrected(day: str) -> list[str]:
        return [row.commune.name for row in stand_at("2013-1", day).rows if row.is_being_corrected]

    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1")
    signer, reviewer, lead = (
        make(report.commune) for make in (factories.signer_of, factories.reviewer_of, lambda _: factories.make_lead())
    )
    why = StepData(reason="Nhập nhầm thu nhập.")
    with clock.at(moment("2013-04-06")):
        workflow.take_step(factories.official(report), "open_correction", by=signer, data=why)
    with clock.at(moment("2013-04-07")):
        workflow.take_step(factories.working(report), "cancel_correction", by=signer, data=why)
    with clock.at(moment("2013-04-09")):
        workflow.take_step(factories.official(report), "open_correction", by=signer, data=why)
        factories.fill_in(report, signer)
        factories.submit(report, signer)
    with clock.at(moment("2013-04-10")):
        factories.take_up(report, reviewer)
        data = StepData(reason="Đi công tác.", to=factories.reviewer_of(report.commune))
        workflow.take_step(factories.working(report), "reassign", by=reviewer, data=data)
    with clock.at(moment("2013-04-11")):
        factories.accept(report, data.to)  # type: ignore[arg-type]
    with clock.at(moment("2013-04-12")):
        workflow.take_step(factories.official(report), "undo_accept", by=lead, data=why)

    expected = {4: 0, 5: 0, 6: 1, 7: 0, 8: 0, 9: 1, 10: 1, 11: 0, 12: 1}
    for day, number in expected.items():
        assert len(being_corrected(f"2013-04-{day:02}")) == number, day
    assert verdicts("2013-1", "2013-04-12")[10] == MET, "what was official before counts again"


@pytest.mark.django_db
def test_a_report_that_was_never_official_is_not_being_corrected_and_an_older_one_shown_instead_is() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1")
    factories.make_report("Thanh Chăn", "2013-2")
    with clock.at(moment("2013-04-06")):
        workflow.take_step(
            factories.official(report), "undo_accept", by=factories.make_lead(), data=StepData(reason="Sai số liệu.")
        )
    assert not any(row.is_being_corrected for row in stand_at("2013-1", "2013-04-06").rows)
    with clock.at(moment("2013-04-07")):
        factories.accept(report, factories.working(report).holder)  # type: ignore[arg-type]
        workflow.take_step(
            factories.official(report),
            "open_correction",
            by=factories.signer_of(report.commune),
            data=StepData(reason="Nhập nhầm."),
        )

    row = stand_at("2013-2", "2013-07-10").row(report.commune.pk)

    assert row is not None
    assert not row.is_reported
    assert row.is_being_corrected, "the figures of the earlier quarter are shown"
    assert row.owed is not None
    assert not row.owed.is_being_corrected


@pytest.mark.django_db
def test_an_older_quarter_accepted_late_changes_the_comparison_but_not_the_newer_quarter() -> None:
    accept_on("2013-07-04", "Thanh Chăn", "2013-2")
    row = stand_at("2013-2", "2013-07-10").row(factories.commune().pk)
    assert row is not None
    assert row.since_previous is None
    accept_on("2013-07-20", "Thanh Chăn", "2013-1", verdicts={10: NOT_MET, 11: NOT_MET})

    after = stand_at("2013-2", "2013-07-20").row(factories.commune().pk)

    assert after is not None
    assert after.since_previous == Change(gained=(10, 11))
    assert {cell.verdict for cell in after.cells} == {MET}
    assert [cell.number for cell in after.cells if cell.mark == GAINED] == [10, 11]


@pytest.mark.django_db
def test_not_reported_no_data_not_considered_and_not_met_are_never_merged() -> None:
    accept_on("2013-04-04", "Thanh Chăn", "2013-1", verdicts={7: NOT_CONSIDERED, 10: NO_DATA, 11: NOT_MET})

    now = stand_at("2013-1", "2013-04-04")

    row = now.row(factories.commune().pk)
    assert row is not None
    assert row.count == Count(met=16, not_met=1, not_considered=1, no_data=1)
    assert row.count.considered == 18
    assert [cell.verdict for cell in row.cells if cell.number in (7, 10, 11)] == [NOT_CONSIDERED, NO_DATA, NOT_MET]
    others = [other for other in now.rows if other is not row]
    assert len(others) == 10
    assert {cell.verdict for other in others for cell in other.cells} == {"not_reported"}
    assert len(now.reported) == 1
    assert {column.met for column in now.columns if column.criterion.number in (7, 10, 11)} == {0}


@pytest.mark.django_db
def test_the_denominator_comes_from_the_membership_of_the_quarter() -> None:
    programme = factories.programme()
    factories.make_report("Thanh Chăn", "2013-1")
    leaving = factories.commune("Gia Phố")
    Membership.objects.create(
        programme=programme, commune=leaving, since=date(2013, 6, 1), is_member=False, source="Quyết định thử"
    )
    province = Province.objects.get(name="Nam Định")
    joining = Commune.objects.create(code="99999", name="Xã Mới", district="Hải Hậu", province=province)
    Membership.objects.create(programme=programme, commune=joining, since=date(2013, 4, 1), source="Quyết định thử")

    def names(quarter: str) -> set[str]:
        return {row.commune.name for row in stand_at(quarter, "2015-01-10").rows}

    assert len(names("2013-1")) == 11
    assert "Gia Phố" in names("2013-1")
    assert names("2013-2") == names("2013-1") - {"Gia Phố"} | {"Xã Mới"}
    targets = stand_at("2014-4", "2015-01-10").targets
    assert [len(target.communes) for target in targets] == [11, 11]
    with pytest.raises(ValidationError):
        Membership.objects.filter(commune=joining)[0].delete()


@pytest.mark.django_db
def test_provisional_figures_add_what_was_sent_as_far_as_the_user_may_see_it() -> None:
    with clock.at(moment("2013-04-04")):
        factories.make_submitted("Thanh Chăn", "2013-1", verdicts={10: NOT_MET}, claims={10: MET})
        factories.make_in_review("Hải Đường", "2013-1")
        factories.make_report("Gia Phố", "2013-1")
        own = factories.signer_of(factories.commune("Thanh Chăn"))
        lead = factories.make_lead()
        viewer = factories.make_viewer()

        seen = stand_at("2013-1", "2013-04-04", seen_by=own)
        assert [row.commune.name for row in seen.reported] == ["Thanh Chăn"]
        assert seen.reported[0].is_provisional
        assert (seen.accepted, seen.is_provisional) == (0, True)
        assert verdicts("2013-1", "2013-04-04", seen_by=own)[10] == NOT_MET, "computed, not claimed"
        assert {row.commune.name for row in stand_at("2013-1", "2013-04-04", seen_by=lead).reported} == {
            "Thanh Chăn",
            "Hải Đường",
        }
        assert stand_at("2013-1", "2013-04-04", seen_by=viewer).reported == []
        assert stand_at("2013-1", "2013-04-04").reported == []

        factories.make_accepted("Tân Thịnh", "2013-1")
        assert [row.commune.name for row in stand_at("2013-1", "2013-04-04", seen_by=viewer).reported] == ["Tân Thịnh"]


@pytest.mark.django_db
def test_provisional_figures_of_a_past_day_are_what_had_been_sent_by_then() -> None:
    with clock.at(moment("2013-04-04")):
        report = factories.make_submitted("Thanh Chăn", "2013-1", verdicts={10: NOT_MET})
        signer = factories.signer_of(report.commune)
    with clock.at(moment("2013-04-06")):
        factories.take_up(report, reviewer := factories.reviewer_of(report.commune))
        factories.give_back(report, reviewer)

        assert len(stand_at("2013-1", "2013-04-05", seen_by=signer).reported) == 1
        assert stand_at("2013-1", "2013-04-03", seen_by=signer).reported == []
        assert stand_at("2013-1", "2013-04-06", seen_by=signer).reported == [], "returned, not sent"


@pytest.mark.django_db
def test_what_was_withdrawn_and_signed_anew_is_not_shown_as_sent_before() -> None:
    with clock.at(moment("2013-04-04")):
        report = factories.make_submitted("Thanh Chăn", "2013-1", verdicts={10: NOT_MET})
        signer = factories.signer_of(report.commune)
    with clock.at(moment("2013-04-06")):
        workflow.take_step(factories.working(report), "withdraw", by=signer)
        assert stand_at("2013-1", "2013-04-06", seen_by=signer).reported == []
        factories.fill_in(report, signer)
        factories.submit(report, signer)

        assert verdicts("2013-1", "2013-04-06", seen_by=signer)[10] == MET
        assert stand_at("2013-1", "2013-04-04", seen_by=signer).reported == []


@pytest.mark.django_db
def test_a_correction_that_was_sent_is_provisional_beside_the_official_version() -> None:
    report = accept_on("2013-04-04", "Thanh Chăn", "2013-1", verdicts={10: NOT_MET})
    with clock.at(moment("2013-04-08")):
        signer = factories.signer_of(report.commune)
        workflow.take_step(
            factories.official(report), "open_correction", by=signer, data=StepData(reason="Nhập nhầm thu nhập.")
        )
        factories.fill_in(report, signer)
        factories.submit(report, signer)

        assert verdicts("2013-1", "2013-04-08", seen_by=signer)[10] == MET
        assert verdicts("2013-1", "2013-04-08")[10] == NOT_MET
        assert verdicts("2013-1", "2013-04-07", seen_by=signer)[10] == NOT_MET


@pytest.mark.django_db
def test_the_state_of_the_reports_is_told_as_of_the_day() -> None:
    with clock.at(moment("2013-04-04")):
        report = factories.make_submitted("Thanh Chăn", "2013-1")
    with clock.at(moment("2013-04-06")):
        factories.take_up(report, reviewer := factories.reviewer_of(report.commune))
    with clock.at(moment("2013-04-08")):
        factories.accept(report, reviewer)

    def state(day: str, commune: str = "Thanh Chăn") -> str:
        row = stand_at("2013-1", day).row(factories.commune(commune).pk)
        assert row is not None
        assert row.owed is not None
        return row.owed.state

    due = report.period.due_on
    assert state("2013-04-03") == "not_submitted"
    assert state("2013-04-05") == "submitted"
    assert state("2013-04-07") == "in_review"
    assert state("2013-04-08") == "accepted"
    assert state(due.isoformat(), "Gia Phố") == "not_submitted"
    assert state((due + timedelta(days=1)).isoformat(), "Gia Phố") == "overdue"


@pytest.mark.django_db
def test_queries_do_not_grow_with_quarters_or_communes() -> None:
    def queries() -> int:
        period, programme = factories.period("2014-4"), factories.programme()
        with CaptureQueriesContext(connection) as captured:
            standing(programme, period, date(2015, 1, 10))
        return len(captured)

    accept_on("2015-01-04", "Thanh Chăn", "2014-4")
    few = queries()
    for period in Period.objects.all():
        workflow.open_period(period)
    accept_on("2012-01-04", "Thanh Chăn", "2011-4")
    accept_on("2014-01-04", "Hải Đường", "2013-4")
    programme, province = factories.programme(), Province.objects.get(name="Nam Định")
    for number in range(30):
        commune = Commune.objects.create(code=f"9{number:04}", name=f"Xã {number}", district="", province=province)
        Membership.objects.create(programme=programme, commune=commune, since=date(2009, 1, 1), source="Thử")

    assert queries() == few == 5
    assert len(stand_at("2014-4", "2015-01-10").rows) == 41


@pytest.mark.django_db
def test_the_figures_agree_with_a_second_computation_over_the_raw_rows() -> None:
    """A small history with gaps, a correction and an undo, counted again by plain loops."""
    accept_on("2012-01-04", "Thanh Chăn", "2011-4", verdicts=dict.fromkeys([2, 5, 10, 11, 17], NOT_MET))
    accept_on("2012-01-04", "Hải Đường", "2011-4", verdicts={10: NOT_MET, 15: NO_DATA})
    accept_on("2013-10-04", "Thanh Chăn", "2013-3", verdicts={10: NOT_MET, 11: NOT_MET})
    accept_on("2014-01-03", "Thanh Chăn", "2013-4", verdicts={11: NOT_MET, 7: NOT_CONSIDERED})
    undone = accept_on("2014-01-04", "Gia Phố", "2013-4")
    corrected = accept_on("2014-01-04", "Hải Đường", "2013-4", verdicts={10: NOT_MET})
    with clock.at(moment("2014-01-08")):
        lead = factories.make_lead()
        workflow.take_step(factories.official(undone), "undo_accept", by=lead, data=StepData(reason="Xem lại."))
        signer, reviewer = factories.signer_of(corrected.commune), factories.reviewer_of(corrected.commune)
        workflow.take_step(factories.official(corrected), "open_correction", by=signer, data=StepData(reason="Sai."))
        factories.fill_in(corrected, signer)
        factories.submit(corrected, signer)
        factories.take_up(corrected, reviewer)
        factories.accept(corrected, reviewer)

    for quarter, day in [("2011-4", "2012-02-01"), ("2013-4", "2014-01-06"), ("2013-4", "2014-02-01")]:
        now = stand_at(quarter, day)
        end = clock.end_of_day(date.fromisoformat(day))
        for row in now.rows:
            expected = raw_verdicts(row.commune, now.period, end)
            assert {cell.number: cell.verdict for cell in row.cells if row.is_reported} == expected
            if now.previous:
                before = raw_verdicts(row.commune, now.previous, end)
                change = row.since_previous.net if row.since_previous else None
                assert change == (met(expected) - met(before) if expected and before else None)
        for column in now.columns:
            number = column.criterion.number
            assert column.met == sum(
                raw_verdicts(commune, now.period, end).get(number) == MET for commune in Commune.objects.all()
            )
        (first, _second) = now.targets if now.targets else (None, None)
        if first:
            complete = [
                commune.name
                for commune in Commune.objects.all()
                if (found := raw_verdicts(commune, factories.period("2013-4"), end))
                and set(found.values()) <= {MET, NOT_CONSIDERED}
            ]
            assert sorted(commune.commune.name for commune in first.complete) == sorted(complete)


def raw_verdicts(commune: Commune, period: Period, end: datetime) -> dict[int, str]:
    """What was in force at that moment, by looking at every span one by one."""
    found: dict[int, str] = {}
    for span in InForce.objects.all():
        if span.report.commune != commune or quarter_of(span.report.period) != quarter_of(period):
            continue
        if span.since <= end and (span.until is None or end < span.until):
            for row in span.version.verdicts.all():
                found[row.criterion.number] = row.verified
    return found


def met(found: dict[int, str]) -> int:
    return list(found.values()).count(MET)
