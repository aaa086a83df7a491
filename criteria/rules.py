"""Is it met? The rules of the decisions, as plain functions of values.

Nothing here knows a database, a request or the time of day: the day of judging is an argument. Values are
`Decimal` or `Fraction` and are compared unrounded; rounding happens only where a number is printed, and
`shown_value` prints enough digits that the number cannot contradict its verdict.

Sources: QĐ 491/QĐ-TTg (16/04/2009), QĐ 342/QĐ-TTg (20/02/2013); a criterion is met when all its indicators
are (TT 41/2013/TT-BNNPTNT for criteria 9 and 15, applied to all).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

Number = Decimal | Fraction


class Verdict(TextChoices):
    """What is said of an indicator or a criterion."""

    MET = "met", pgettext_lazy("verdict", "met")
    BASIC = "basic", pgettext_lazy("verdict", "basically met")
    NOT_MET = "not_met", pgettext_lazy("verdict", "not met")
    NOT_CONSIDERED = "not_considered", pgettext_lazy("verdict", "not considered")
    NO_DATA = "no_data", pgettext_lazy("verdict", "no data")


class Absence(TextChoices):
    """Why an answer carries no value. Zero is a value, not an absence."""

    NO_DATA = "no_data", pgettext_lazy("verdict", "no data")
    NOT_CONSIDERED = "not_considered", pgettext_lazy("verdict", "not considered")


class Comparator(TextChoices):
    """How a value must stand to the threshold."""

    AT_LEAST = ">=", "≥"
    MORE_THAN = ">", ">"
    AT_MOST = "<=", "≤"
    LESS_THAN = "<", "<"
    IS_MET = "is_met", pgettext_lazy("comparator", "is met")


@dataclass(frozen=True, slots=True)
class Level:
    """One publication of a threshold: what must be reached, where, from when, by which decision.

    `region` is None for the general level. `value` is None only with `Comparator.IS_MET` (yes or no).
    """

    comparator: str
    value: Decimal | None
    region: str | None
    published_on: date
    applies_from_year: int
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report says of one indicator. A yes/no answer is the value 1 or 0.

    With a numerator and a denominator (above zero) the exact quotient counts, as a percentage.
    """

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    absence: str = ""

    @property
    def exact(self) -> Number | None:
        """The unrounded value, or None where there is none."""
        if self.numerator is not None and self.denominator:
            return percentage(self.numerator, self.denominator)
        return self.value


def percentage(numerator: Decimal, denominator: Decimal) -> Fraction:
    """The exact share in percent. Raises `ZeroDivisionError` for a denominator of zero."""
    return Fraction(numerator) * 100 / Fraction(denominator)


def level_in_force(levels: Iterable[Level], *, region: str, year: int, judged_on: date) -> Level | None:
    """The level by which a report of `year` from `region` is judged on the day `judged_on`.

    Among those published by that day, the one with the latest starting year not after the reported year; a
    newer publication beats an older one for the same year; the region's own row beats the general one.
    None when nothing applies (a sub-condition that the region does not carry).
    """
    known = [
        level
        for level in levels
        if level.region in (region, None) and level.published_on <= judged_on and level.applies_from_year <= year
    ]
    return max(
        known,
        key=lambda level: (level.applies_from_year, level.published_on, level.region is not None),
        default=None,
    )


def reaches(value: Number, comparator: str, threshold: Decimal | None) -> bool:
    """Whether an unrounded value reaches the threshold. Equality counts for ≥ and ≤.

    Raises `ValueError` for an unknown comparator or a missing threshold.
    """
    if comparator == Comparator.IS_MET:
        return value == 1
    if threshold is None:
        raise ValueError(f"The comparator {comparator} needs a threshold.")
    exact, limit = Fraction(value), Fraction(threshold)
    match comparator:
        case Comparator.AT_LEAST:
            return exact >= limit
        case Comparator.MORE_THAN:
            return exact > limit
        case Comparator.AT_MOST:
            return exact <= limit
        case Comparator.LESS_THAN:
            return exact < limit
    raise ValueError(f"Unknown comparator: {comparator}")


def judge_indicator(answer: Answer | None, level: Level | None) -> Verdict:
    """The verdict on one indicator: met, not met, no data or not considered.

    Without a level nothing is asked, so the indicator is not considered.
    """
    if level is None or (answer is not None and answer.absence == Absence.NOT_CONSIDERED):
        return Verdict.NOT_CONSIDERED
    value = answer.exact if answer is not None and not answer.absence else None
    if value is None:
        return Verdict.NO_DATA
    return Verdict.MET if reaches(value, level.comparator, level.value) else Verdict.NOT_MET


def judge_criterion(indicators: Sequence[str], at_least: int | None = None) -> Verdict:
    """The verdict on a criterion from the verdicts on its indicators and their sub-conditions.

    All considered indicators must be met; with `at_least`, that many of them. One needed indicator without
    data makes the criterion "no data", never "not met"; with `at_least`, only while the missing ones could
    still decide. When nothing is considered, nor is the criterion.
    """
    considered = [verdict for verdict in indicators if verdict != Verdict.NOT_CONSIDERED]
    if not considered:
        return Verdict.NOT_CONSIDERED
    met = considered.count(Verdict.MET)
    unknown = considered.count(Verdict.NO_DATA)
    if at_least is not None:
        needed = min(at_least, len(considered))
        if met >= needed:
            return Verdict.MET
        return Verdict.NO_DATA if met + unknown >= needed else Verdict.NOT_MET
    if unknown:
        return Verdict.NO_DATA
    return Verdict.MET if met == len(considered) else Verdict.NOT_MET


def gap(value: Number, level: Level) -> Fraction | None:
    """How far a value lies on the right side of its level: positive beyond it, negative short of it.

    None for a yes/no indicator, where there is nothing to measure.
    """
    if level.value is None:
        return None
    distance = Fraction(value) - Fraction(level.value)
    return distance if level.comparator in (Comparator.AT_LEAST, Comparator.MORE_THAN) else -distance


def shown_value(value: Number, comparator: str, threshold: Decimal | None, decimals: int = 2) -> Decimal:
    """The value rounded for print, with as many more digits as it takes to agree with its verdict.

    79.999 under "≥ 80" prints as 79.999 and never as 80.00.
    """
    exact = Fraction(value)
    if threshold is None or comparator == Comparator.IS_MET:
        return rounded(exact, decimals)
    verdict = reaches(exact, comparator, threshold)
    while reaches(shown := rounded(exact, decimals), comparator, threshold) != verdict:
        decimals += 1
    return shown


def rounded(value: Number, decimals: int) -> Decimal:
    """The value with `decimals` digits after the comma, halves away from zero, whatever its size."""
    digits = int(abs(Fraction(value)) * 10**decimals + Fraction(1, 2))
    return Decimal(f"{digits if value >= 0 else -digits}E-{decimals}")  # from text: arithmetic stops at 28 digits


def is_complete(criteria: Sequence[str], basically: bool = False) -> bool:
    """Whether a commune is complete: every criterion met or not considered, and all of them judged.

    With `basically`, criteria that are basically met count too ("cơ bản hoàn thành"), always shown apart.
    """
    good = {Verdict.MET, Verdict.NOT_CONSIDERED} | ({Verdict.BASIC} if basically else set())
    return bool(criteria) and all(verdict in good for verdict in criteria)
