"""Is each version judged by the right thresholds, and is nothing that is missing overlooked?"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation

from criteria.catalogue import load_catalogue
from ntm_tracker import clock
from reports import entry
from reports.judging import CriterionSheet, IndicatorSheet, Sheet, read_sheet
from reports.models import QuarterlyReport
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.django_db

HIGHLANDS, RED_RIVER, SOUTH_EAST = "Thanh Chăn", "Hải Đường", "Tân Lập"


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")), translation.override("en"):
        yield


def sheet_of(report: QuarterlyReport) -> Sheet:
    return read_sheet(factories.working(report))


def criterion(report: QuarterlyReport, number: int) -> CriterionSheet:
    return next(sheet for sheet in sheet_of(report).criteria if sheet.criterion.number == number)


def indicator(report: QuarterlyReport, code: str) -> IndicatorSheet:
    return next(sheet for sheet in sheet_of(report).indicators() if sheet.indicator.code == code)


def draft(name: str = HIGHLANDS, quarter: str = "2014-4", **filling: Any) -> QuarterlyReport:
    """A filled-in draft."""
    report = factories.make_report(name, quarter)
    factories.fill_in(report, factories.editor_of(report.commune), **filling)
    return report


# Thresholds


def income_level(report: QuarterlyReport) -> Decimal | None:
    threshold = indicator(report, "10").threshold
    return threshold.value if threshold else None


def test_the_income_level_of_the_south_east_follows_the_day_of_judging() -> None:
    report = factories.make_report(SOUTH_EAST, "2013-2")
    newest = factories.make_report(SOUTH_EAST, "2014-4")

    with clock.at(moment("2013-07-04")):
        assert income_level(report) == 24
    with clock.at(moment("2014-03-17", "23:59:59")):
        assert income_level(report) == 24
    with clock.at(moment("2014-03-18", "00:00")):
        assert income_level(report) == 27
    with clock.at(moment("2014-04-01")):
        assert income_level(report) == 27
    assert income_level(newest) == 30


def test_a_report_of_june_2013_stays_judged_by_the_level_of_2012() -> None:
    with clock.at(moment("2013-07-04")):
        report = draft(SOUTH_EAST, "2013-2", values={"10": {"value": Decimal(25)}})
        factories.submit(report, factories.signer_of(report.commune))

    with clock.at(moment("2014-04-01")):
        assert income_level(report) == 24
        assert criterion(report, 10).computed == "met"


def test_the_same_value_in_a_draft_of_june_2013_is_judged_by_the_newer_level() -> None:
    with clock.at(moment("2013-07-04")):
        report = draft(SOUTH_EAST, "2013-2", values={"10": {"value": Decimal(25)}})

    with clock.at(moment("2014-04-01")):
        assert criterion(report, 10).computed == "not_met"


def test_each_region_has_its_own_level() -> None:
    levels = {name: income_level(factories.make_report(name)) for name in [HIGHLANDS, RED_RIVER, SOUTH_EAST]}

    assert len(set(levels.values())) == 3


def test_a_report_is_judged_by_the_criteria_set_of_its_period() -> None:
    old, new = factories.make_report(quarter="2012-4"), factories.make_report(quarter="2013-1")

    for report, code in [(old, "2009"), (new, "2013")]:
        criteria_sets = {sheet.criterion.criteria_set for sheet in sheet_of(report).criteria}
        assert criteria_sets == {report.period.criteria_set}
        assert report.period.criteria_set.code == code


def test_there_are_always_19_criteria_in_their_order() -> None:
    for name in [HIGHLANDS, RED_RIVER, SOUTH_EAST]:
        sheet = sheet_of(factories.make_report(name))
        assert [row.criterion.number for row in sheet.criteria] == list(range(1, 20))
        assert all(row.indicators for row in sheet.criteria)


# Verdicts


def test_an_empty_draft_has_no_data_and_nothing_but_gaps() -> None:
    report = factories.make_report()
    sheet = sheet_of(report)

    assert {row.computed for row in sheet.criteria} == {"no_data"}
    assert not any(row.is_started or row.is_filled or row.claimed or row.verified for row in sheet.criteria)
    assert len(sheet.missing()) == len(list(sheet.indicators())) + 19


def test_a_filled_in_draft_has_no_gaps() -> None:
    report = draft(verdicts={10: "not_met", 17: "no_data", 7: "not_considered"})
    sheet = sheet_of(report)

    assert sheet.missing() == []
    assert all(row.is_filled and row.is_started for row in sheet.criteria)
    assert {row.criterion.number: row.computed for row in sheet.criteria if row.computed != "met"} == {
        10: "not_met",
        17: "no_data",
        7: "not_considered",
    }
    counts = {verdict: sheet.count("computed", verdict) for verdict in ["met", "not_met", "no_data", "not_considered"]}
    assert counts == {"met": 16, "not_met": 1, "no_data": 1, "not_considered": 1}
    assert sheet.count("claimed", "met") == 16
    assert sheet.count("claimed", "not_met") == 2
    assert sheet.count("verified", "met") == 0


def test_one_indicator_without_data_leaves_the_criterion_without() -> None:
    report = draft(values={"17.1": {"absence": "no_data", "absence_reason": "Chưa có mẫu nước"}})

    assert criterion(report, 17).computed == "no_data"


def test_one_indicator_not_considered_is_left_aside() -> None:
    report = draft(values={"17.1": {"absence": "not_considered", "absence_reason": "Không có trong quy hoạch"}})

    assert criterion(report, 17).computed == "met"


def test_one_indicator_not_met_decides() -> None:
    report = draft()
    sheets = criterion(report, 17).indicators
    assert len(sheets) > 1
    threshold = sheets[0].threshold
    assert threshold is not None
    assert threshold.value is not None
    write = entry.Write(sheets[0].indicator, 1, {"value": threshold.value - 1})

    entry.save_rows(factories.working(report), [write], [], by=factories.editor_of(report.commune))

    assert criterion(report, 17).computed == "not_met"


@pytest.mark.parametrize(("distance", "verdict"), [("0", "met"), ("-0.000001", "not_met"), ("0.000001", "met")])
def test_equality_is_met_and_nothing_is_rounded(distance: str, verdict: str) -> None:
    report = factories.make_report()
    threshold = indicator(report, "12").threshold
    assert threshold is not None
    assert threshold.value is not None
    value = threshold.value + Decimal(distance)

    factories.fill_in(report, factories.editor_of(report.commune), values={"12": {"value": value}})

    assert indicator(report, "12").verdict == verdict


def test_the_exact_quotient_counts_where_both_numbers_are_given() -> None:
    report = factories.make_report()
    threshold = indicator(report, "12").threshold
    assert threshold is not None
    assert threshold.value is not None
    parts = {"numerator": Decimal(8999999), "denominator": Decimal(10000000), "value": Decimal("90.00")}

    factories.fill_in(report, factories.editor_of(report.commune), values={"12": parts})

    row = indicator(report, "12")
    assert threshold.value == 90
    assert row.verdict == "not_met"
    assert row.shown is not None
    assert row.shown < 90
    assert row.gap == Fraction(-1, 100000)


# Claims


def test_a_claim_that_differs_is_disputed_and_needs_its_reason() -> None:
    report = draft(verdicts={10: "not_met"}, claims={10: "basic"})
    row = criterion(report, 10)
    assert (row.claimed, row.computed) == ("basic", "not_met")
    assert row.is_disputed
    assert row.needs_claim_reason
    assert row.is_filled

    write = entry.Write(row.criterion, 1, {"claimed": "basic", "claim_reason": ""})
    entry.save_rows(factories.working(report), [], [write], by=factories.editor_of(report.commune))

    assert [gap.anchor for gap in criterion(report, 10).missing()] == ["c10"]


def test_where_data_are_missing_their_reason_is_enough() -> None:
    report = draft(verdicts={10: "no_data"})
    row = criterion(report, 10)
    write = entry.Write(row.criterion, 1, {"claimed": "met", "claim_reason": ""})

    entry.save_rows(factories.working(report), [], [write], by=factories.editor_of(report.commune))

    row = criterion(report, 10)
    assert row.is_disputed
    assert not row.needs_claim_reason
    assert row.is_filled


def test_an_absence_without_reason_is_a_gap() -> None:
    report = draft(values={"10": {"absence": "no_data"}})

    assert [(gap.group, gap.anchor) for gap in sheet_of(report).missing()] == [("III", "i10")]


def test_gaps_come_in_the_order_of_the_criteria() -> None:
    anchors = [gap.anchor for gap in sheet_of(factories.make_report()).missing()]

    claims = [anchor for anchor in anchors if anchor.startswith("c")]
    assert claims == [f"c{number}" for number in range(1, 20)]
    assert anchors.index("i10") < anchors.index("c10") < anchors.index("i12")


# After submission


def test_a_sent_version_shows_the_threshold_it_was_judged_by() -> None:
    report = draft(RED_RIVER)
    levels = [sheet.threshold for sheet in sheet_of(report).indicators()]

    factories.submit(report, factories.signer_of(report.commune))

    with clock.at(moment("2020-01-01")):
        sheet = sheet_of(report)
    assert [row.threshold for row in sheet.indicators()] == levels
    stored = {row.row.criterion_id: row.row.computed for row in sheet.criteria if row.row}
    assert {row.criterion.pk: row.computed for row in sheet.criteria} == stored


def test_the_verified_verdict_is_shown_beside_the_others() -> None:
    report = factories.make_in_review(verdicts={10: "not_met"}, claims={10: "met"})

    row = criterion(report, 10)

    assert (row.claimed, row.computed, row.verified) == ("met", "not_met", "not_met")


# What it costs


def test_a_sheet_takes_three_queries(django_assert_num_queries: Any) -> None:
    version = factories.working(draft())

    with django_assert_num_queries(3):
        sheet = read_sheet(version)
        sheet.missing()
        assert [row.shown for row in sheet.indicators()]
        assert [row.gap for row in sheet.indicators()]


def test_with_a_catalogue_at_hand_it_takes_two(django_assert_num_queries: Any) -> None:
    version = factories.working(draft())
    catalogue = load_catalogue(version.report.period.criteria_set_id, version.report.commune.province.region)

    with django_assert_num_queries(2):
        assert len(read_sheet(version, catalogue).criteria) == 19


def test_groups_are_found_by_their_code() -> None:
    sheet = sheet_of(factories.make_report())

    assert sum(len(sheet.group(code)) for code in ["I", "II", "III", "IV", "V"]) == 19
    assert sheet.group("VI") == []


def test_a_sheet_is_of_its_version_on_its_day() -> None:
    report = factories.make_submitted()

    assert factories.working(report).judged_on == date(2015, 1, 3)
    assert sheet_of(report).version == factories.working(report)
