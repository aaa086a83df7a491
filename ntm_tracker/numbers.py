"""What number did somebody type? Read exactly or asked about, never guessed.

The Vietnamese way comes first: `12,5`, `1.250,5`, `1 250 000`. The English way is understood too: `12.5`,
`1,250.5`, `1,250,000`. Both marks are read by the same rules in both languages, with one exception:

- one dot between one to three digits and exactly three (`12.345`) is 12,345 for some and 12 345 for others:
  it is asked about, in both languages;
- one comma in that place (`12,345`) is a decimal in Vietnamese, where the comma is nothing else, and is asked
  about in English;
- nothing else has two readings: `0.345` and `1234.567` cannot be groups of three, `1.250.000` cannot be a
  decimal, in `1.250,500` the last mark is the decimal one, and beside spaces (`1 250.500`) a mark is too.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

# What the column for a value holds: `IndicatorValue.value`.
MAX_DIGITS = 20
DECIMAL_PLACES = 6

_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}\N{IDEOGRAPHIC SPACE}"
_MINUSES = "\N{MINUS SIGN}\N{EN DASH}\N{NON-BREAKING HYPHEN}\N{FULLWIDTH HYPHEN-MINUS}"
_INVISIBLE = "\N{ZERO WIDTH SPACE}\N{WORD JOINER}\N{LEFT-TO-RIGHT MARK}\N{ZERO WIDTH NO-BREAK SPACE}"

# Only what is surely the same sign. Unicode's own folding (NFKC) would turn "10²" into 102.
_SAME = (
    dict.fromkeys(map(ord, _SPACES), " ")
    | dict.fromkeys(map(ord, _MINUSES), "-")
    | dict.fromkeys(map(ord, _INVISIBLE))
    | {0xFF10 + digit: str(digit) for digit in range(10)}
    | {ord("，"): ",", ord("．"): ".", ord("％"): "%", ord("＋"): "+"}
)

_SIGNED = re.compile(r"([+-]?) ?([0-9.,][0-9 .,]*)%?")
_DECIMAL = re.compile(r"([0-9]*)[.,]([0-9]+)|[0-9]+")
_GROUPED = re.compile(r"(?!0+[ .,])([0-9]{1,3}(?:([ .,])[0-9]{3})(?:\2[0-9]{3})*)(?:(?!\2)[.,]([0-9]+))?")


class Reading(NamedTuple):
    """One way to read what was typed.

    `spelling` has no second reading, typed or sent by a button; `label` lets people see the difference.
    """

    value: Decimal
    spelling: str
    label: str


class NotANumber(ValueError):
    """What was typed cannot be read, or not kept. Its text is a sentence for the person who typed it."""


class Ambiguous(ValueError):
    """What was typed has two readings: first as a decimal, then with thousands."""

    def __init__(self, text: str, readings: tuple[Reading, Reading]) -> None:
        self.text = text
        self.readings = readings
        super().__init__(_("“%(text)s” can be read in two ways. Which number do you mean?") % {"text": shortened(text)})


def parse_number(text: str, *, max_digits: int = MAX_DIGITS, decimal_places: int = DECIMAL_PLACES) -> Decimal:
    """The number somebody typed, exactly. Raises `Ambiguous` or `NotANumber`, each with a sentence."""
    signed = _SIGNED.fullmatch(text.translate(_SAME).strip())
    if signed is None:
        raise _not_a_number(text)
    sign, body = signed[1], signed[2].rstrip(" ")
    decimal, grouped = _DECIMAL.fullmatch(body), _GROUPED.fullmatch(body)
    if decimal and grouped:
        if "." in body or not _comma_is_decimal():
            raise Ambiguous(text.strip(), _readings(sign, *re.split("[.,]", body)))
        grouped = None
    if decimal:
        whole, rest = (body, "") if decimal[1] is None else (decimal[1], decimal[2])
    elif grouped:
        whole, rest = re.sub("[ .,]", "", grouped[1]), grouped[3] or ""
    else:
        raise _not_a_number(text)
    return _kept(sign, whole.lstrip("0"), rest.rstrip("0"), max_digits, decimal_places)


def format_number(value: Decimal | int, decimals: int = 0) -> str:
    """The number as the reader types it, for an input: all its digits, at least `decimals`, no thousands.

    `parse_number` reads it back exactly, whatever the language: where English would make `26.345`, which is
    asked about, a zero is added (`26.3450`). Raises `ValueError` for what is not finite.
    """
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"{exact} cannot be written as a number.")
    whole, _dot, rest = f"{exact.copy_abs():f}".partition(".")
    rest = rest.rstrip("0").ljust(decimals, "0")
    sign = "-" if exact < 0 else ""
    if not rest:
        return sign + whole
    if _comma_is_decimal():
        return f"{sign}{whole},{rest}"
    if _GROUPED.fullmatch(f"{whole}.{rest}"):
        rest += "0"
    return f"{sign}{whole}.{rest}"


def shortened(text: str) -> str:
    """What was typed, short enough to be repeated in a sentence."""
    text = text.strip()
    return text if len(text) <= 30 else f"{text[:29]}…"


def _comma_is_decimal() -> bool:
    """Whether the reader's language writes 12,5; the same question `look.number` asks."""
    return get_language() != "en"


def _readings(sign: str, whole: str, rest: str) -> tuple[Reading, Reading]:
    minus = sign.replace("+", "")
    decimal, thousands = Decimal(f"{minus}{whole}.{rest}"), Decimal(f"{minus}{whole}{rest}")
    mark = "," if _comma_is_decimal() else "."
    as_decimal = {"number": f"{minus}{whole}{mark}{rest}", "whole": minus + whole, "rest": rest}
    as_thousands = as_decimal | {"number": f"{minus}{whole} {rest}"}
    return (
        Reading(decimal, format_number(decimal), _("%(number)s (%(whole)s point %(rest)s)") % as_decimal),
        Reading(thousands, as_thousands["number"], _("%(number)s (%(whole)s thousand %(rest)s)") % as_thousands),
    )


def _kept(sign: str, whole: str, rest: str, max_digits: int, decimal_places: int) -> Decimal:
    """The number, if the column can hold all its digits."""
    if len(rest) > decimal_places:
        raise NotANumber(
            _("The number has too many decimals: at most %(places)s can be kept.") % {"places": decimal_places}
        )
    if len(whole) > max_digits - decimal_places:
        raise NotANumber(
            _("The number is too large: at most %(digits)s digits before the decimals can be kept.")
            % {"digits": max_digits - decimal_places}
        )
    if not whole and not rest:
        return Decimal(0)  # there is no minus zero
    return Decimal(f"{sign}{whole or 0}.{rest}" if rest else f"{sign}{whole}")


def _not_a_number(text: str) -> NotANumber:
    parts = {"text": shortened(text), "example": format_number(Decimal("1250.5"))}
    if not parts["text"]:
        return NotANumber(_("Enter a number."))
    if any(character.isalpha() for character in text):
        return NotANumber(_("“%(text)s” is more than a number. Type digits only, for example %(example)s.") % parts)
    return NotANumber(
        _("“%(text)s” cannot be read as a number. Type it like %(example)s, without marks between thousands.") % parts
    )
