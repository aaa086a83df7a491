"""Is it met? Every rule by example, and what holds for all values."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from criteria import rules
from criteria.rules import Absence, Answer, Comparator, Level, Verdict

MET, BASIC, NOT_MET = Verdict.MET, Verdict.BASIC, Verdict.NOT_MET
NOT_CONSIDERED, NO_DATA = Verdict.NOT_CONSIDERED, Verdict.NO_DATA

DECISION = date(2009, 4, 16)  # QĐ 491/QĐ-TTg
AMENDMENT = date(2013, 2, 20)  # QĐ 342/QĐ-TTg
LETTER = date(2014, 3, 18)  # công văn 938/BNN-VPĐP


def make_level(
    comparator: str = Comparator.AT_LEAST,
    value: str | Decimal | None = "80",
    region: str | None = None,
    published_on: date = DECISION,
    applies_from_year: int = 2009,
) -> Level:
    exact = None if value is None else Decimal(value)
    return Level(comparator, exact, region, published_on, applies_from_year)


def make_answer(value: str) -> Answer:
    return Answer(value=Decimal(value))


YES_NO = make_level(Comparator.IS_MET, None)

comparators = st.sampled_from([c for c in Comparator if c is not Comparator.IS_MET])
increasing = st.sampled_from([Comparator.AT_LEAST, Comparator.MORE_THAN])
thresholds = st.decimals(min_value=-1000, max_value=1000, places=4)
# Around the threshold, where a wrong comparison or a careless rounding shows.
nudges = st.sampled_from([Fraction(0), Fraction(1, 10**6), Fraction(1, 3000), Fraction(1, 10**25)])
fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**6)
amounts = st.decimals(min_value=0, max_value=10**9, places=4)
positive_amounts = st.decimals(min_value=Decimal("0.0001"), max_value=10**9, places=4)
verdicts = st.lists(st.sampled_from([MET, NOT_MET, NOT_CONSIDERED, NO_DATA]), max_size=6)
needed = st.none() | st.integers(min_value=1, max_value=6)


# One value and its threshold


@pytest.mark.parametrize(
    ("comparator", "below", "equal", "above"),
    [
        (Comparator.AT_LEAST, False, True, True),
        (Comparator.MORE_THAN, False, False, True),
        (Comparator.AT_MOST, True, True, False),
        (Comparator.LESS_THAN, True, False, False),
    ],
)
def test_a_value_reaches_its_threshold_by_the_comparator(
    comparator: Comparator, below: bool, equal: bool, above: bool
) -> None:
    limit = Decimal("10")

    assert rules.reaches(Decimal("9.999999"), comparator, limit) is below
    assert rules.reaches(Decimal("10"), comparator, limit) is equal
    assert rules.reaches(Decimal("10.000"), comparator, limit) is equal
    assert rules.reaches(Decimal("10.000001"), comparator, limit) is above


def test_stored_comparators_are_understood_as_plain_text() -> None:
    assert rules.reaches(Decimal("80"), ">=", Decimal("80"))
    assert not rules.reaches(Decimal("80"), ">", Decimal("80"))
    assert rules.reaches(Decimal("1"), "is_met", None)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("1.000000", True), ("0", False), ("2", False)])
def test_yes_is_one_and_nothing_else(value: str, expected: bool) -> None:
    assert rules.reaches(Decimal(value), Comparator.IS_MET, None) is expected


@pytest.mark.parametrize("value", ["1.3999", "1.4", "1.5"])
def test_a_multiple_is_compared_like_any_other_number(value: str) -> None:
    """Income per head as a multiple of the province's: 1.4 times as of QĐ 491."""
    expected = MET if Decimal(value) >= Decimal("1.4") else NOT_MET

    assert rules.judge_indicator(make_answer(value), make_level(value="1.4")) == expected


def test_a_comparator_without_its_threshold_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a threshold"):
        rules.reaches(Decimal("1"), Comparator.AT_LEAST, None)


def test_an_unknown_comparator_is_an_error() -> None:
    with pytest.raises(ValueError, match="Unknown comparator: =="):
        rules.reaches(Decimal("1"), "==", Decimal("1"))


@given(value=fractions, threshold=thresholds)
def test_each_strict_comparator_is_the_opposite_of_the_other_directions_loose_one(
    value: Fraction, threshold: Decimal
) -> None:
    def reaches(comparator: str) -> bool:
        return rules.reaches(value, comparator, threshold)

    assert reaches(Comparator.AT_LEAST) is not reaches(Comparator.LESS_THAN)
    assert reaches(Comparator.AT_MOST) is not reaches(Comparator.MORE_THAN)
    assert (reaches(Comparator.AT_LEAST) and reaches(Comparator.AT_MOST)) is (value == Fraction(threshold))


@given(value=fractions, better=fractions.map(abs), comparator=comparators, threshold=thresholds)
def test_a_better_value_never_turns_met_into_not_met(
    value: Fraction, better: Fraction, comparator: Comparator, threshold: Decimal
) -> None:
    assume(rules.reaches(value, comparator, threshold))
    improved = value + better if comparator in (Comparator.AT_LEAST, Comparator.MORE_THAN) else value - better

    assert rules.reaches(improved, comparator, threshold)


# Shares of two numbers


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ("1", "2", Fraction(50)),
        ("2", "3", Fraction(200, 3)),
        ("0", "7", Fraction(0)),
        ("7", "7", Fraction(100)),
        ("199999", "200000", Fraction("99.9995")),
        ("12.3456", "98.7654", Fraction(123456_00, 987654)),
    ],
)
def test_a_percentage_is_exact(numerator: str, denominator: str, expected: Fraction) -> None:
    assert rules.percentage(Decimal(numerator), Decimal(denominator)) == expected


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        rules.percentage(Decimal(1), Decimal(0))


@given(denominator=positive_amounts, share=st.integers(min_value=0, max_value=100))
def test_an_exact_share_reaches_its_threshold_and_one_a_little_smaller_does_not(
    denominator: Decimal, share: int
) -> None:
    numerator = denominator * share / 100
    level = make_level(value=str(share))

    assert rules.judge_indicator(Answer(numerator=numerator, denominator=denominator), level) == MET
    smaller = numerator - Decimal("0.000001")
    assert rules.judge_indicator(Answer(numerator=smaller, denominator=denominator), level) == NOT_MET


def test_a_share_just_short_of_all_is_not_met() -> None:
    answer = Answer(numerator=Decimal(199999), denominator=Decimal(200000))

    assert rules.judge_indicator(answer, make_level(value="100")) == NOT_MET


def test_two_thirds_are_more_than_66_and_two_thirds_cut_short() -> None:
    answer = Answer(numerator=Decimal(2), denominator=Decimal(3))

    assert answer.exact == Fraction(200, 3)
    assert rules.judge_indicator(answer, make_level(value="66.6666")) == MET
    assert rules.judge_indicator(answer, make_level(value="66.6667")) == NOT_MET


def test_the_two_numbers_count_rather_than_the_percentage_typed_beside_them() -> None:
    answer = Answer(value=Decimal("100"), numerator=Decimal(199999), denominator=Decimal(200000))

    assert answer.exact == Fraction("99.9995")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(), None),
        (Answer(value=Decimal(0)), Decimal(0)),
        (Answer(value=Decimal("12.5")), Decimal("12.5")),
        (Answer(numerator=Decimal(5)), None),
        (Answer(denominator=Decimal(5)), None),
        (Answer(numerator=Decimal(5), denominator=Decimal(0)), None),
        (Answer(value=Decimal(3), numerator=Decimal(5), denominator=Decimal(0)), Decimal(3)),
        (Answer(numerator=Decimal(0), denominator=Decimal(5)), Fraction(0)),
    ],
)
def test_an_answer_gives_its_unrounded_value(answer: Answer, expected: Decimal | Fraction | None) -> None:
    assert answer.exact == expected


# An indicator


@pytest.mark.parametrize(
    ("answer", "level", "expected"),
    [
        (make_answer("80"), make_level(), MET),
        (make_answer("79.999999"), make_level(), NOT_MET),
        (make_answer("5"), make_level(Comparator.AT_MOST, "5"), MET),
        (make_answer("5.000001"), make_level(Comparator.AT_MOST, "5"), NOT_MET),
        (make_answer("5"), make_level(Comparator.LESS_THAN, "5"), NOT_MET),
        (make_answer("0"), make_level(Comparator.AT_MOST, "5"), MET),
        (make_answer("1"), YES_NO, MET),
        (make_answer("0"), YES_NO, NOT_MET),
        (make_answer("0"), make_level(), NOT_MET),
        (None, make_level(), NO_DATA),
        (None, YES_NO, NO_DATA),
        (Answer(), make_level(), NO_DATA),
        (Answer(absence=Absence.NO_DATA), make_level(), NO_DATA),
        (Answer(absence=Absence.NOT_CONSIDERED), make_level(), NOT_CONSIDERED),
        (Answer(absence=Absence.NOT_CONSIDERED), YES_NO, NOT_CONSIDERED),
        (Answer(value=Decimal(90), absence=Absence.NO_DATA), make_level(), NO_DATA),
        (Answer(value=Decimal(90), absence=Absence.NOT_CONSIDERED), make_level(), NOT_CONSIDERED),
        (make_answer("90"), None, NOT_CONSIDERED),
        (None, None, NOT_CONSIDERED),
    ],
)
def test_an_indicator_is_met_not_met_without_data_or_not_considered(
    answer: Answer | None, level: Level | None, expected: Verdict
) -> None:
    assert rules.judge_indicator(answer, level) == expected


# A criterion


@pytest.mark.parametrize(
    ("indicators", "expected"),
    [
        ([MET], MET),
        ([MET, MET, MET], MET),
        ([MET, NOT_MET, MET], NOT_MET),
        ([MET, NO_DATA], NO_DATA),
        ([NOT_MET, NO_DATA], NO_DATA),
        ([MET, NOT_CONSIDERED], MET),
        ([NOT_MET, NOT_CONSIDERED], NOT_MET),
        ([NO_DATA, NOT_CONSIDERED], NO_DATA),
        ([NOT_CONSIDERED], NOT_CONSIDERED),
        ([NOT_CONSIDERED, NOT_CONSIDERED], NOT_CONSIDERED),
        ([], NOT_CONSIDERED),
        (["met", "not_considered"], MET),
    ],
)
def test_a_criterion_needs_all_its_considered_indicators(indicators: Sequence[str], expected: Verdict) -> None:
    assert rules.judge_criterion(indicators) == expected


@pytest.mark.parametrize(
    ("indicators", "at_least", "expected"),
    [
        ([MET, NOT_MET, NOT_MET], 1, MET),
        ([MET, NOT_MET, NOT_MET], 2, NOT_MET),
        ([MET, MET, NOT_MET], 2, MET),
        # A missing one matters only while it could still decide.
        ([MET, MET, NO_DATA], 2, MET),
        ([MET, NOT_MET, NO_DATA], 2, NO_DATA),
        ([NOT_MET, NOT_MET, NO_DATA], 2, NOT_MET),
        ([NO_DATA, NO_DATA], 1, NO_DATA),
        # Where fewer are considered than are needed, all of those are needed.
        ([MET, NOT_CONSIDERED, NOT_CONSIDERED], 2, MET),
        ([NOT_MET, NOT_CONSIDERED, NOT_CONSIDERED], 2, NOT_MET),
        ([MET, NO_DATA, NOT_CONSIDERED], 3, NO_DATA),
        ([NOT_CONSIDERED], 1, NOT_CONSIDERED),
        ([], 1, NOT_CONSIDERED),
    ],
)
def test_a_criterion_of_at_least_n_needs_that_many(indicators: Sequence[str], at_least: int, expected: Verdict) -> None:
    assert rules.judge_criterion(indicators, at_least) == expected


@given(data=st.data(), indicators=verdicts, at_least=needed)
def test_the_order_of_the_indicators_never_matters(
    data: st.DataObject, indicators: list[Verdict], at_least: int | None
) -> None:
    other_order = data.draw(st.permutations(indicators))

    assert rules.judge_criterion(other_order, at_least) == rules.judge_criterion(indicators, at_least)


@given(indicators=verdicts, at_least=needed)
def test_one_more_indicator_that_is_not_considered_changes_nothing(
    indicators: list[Verdict], at_least: int | None
) -> None:
    with_it = [*indicators, NOT_CONSIDERED]

    assert rules.judge_criterion(with_it, at_least) == rules.judge_criterion(indicators, at_least)


@given(indicators=verdicts.filter(bool), position=st.integers(min_value=0), at_least=needed)
def test_an_indicator_that_becomes_met_never_makes_a_criterion_worse(
    indicators: list[Verdict], position: int, at_least: int | None
) -> None:
    position %= len(indicators)
    assume(indicators[position] in (NOT_MET, NO_DATA))
    before = rules.judge_criterion(indicators, at_least)
    better = [*indicators[:position], MET, *indicators[position + 1 :]]
    after = rules.judge_criterion(better, at_least)

    assert before != MET or after == MET


@given(indicators=verdicts, at_least=needed)
def test_no_data_means_that_the_missing_could_still_decide(indicators: list[Verdict], at_least: int | None) -> None:
    """With `at_least`, filling the gaps one way and the other shows whether they matter."""

    def filled(with_what: Verdict) -> Verdict:
        full = [with_what if verdict == NO_DATA else verdict for verdict in indicators]
        return rules.judge_criterion(full, at_least)

    verdict = rules.judge_criterion(indicators, at_least)
    if at_least is not None:
        assert (verdict == NO_DATA) is (filled(MET) != filled(NOT_MET))
    else:
        assert (verdict == NO_DATA) is (NO_DATA in indicators)
    if verdict != NO_DATA:
        assert verdict == filled(MET) == filled(NOT_MET)


@given(indicators=verdicts, at_least=needed)
def test_a_rule_never_says_basically_met(indicators: list[Verdict], at_least: int | None) -> None:
    assert rules.judge_criterion(indicators, at_least) != BASIC


# The condition in brackets: 2.3 asks for clean lanes, and in five regions for a share of hardened ones


def judge_lanes(region: str, clean: str | None, hardened: str | None) -> Verdict:
    clean_levels = [make_level(value="100", region=code) for code in ("tdmn", "dbsh")]
    hardened_levels = [make_level(value="50", region="tdmn")]  # the Red River delta has no bracket
    answers = [None if value is None else make_answer(value) for value in (clean, hardened)]
    levels = [
        rules.level_in_force(one, region=region, year=2013, judged_on=AMENDMENT)
        for one in (clean_levels, hardened_levels)
    ]
    return rules.judge_criterion(
        [rules.judge_indicator(answer, level) for answer, level in zip(answers, levels, strict=True)]
    )


@pytest.mark.parametrize(
    ("region", "clean", "hardened", "expected"),
    [
        ("tdmn", "100", "50", MET),
        ("tdmn", "100", "49.99", NOT_MET),
        ("tdmn", "99", "60", NOT_MET),
        ("tdmn", "100", None, NO_DATA),
        ("dbsh", "100", None, MET),
        ("dbsh", "100", "0", MET),
        ("dbsh", "99", "100", NOT_MET),
        ("dbsh", None, "100", NO_DATA),
    ],
)
def test_a_sub_condition_counts_only_where_the_region_carries_it(
    region: str, clean: str | None, hardened: str | None, expected: Verdict
) -> None:
    assert judge_lanes(region, clean, hardened) == expected


# Which level is in force

INCOME = [
    make_level(value="13", region="tdmn", published_on=AMENDMENT, applies_from_year=2012),
    make_level(value="18", region="tdmn", published_on=AMENDMENT, applies_from_year=2015),
    make_level(value="15", region="tdmn", published_on=LETTER, applies_from_year=2013),
    make_level(value="16", region="tdmn", published_on=LETTER, applies_from_year=2014),
]


@pytest.mark.parametrize(
    ("year", "judged_on", "expected"),
    [
        (2012, AMENDMENT, "13"),
        (2012, AMENDMENT - timedelta(days=1), None),
        (2013, date(2013, 6, 30), "13"),  # the level for 2013 is not published yet
        (2013, LETTER - timedelta(days=1), "13"),
        (2013, LETTER, "15"),
        (2014, LETTER, "16"),
        (2014, LETTER - timedelta(days=1), "13"),
        (2015, LETTER, "18"),
        (2020, LETTER, "18"),
        (2011, LETTER, None),
    ],
)
def test_the_income_level_is_the_latest_one_known_on_the_day(year: int, judged_on: date, expected: str | None) -> None:
    level = rules.level_in_force(INCOME, region="tdmn", year=year, judged_on=judged_on)

    assert (level and level.value) == (expected and Decimal(expected))


def test_a_newer_publication_beats_an_older_one_for_the_same_year() -> None:
    old = make_level(value="13", published_on=AMENDMENT, applies_from_year=2012)
    new = make_level(value="14", published_on=LETTER, applies_from_year=2012)

    for levels in ([old, new], [new, old]):
        assert rules.level_in_force(levels, region="dbsh", year=2012, judged_on=LETTER) == new
        assert rules.level_in_force(levels, region="dbsh", year=2012, judged_on=AMENDMENT) == old


def test_a_later_starting_year_beats_a_newer_publication() -> None:
    for_2014 = make_level(value="16", published_on=AMENDMENT, applies_from_year=2014)
    correction_of_2012 = make_level(value="14", published_on=LETTER, applies_from_year=2012)

    level = rules.level_in_force([for_2014, correction_of_2012], region="dbsh", year=2014, judged_on=LETTER)

    assert level == for_2014


def test_the_regions_own_level_beats_the_general_one() -> None:
    general = make_level(value="70")
    own = make_level(value="50", region="tdmn")
    other = make_level(value="100", region="dbsh")

    for levels in ([general, own, other], [other, own, general]):
        assert rules.level_in_force(levels, region="tdmn", year=2013, judged_on=LETTER) == own
        assert rules.level_in_force(levels, region="dbsh", year=2013, judged_on=LETTER) == other
        assert rules.level_in_force(levels, region="btb", year=2013, judged_on=LETTER) == general


def test_another_regions_level_never_applies() -> None:
    assert rules.level_in_force([make_level(region="dbsh")], region="tdmn", year=2013, judged_on=LETTER) is None


def test_nothing_applies_where_nothing_is_published() -> None:
    assert rules.level_in_force([], region="tdmn", year=2013, judged_on=LETTER) is None


level_lists = st.lists(
    st.builds(
        make_level,
        value=st.integers(min_value=1, max_value=9).map(Decimal),
        region=st.sampled_from([None, "tdmn", "dbsh"]),
        published_on=st.sampled_from([DECISION, AMENDMENT, LETTER]),
        applies_from_year=st.integers(min_value=2009, max_value=2015),
    ),
    max_size=8,
)
years = st.integers(min_value=2008, max_value=2016)
days = st.dates(min_value=date(2009, 1, 1), max_value=date(2016, 12, 31)) | st.sampled_from(
    [DECISION, AMENDMENT, LETTER]
)


@given(levels=level_lists, year=years, judged_on=days)
def test_a_level_in_force_is_published_has_begun_and_is_the_regions_or_general(
    levels: list[Level], year: int, judged_on: date
) -> None:
    level = rules.level_in_force(levels, region="tdmn", year=year, judged_on=judged_on)
    possible = [
        one
        for one in levels
        if one.published_on <= judged_on and one.applies_from_year <= year and one.region != "dbsh"
    ]

    assert (level is None) is (not possible)
    if level is not None:
        assert level in possible
        assert level.applies_from_year == max(one.applies_from_year for one in possible)
        same_year = [one for one in possible if one.applies_from_year == level.applies_from_year]
        assert level.published_on == max(one.published_on for one in same_year)
        beside_it = [one for one in same_year if one.published_on == level.published_on]
        assert level.region == "tdmn" or all(one.region is None for one in beside_it)


@given(levels=level_lists, later=level_lists, year=years, judged_on=days)
def test_what_is_published_later_never_changes_an_earlier_judgement(
    levels: list[Level], later: list[Level], year: int, judged_on: date
) -> None:
    afterwards = [replace(level, published_on=judged_on + timedelta(days=1)) for level in later]

    before = rules.level_in_force(levels, region="tdmn", year=year, judged_on=judged_on)
    after = rules.level_in_force([*levels, *afterwards], region="tdmn", year=year, judged_on=judged_on)

    assert after == before


# How far from it


@pytest.mark.parametrize(
    ("comparator", "value", "expected"),
    [
        (Comparator.AT_LEAST, "85", "5"),
        (Comparator.AT_LEAST, "79.5", "-0.5"),
        (Comparator.AT_LEAST, "80", "0"),
        (Comparator.MORE_THAN, "85", "5"),
        (Comparator.MORE_THAN, "79.5", "-0.5"),
        (Comparator.AT_MOST, "85", "-5"),
        (Comparator.AT_MOST, "79.5", "0.5"),
        (Comparator.LESS_THAN, "85", "-5"),
        (Comparator.LESS_THAN, "79.5", "0.5"),
    ],
)
def test_a_gap_is_positive_on_the_right_side_and_negative_on_the_wrong_one(
    comparator: Comparator, value: str, expected: str
) -> None:
    assert rules.gap(Decimal(value), make_level(comparator)) == Fraction(expected)


def test_there_is_no_gap_to_a_yes() -> None:
    assert rules.gap(Decimal(0), YES_NO) is None


@given(value=fractions, comparator=comparators, threshold=thresholds)
def test_the_sign_of_a_gap_agrees_with_the_verdict(value: Fraction, comparator: Comparator, threshold: Decimal) -> None:
    gap = rules.gap(value, make_level(comparator, threshold))

    assert gap is not None
    assert abs(gap) == abs(value - Fraction(threshold))
    if gap:
        assert (gap > 0) is rules.reaches(value, comparator, threshold)
    else:
        loose = comparator in (Comparator.AT_LEAST, Comparator.AT_MOST)
        assert rules.reaches(value, comparator, threshold) is loose


# What is printed


@pytest.mark.parametrize(
    ("value", "comparator", "threshold", "expected"),
    [
        ("85.456", Comparator.AT_LEAST, "80", "85.46"),
        ("79.999", Comparator.AT_LEAST, "80", "79.999"),
        ("79.9999995", Comparator.AT_LEAST, "80", "79.9999995"),
        ("79.99", Comparator.AT_LEAST, "80", "79.99"),
        ("80", Comparator.AT_LEAST, "80", "80.00"),
        ("80", Comparator.MORE_THAN, "80", "80.00"),
        ("80.001", Comparator.MORE_THAN, "80", "80.001"),
        ("5.001", Comparator.AT_MOST, "5", "5.001"),
        ("4.999", Comparator.LESS_THAN, "5", "4.999"),
        ("1.2345", Comparator.AT_LEAST, "1.2345", "1.235"),
        ("199999/2000", Comparator.AT_LEAST, "100", "99.9995"),
        ("200/3", Comparator.AT_LEAST, "50", "66.67"),
        ("200/3", Comparator.AT_LEAST, "66.6667", "66.66667"),
        ("-0.001", Comparator.AT_LEAST, "0", "-0.001"),
    ],
)
def test_the_printed_value_has_digits_enough_to_agree_with_its_verdict(
    value: str, comparator: Comparator, threshold: str, expected: str
) -> None:
    shown = rules.shown_value(Fraction(value), comparator, Decimal(threshold))

    assert shown == Decimal(expected)
    assert shown.as_tuple().exponent == Decimal(expected).as_tuple().exponent


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_the_wanted_number_of_digits_is_a_least_number(decimals: int) -> None:
    shown = rules.shown_value(Decimal("85"), Comparator.AT_LEAST, Decimal("80"), decimals)

    assert shown == 85
    assert shown.as_tuple().exponent == -decimals


def test_a_yes_is_printed_as_it_is() -> None:
    assert rules.shown_value(Decimal(1), Comparator.IS_MET, None) == 1


def test_a_value_without_a_threshold_is_only_rounded() -> None:
    assert rules.shown_value(Decimal("79.999"), Comparator.AT_LEAST, None) == 80


@settings(deadline=None)
@example(threshold=Decimal(80), nudge=Fraction(1, 10**40), sign=-1, comparator=">=", decimals=2)
@given(
    threshold=thresholds,
    nudge=nudges | fractions,
    sign=st.sampled_from([1, -1]),
    comparator=comparators,
    decimals=st.integers(min_value=0, max_value=4),
)
def test_the_printed_value_never_contradicts_its_verdict_and_is_the_nearest_with_its_digits(
    threshold: Decimal, nudge: Fraction, sign: int, comparator: str, decimals: int
) -> None:
    value = Fraction(threshold) + sign * nudge
    shown = rules.shown_value(value, comparator, threshold, decimals)
    exponent = shown.as_tuple().exponent

    assert rules.reaches(shown, comparator, threshold) is rules.reaches(value, comparator, threshold)
    assert isinstance(exponent, int)
    assert -exponent >= decimals
    assert abs(Fraction(shown) - value) <= Fraction(1, 2 * 10**-exponent)
    # Not more digits than needed: with one fewer it would contradict, unless so many were wanted.
    if -exponent > decimals:
        shorter = rules.rounded(value, -exponent - 1)
        assert rules.reaches(shorter, comparator, threshold) is not rules.reaches(value, comparator, threshold)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (Decimal("1.005"), 2, "1.01"),  # halves away from zero
        (Decimal("1.015"), 2, "1.02"),
        (Decimal("-1.015"), 2, "-1.02"),
        (Decimal("2.5"), 0, "3"),
        (Decimal("-0.001"), 2, "0.00"),
        (Fraction(2, 3), 4, "0.6667"),
        (Decimal("12345678901234567890123456789012.345"), 1, "12345678901234567890123456789012.3"),
    ],
)
def test_a_number_is_rounded_halves_away_from_zero_whatever_its_size(
    value: Decimal | Fraction, decimals: int, expected: str
) -> None:
    assert str(rules.rounded(value, decimals)) == expected


# A whole commune


@pytest.mark.parametrize(
    ("criteria", "complete", "basically"),
    [
        ([MET] * 19, True, True),
        ([MET] * 18 + [NOT_CONSIDERED], True, True),
        ([MET] * 18 + [BASIC], False, True),
        ([BASIC] * 19, False, True),
        ([MET] * 18 + [NOT_MET], False, False),
        ([MET] * 18 + [NO_DATA], False, False),
        ([BASIC] * 18 + [NOT_MET], False, False),
        ([MET] * 18 + [""], False, False),
        ([], False, False),
        (["met", "not_considered"], True, True),
    ],
)
def test_a_commune_is_complete_when_every_criterion_is_met_or_not_considered(
    criteria: Sequence[str], complete: bool, basically: bool
) -> None:
    assert rules.is_complete(criteria) is complete
    assert rules.is_complete(criteria, basically=True) is basically


@given(criteria=st.lists(st.sampled_from(list(Verdict)), max_size=19))
def test_a_complete_commune_is_basically_complete_too(criteria: list[Verdict]) -> None:
    assert not rules.is_complete(criteria) or rules.is_complete(criteria, basically=True)
