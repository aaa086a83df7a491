"""What should be explained before it is signed? Soft checks: they ask, they never block.

    for check in soft_checks(*read_beside(version)):
        check.sheet, check.criterion    the indicator and its criterion
        check.sentence                  what stands out, in one or more sentences
        check.explanation               what the committee wrote about it; is_explained says whether it did

A page shows at most one check for each indicator: the sentence of the heaviest comes first, those of the others
follow in it. The heaviest check of the report is the first of the list. Everything is worked out from the sheet and
from the quarter accepted last; no query beside theirs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from django.utils.translation import gettext as _

from criteria import rules
from ntm_tracker.templatetags.look import NBSP, number

from .changes import GOOD, Background
from .counting import COUNTED, PART_OF, SAME_TOTAL, Counted, counted_by
from .judging import CriterionSheet, IndicatorSheet, Sheet
from .models import IndicatorValue
from .reading import level_of, say_distance, say_value

LOSS, CONTRADICTION, CHANGE, MARGIN = "loss", "contradiction", "change", "margin"
WEIGHTS = {LOSS: 3000, CONTRADICTION: 2000, CHANGE: 1000, MARGIN: 0}
"""What is heavier is shown first; within a kind, the one that stands out most."""

UNLIKE = Fraction(1, 10)
"""How far two totals that should be the same may be from each other, as a part of the larger."""

THIN = Fraction(1, 5)
"""A margin is thin when it is at most this part of what the value usually moves in a quarter."""


@dataclass(frozen=True)
class SoftCheck:
    """What stands out in one indicator, and what the committee says to it."""

    sheet: IndicatorSheet
    criterion: CriterionSheet
    code: str
    sentence: str
    weight: int

    @property
    def explanation(self) -> str:
        return self.sheet.row.explanation if self.sheet.row else ""

    @property
    def is_explained(self) -> bool:
        return bool(self.explanation)


Finding = tuple[IndicatorSheet, str, int, str]
"""The indicator, the kind of check, how much it stands out (0 to 999), and the sentence."""


def soft_checks(sheet: Sheet, background: Background) -> list[SoftCheck]:
    """Everything that asks for an explanation, the heaviest first, at most one for each indicator. No query."""
    findings = [*_contradictions(sheet)]
    criteria = {}
    for criterion in sheet.criteria:
        for indicator in criterion.indicators:
            criteria[indicator.indicator.pk] = criterion
            findings += _beside_last_quarter(indicator, criterion, background)
    findings.sort(key=lambda found: (found[0].indicator.pk, -_weight(found)))
    checks = []
    for pk, found in groupby(findings, key=lambda found: found[0].indicator.pk):
        of_one = list(found)
        heaviest = of_one[0]
        sentence = " ".join(each[3] for each in of_one)
        checks.append(SoftCheck(heaviest[0], criteria[pk], heaviest[1], sentence, _weight(heaviest)))
    return sorted(checks, key=lambda check: (-check.weight, check.criterion.criterion.number))


def by_indicator(checks: Iterable[SoftCheck]) -> dict[str, SoftCheck]:
    """The checks by the code of their indicator."""
    return {check.sheet.indicator.code: check for check in checks}


def _weight(found: Finding) -> int:
    return WEIGHTS[found[1]] + min(found[2], 999)


def _beside_last_quarter(now: IndicatorSheet, criterion: CriterionSheet, background: Background) -> Iterator[Finding]:
    """What stands out against the quarter accepted last: a loss, a large change, a margin that melts away."""
    row = background.accepted(now)
    if row is None or now.verdict not in (rules.Verdict.MET, rules.Verdict.NOT_MET):
        return
    quarter = str(row.version.report.period)
    level = level_of(row)
    before = rules.judge_indicator(row.answer, level) if level else None
    if before == rules.Verdict.MET and now.verdict == rules.Verdict.NOT_MET:
        yield now, LOSS, 900 if _is_lost(criterion, background) else 100, _loss(now, criterion, background, quarter)
    usual = now.expectation.usual_change if now.expectation else None
    then, exact = row.answer.exact, now.exact
    if usual is None or then is None or exact is None:
        return
    difference = Fraction(exact) - Fraction(then)
    if abs(difference) > usual:
        yield now, CHANGE, int(abs(difference) / Fraction(usual) * 10), _change(now, difference, usual, quarter)
    elif before == now.verdict == rules.Verdict.MET and (sentence := _margin(now, row, usual)):
        yield now, MARGIN, 100 if criterion.criterion.sustainability_watch else 0, sentence


def _is_lost(criterion: CriterionSheet, background: Background) -> bool:
    """Whether a criterion that was verified as met is computed as not met now."""
    return background.before(criterion) in GOOD and criterion.computed == rules.Verdict.NOT_MET


def _loss(now: IndicatorSheet, criterion: CriterionSheet, background: Background, quarter: str) -> str:
    if _is_lost(criterion, background):
        text = _("Met in %(quarter)s, not met now: criterion %(number)s is about to be lost.")
        return text % {"quarter": quarter, "number": criterion.criterion.number}
    return _("Met in %(quarter)s, not met now.") % {"quarter": quarter}


def _change(now: IndicatorSheet, difference: Fraction, usual: Decimal, quarter: str) -> str:
    names = {
        "change": say_distance(difference, now.indicator),
        "quarter": quarter,
        "usual": say_distance(usual, now.indicator),
    }
    if difference < 0:
        return _("Down %(change)s from %(quarter)s, more than usual (%(usual)s).") % names
    return _("Up %(change)s from %(quarter)s, more than usual (%(usual)s).") % names


def _margin(now: IndicatorSheet, row: IndicatorValue, usual: Decimal) -> str:
    """Met by little and by less than before; empty when not."""
    gap, level, then = now.gap, level_of(row), row.answer.exact
    gap_then = rules.gap(then, level) if level and then is not None else None
    if gap is None or gap_then is None or gap >= gap_then or gap > Fraction(usual) * THIN:
        return ""
    names = {"gap": say_distance(gap, now.indicator), "before": say_value(row, row.indicator, level)}
    if not gap:
        return _("Met with nothing to spare, and worse than before (%(before)s).") % names
    return _("Met by only %(gap)s, and worse than before (%(before)s).") % names


def _contradictions(sheet: Sheet) -> Iterator[Finding]:
    """Numbers of one report that cannot all be right."""
    sheets = {each.indicator.code: each for each in sheet.indicators()}
    for code, whole_code in PART_OF.items():
        part, whole = sheets.get(code), sheets.get(whole_code)
        if part and whole and part.exact is not None and whole.exact is not None and part.exact > whole.exact:
            text = _("%(part)s is a part of %(whole)s and cannot be larger (%(value)s).")
            value = say_value(whole.row, whole.indicator, whole.level)
            yield part, CONTRADICTION, 900, text % {"part": code, "whole": whole_code, "value": value}
    for codes in SAME_TOTAL:
        yield from _unlike_totals([sheets[code] for code in codes if code in sheets and _total(sheets[code])])
    yield from _more_than_people(sheets)


def _unlike_totals(sheets: list[IndicatorSheet]) -> Iterator[Finding]:
    """Those whose total differs from the one that most agree with; of two, the second."""
    if not sheets:
        return
    usual = min(sheets, key=lambda sheet: sum(_are_unlike(_total(sheet), _total(other)) for other in sheets))
    for sheet in sheets:
        if _are_unlike(_total(sheet), _total(usual)):
            text = _("The total here is %(total)s, but %(other)s in %(code)s: more than 10 %% apart.")
            names = {"total": _say(sheet), "other": _say(usual), "code": usual.indicator.code}
            yield sheet, CONTRADICTION, 500, text % names


def _more_than_people(sheets: dict[str, IndicatorSheet]) -> Iterator[Finding]:
    """More households or workers than there are people."""
    people = next((sheets[code] for code in COUNTED if COUNTED[code] == Counted.PEOPLE and code in sheets), None)
    if people is None or not _total(people):
        return
    for code, counted in COUNTED.items():
        sheet = sheets.get(code)
        if sheet and counted in (Counted.HOUSEHOLDS, Counted.WORKERS) and _total(sheet) > _total(people):
            text = _("The total here is %(total)s, more than the %(people)s in %(code)s.")
            names = {"total": _say(sheet), "people": _say(people), "code": people.indicator.code}
            yield sheet, CONTRADICTION, 700, text % names


def _total(sheet: IndicatorSheet) -> Decimal:
    """The denominator; 0 where there is none."""
    return (sheet.row.denominator if sheet.row else None) or Decimal(0)


def _are_unlike(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) > Fraction(max(one, other)) * UNLIKE


def _say(sheet: IndicatorSheet) -> str:
    """The total with the word for what it counts."""
    return f"{number(_total(sheet))}{NBSP}{counted_by(sheet.indicator.code)}"
