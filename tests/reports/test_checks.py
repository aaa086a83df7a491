"""What asks for an explanation: large changes, what is about to be lost, numbers that contradict one another."""

from decimal import Decimal
from typing import Any

import pytest

from criteria.models import Expectation
from ntm_tracker import clock
from reports.changes import read_beside
from reports.checks import SoftCheck, soft_checks
from reports.models import QuarterlyReport
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Values = dict[str, dict[str, Any]]


def number(value: str | int) -> dict[str, Any]:
    return {"value": Decimal(value)}


def share(part: int, total: int) -> dict[str, Any]:
    return {"numerator": Decimal(part), "denominator": Decimal(total), "value": Decimal(part) * 100 / total}


def checks(now: Values, before: Values | None = None, **filling: Any) -> list[SoftCheck]:
    """The checks of a draft of Hải Đường for quarter IV/2014; `before` is accepted in quarter III, filled in so."""
    if before is not None:
        with clock.at(moment("2014-10-05")):
            factories.make_accepted("Hải Đường", "2014-3", values=before, **filling)
    report = factories.make_report("Hải Đường", "2014-4")
    return found_in(report, now)


def found_in(report: QuarterlyReport, now: Values) -> list[SoftCheck]:
    version = factories.fill_in(report, factories.editor_of(report.commune), values=now)
    return soft_checks(*read_beside(version))


def said(found: list[SoftCheck]) -> list[tuple[str, str, str]]:
    return [
        (check.sheet.indicator.code, check.code, check.sentence.replace("\N{NO-BREAK SPACE}", " ")) for check in found
    ]


def test_a_report_like_the_quarter_before_asks_nothing() -> None:
    same = {"4.2": share(2060, 2070), "11": share(58, 2070), "12": share(5523, 5700)}

    assert checks(same, before=same) == []


def test_the_first_report_has_nothing_to_be_compared_with() -> None:
    assert checks({"11": number(9)}) == []


@pytest.mark.parametrize(
    ("code", "before", "now", "sentence"),
    [
        ("12", "96.9", "91.79", "Down 5.11 points from quarter III/2014, more than usual (5 points)."),
        ("12", "91", "96.5", "Up 5.5 points from quarter III/2014, more than usual (5 points)."),
        ("10", "27", "31", "Up 4 million VND/person/year from quarter III/2014, more than usual (3 million"),
    ],
)
def test_a_change_beyond_what_is_usual_is_asked_about(code: str, before: str, now: str, sentence: str) -> None:
    (found,) = said(checks({code: number(now)}, before={code: number(before)}))

    assert found[:2] == (code, "change")
    assert found[2].startswith(sentence)


def test_exactly_the_usual_change_is_not_asked_about() -> None:
    assert checks({"12": number(92)}, before={"12": number(97)}) == []


def test_what_is_usual_is_a_setting_of_the_indicator() -> None:
    factories.reference()
    Expectation.objects.filter(indicator__code="12").update(usual_change=Decimal("0.5"))
    assert [check.code for check in checks({"12": number(96)}, before={"12": number(97)})] == ["change"]

    Expectation.objects.filter(indicator__code="12").delete()
    report = QuarterlyReport.objects.get(period__quarter=4, commune__name="Hải Đường")
    assert found_in(report, {"12": number(92)}) == []


def test_a_met_criterion_about_to_be_lost_comes_first() -> None:
    before = {"11": number("2.9"), "12": number("99")}

    found = said(checks({"11": number("3.09"), "12": number("92"), "13": number(0)}, before=before))

    assert [each[:2] for each in found] == [("11", "loss"), ("13", "loss"), ("12", "change")]
    assert found[0][2] == "Met in quarter III/2014, not met now: criterion 11 is about to be lost."


def test_a_loss_in_a_criterion_that_was_not_met_anyway_is_told_as_such() -> None:
    before = {"17.1": number(95), "17.4": number(0)}

    (found,) = said(checks({"17.1": number(89), "17.4": number(0)}, before=before, claims={17: "not_met"}))

    assert found[:2] == ("17.1", "loss")
    assert found[2].startswith("Met in quarter III/2014, not met now. Down 6 points from quarter III/2014")


def test_what_was_not_met_before_either_is_no_loss() -> None:
    assert checks({"11": number("3.2")}, before={"11": number("3.1")}, claims={11: "not_met"}) == []


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ("2.5", "2.9", "Met by only 0.1 points, and worse than before (2.5 %)."),
        ("2.5", "3", "Met with nothing to spare, and worse than before (2.5 %)."),
        ("2.95", "2.9", None),
        ("2", "2.5", None),
    ],
)
def test_a_margin_that_melts_away_is_pointed_out(before: str, now: str, sentence: str | None) -> None:
    found = said(checks({"11": number(now)}, before={"11": number(before)}))

    assert found == ([("11", "margin", sentence)] if sentence else [])


@pytest.mark.parametrize(
    ("now", "code", "sentence"),
    [
        (
            {"4.2": share(2060, 2070), "9.2": share(1560, 1650), "11": share(58, 2070)},
            "9.2",
            "The total here is 1,650 households, but 2,070 households in 4.2: more than 10 % apart.",
        ),
        (
            {"12": share(5523, 5700), "14.3": share(2900, 6500)},
            "14.3",
            "The total here is 6,500 workers, but 5,700 workers in 12: more than 10 % apart.",
        ),
        (
            {"12": share(5523, 5700), "15.1": share(4000, 5000)},
            "12",
            "The total here is 5,700 workers, more than the 5,000 people in 15.1.",
        ),
    ],
)
def test_totals_that_cannot_both_be_right_are_asked_about(now: Values, code: str, sentence: str) -> None:
    assert said(checks(now)) == [(code, "contradiction", sentence)]


def test_totals_within_a_tenth_of_each_other_are_left_alone() -> None:
    assert checks({"4.2": share(2060, 2070), "9.2": share(1800, 1870), "11": share(58, 2100)}) == []


def test_a_part_cannot_be_larger_than_the_whole() -> None:
    report = factories.make_report("Thanh Chăn")

    found = said(found_in(report, {"2.3": number(60), "2.3a": number(70)}))

    assert ("2.3a", "contradiction", "2.3a is a part of 2.3 and cannot be larger (60 %).") in found


def test_one_indicator_is_asked_about_once_with_the_heaviest_first() -> None:
    (found,) = said(checks({"11": share(150, 2070)}, before={"11": share(58, 2070)}))

    assert found[:2] == ("11", "loss")
    assert "is about to be lost. Up 4.44 points from quarter III/2014" in found[2]


def test_what_the_committee_wrote_stands_beside_the_check() -> None:
    before = {"11": number("2.5"), "12": number("99")}
    now = {"11": number("2.9") | {"explanation": "Hai hộ mới tách."}, "12": number(92)}

    found = {check.sheet.indicator.code: check for check in checks(now, before=before)}

    assert found["11"].explanation == "Hai hộ mới tách."
    assert found["11"].is_explained
    assert not found["12"].is_explained


def test_what_another_edition_asked_under_the_same_code_is_not_compared() -> None:
    with clock.at(moment("2013-01-05")):
        factories.make_accepted("Hải Đường", "2012-4", values={"12": number(20), "10": number("1.6")})
    report = factories.make_report("Hải Đường", "2013-2")

    found = found_in(report, {"12": number(92), "10": number(30)})

    assert report.period.criteria_set.code == "2013"
    assert {check.sheet.indicator.code for check in found}.isdisjoint({"10", "12"})


def test_no_data_is_no_change() -> None:
    assert checks({"11": {"absence": "no_data", "absence_reason": "Chưa rà soát"}}, before={"11": number(1)}) == []


def test_the_checks_cost_no_query_beside_the_sheet(django_assert_num_queries: Any) -> None:
    report = factories.make_report("Hải Đường")
    version = factories.fill_in(report, factories.editor_of(report.commune), values={"11": number(9)})

    with django_assert_num_queries(3):
        soft_checks(*read_beside(version))
