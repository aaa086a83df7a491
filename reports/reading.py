"""How is a value or a threshold said in words? The same way on every page that only prints."""

from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from criteria import rules
from criteria.models import Indicator, Threshold
from ntm_tracker.templatetags.look import MINUS, NBSP, capital, number, quantity, verdict_word

from .judging import IndicatorSheet
from .models import IndicatorValue
from .models.value import Reported


def say_value(row: Reported | None, indicator: Indicator, level: rules.Level | None = None) -> str:
    """The value with its unit, yes or no, or why there is none; an empty string when nothing was entered.

    With the level it is judged by, the number gets the digits it takes not to contradict its verdict.
    """
    if row is None:
        return ""
    if row.absence:
        return capital(verdict_word(row.absence))
    exact = row.answer.exact
    if exact is None:
        return ""
    if indicator.is_yes_no:
        return pgettext("answer", "Yes") if exact == 1 else pgettext("answer", "No")
    if level is None:
        return quantity(rules.rounded(exact, 2), indicator.unit)
    return quantity(rules.shown_value(exact, level.comparator, level.value), indicator.unit)


def say_threshold(threshold: Threshold | None, indicator: Indicator) -> str:
    """What must be reached: “≥ 26 million dong”, or “Is met” for a yes or no."""
    if threshold is None:
        return ""
    if threshold.comparator == rules.Comparator.IS_MET:
        return capital(threshold.get_comparator_display())
    return f"{threshold.get_comparator_display()}{NBSP}{quantity(threshold.value, indicator.unit)}"


def level_of(row: IndicatorValue) -> rules.Level | None:
    """The level a submitted row was judged by, from what was copied onto it."""
    if row.threshold_id is None:
        return None
    judged_on = row.version.judged_on
    assert judged_on is not None
    return rules.Level(row.comparator, row.threshold_value, None, judged_on, judged_on.year)


OPPOSITE = {">=": "<", ">": "≤", "<=": ">", "<": "≥"}
"""How a value that does not reach its threshold stands to it, by the comparator."""


SHORT = 5
"""The longest unit that is worth repeating."""


def say_judgement(sheet: IndicatorSheet) -> str:
    """Why the verdict is what it is, in numbers: “12.4 % > 10 %, 2.4 points short”; empty for yes or no."""
    return say_comparison(sheet.exact, sheet) if sheet.exact is not None else ""


def say_comparison(value: rules.Number, sheet: IndicatorSheet) -> str:
    """How a value stands to the threshold of an indicator; empty where there is nothing to measure."""
    threshold, level, indicator = sheet.threshold, sheet.level, sheet.indicator
    gap = rules.gap(value, level) if level else None
    if gap is None or threshold is None or level is None or threshold.value is None:
        return ""
    is_met = rules.reaches(value, level.comparator, level.value)
    sign = threshold.get_comparator_display() if is_met else OPPOSITE[threshold.comparator]
    shown = rules.shown_value(value, level.comparator, level.value)
    unit = indicator.unit if len(indicator.unit) <= SHORT else ""  # a long one is named once, with the distance
    comparison = f"{quantity(shown, unit)} {sign}{NBSP}{quantity(threshold.value, unit)}"
    names = {"comparison": comparison, "gap": say_distance(gap, indicator)}
    if not gap:
        return _("%(comparison)s, exactly on the threshold") % names if is_met else comparison
    return _("%(comparison)s, %(gap)s to spare") % names if is_met else _("%(comparison)s, %(gap)s short") % names


def say_why(sheet: IndicatorSheet) -> str:
    """Why the verdict is what it is, for every row: the numbers, the answer, or why there is none."""
    row = sheet.row
    if row is None or not (row.absence or row.value is not None):
        return _("nothing is entered yet")
    if row.absence:
        return row.absence_reason or _("the reason is still missing")
    if sheet.indicator.is_yes_no:
        return _("the answer is yes") if row.value == 1 else _("the answer is no")
    return say_judgement(sheet)


def say_numbers(row: IndicatorValue) -> str:
    """The two numbers a percentage was computed from: “70/2,070”; empty without them."""
    if row.numerator is None or row.denominator is None:
        return ""
    return f"{number(row.numerator)}/{number(row.denominator)}"


def say_distance(distance: rules.Number, indicator: Indicator) -> str:
    """How far two values are from each other: “2.4 points” for percentages, else in the unit of the indicator."""
    size = abs(Fraction(distance))
    text = number(size, against=0) if size < 1 else number(rules.rounded(size, 2))
    unit = _("points") if indicator.kind == Indicator.Kind.PERCENT else indicator.unit
    return f"{text}{NBSP}{unit}"


def say_change(difference: rules.Number, indicator: Indicator) -> str:
    """From an earlier value to the present one, with its sign: “+2.4 points”."""
    return f"{MINUS if difference < 0 else '+'}{say_distance(difference, indicator)}"
