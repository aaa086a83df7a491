"""Where does a value lie? A line with the threshold, the value accepted last and the present one, as places in a
drawing 320 wide."""

from dataclasses import dataclass
from fractions import Fraction

from criteria import rules
from criteria.models import Indicator

from .judging import IndicatorSheet

LEFT, RIGHT = 8, 312


@dataclass(frozen=True)
class Gauge:
    """Places along the line. The side that counts as met reaches from `good_from` to `good_to`.

    The line depends on the threshold and on what was accepted last, never on the present value: a saved row moves
    only the dot. A value that lies beyond the line is shown as an arrow at its end, -1 or 1 in `beyond`.
    """

    threshold: int
    before: int | None
    now: int | None
    beyond: int
    good_from: int
    good_to: int


def gauge_of(sheet: IndicatorSheet, before: rules.Number | None) -> Gauge | None:
    """The gauge of an indicator; None where there is no threshold to show a number against."""
    level = sheet.level
    if level is None or level.value is None:
        return None
    limit = Fraction(level.value)
    reach = max(abs(Fraction(before) - limit) * Fraction(5, 4) if before is not None else 0, limit / 4, Fraction(1))
    low, high = max(limit - reach, Fraction(0)), limit + reach
    if sheet.indicator.kind == Indicator.Kind.PERCENT:
        high = min(high, Fraction(100))

    def place(value: rules.Number) -> int:
        return round(LEFT + (RIGHT - LEFT) * (min(max(Fraction(value), low), high) - low) / (high - low))

    at_least = level.comparator in (rules.Comparator.AT_LEAST, rules.Comparator.MORE_THAN)
    threshold, exact = place(limit), sheet.exact
    return Gauge(
        threshold,
        None if before is None else place(before),
        None if exact is None else place(exact),
        0 if exact is None else (exact > high) - (exact < low),
        threshold if at_least else LEFT,
        RIGHT if at_least else threshold,
    )
