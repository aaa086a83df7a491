"""What is met, but at risk of being lost? The rule's answer, from the values, the quarters before and the limits.

    fragile_by_rule(sheet, background, links, limits)[11]
    "11 is met by little: 9.7 % ≤ 10 %, 0.3 points to spare, and a quarter usually moves it by 2 points."

The rule proposes; the reviewer decides. So it is noted when the version is taken up and never worked out again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from criteria import rules
from criteria.models import Indicator
from ntm_tracker.templatetags.look import day, quantity, verdict_word

from .changes import Background, EarlierQuarter
from .judging import CriterionSheet, IndicatorSheet, Sheet, catalogue_of, judge
from .models import CriterionVerdict, EvidenceLink, IndicatorValue, Period, ReportVersion, ReviewLimits
from .reading import say_distance, say_judgement

LOOK_BACK = 3
"""How many accepted quarters are read at least, so that one without data does not hide the one before it."""

LONGEST = CriterionVerdict._meta.get_field("fragile_reason").max_length or 0


def read_fragile(version: ReportVersion) -> dict[int, str]:
    """What the rule says of a version, by criterion number, in the language reports are written in. Six queries.

    `version.report` must come with its commune, province, region and period.
    """
    limits = ReviewLimits.current()
    sheet, background = _read(version, max(LOOK_BACK, limits.worse_quarters, limits.kept_quarters))
    links = version.evidence_links.filter(removed_at__isnull=True).select_related("evidence")
    with translation.override(settings.LANGUAGE_CODE):
        return fragile_by_rule(sheet, background, links, limits)


def _read(version: ReportVersion, quarters: int) -> tuple[Sheet, Background]:
    """The version judged and the quarters before it, like `read_beside` but without who wrote what. Four queries."""
    report = version.report
    before = ReportVersion.objects.in_force_before(report.period, report.commune_id, quarters)
    versions = {each.pk: each for each in ReportVersion.objects.filter(pk__in=before).select_related("report__period")}
    versions[version.pk] = version
    values = list(IndicatorValue.objects.filter(version__in=versions).select_related("indicator").order_by())
    for row in values:
        row.version = versions[row.version_id]
    verdicts = list(CriterionVerdict.objects.filter(version__in=versions).select_related("criterion").order_by())
    own_values = [row for row in values if row.version_id == version.pk]
    own_verdicts = [row for row in verdicts if row.version_id == version.pk]
    return judge(version, catalogue_of(version), own_values, own_verdicts), Background(version, values, verdicts)


def fragile_by_rule(
    sheet: Sheet, background: Background, links: Iterable[EvidenceLink], limits: ReviewLimits
) -> dict[int, str]:
    """Why what is computed as met is fragile, in sentences with numbers, by criterion number. No query of its own."""
    links = list(links)
    next_end = end_of_next_quarter(sheet.version.report.period)
    found = {}
    for criterion in sheet.criteria:
        if criterion.computed == rules.Verdict.MET:
            sentences = _sentences(criterion, background.earlier, links, limits, next_end)
            if text := fitting(sentences):
                found[criterion.criterion.number] = text
    return found


def _sentences(
    criterion: CriterionSheet,
    earlier: Sequence[EarlierQuarter],
    links: Sequence[EvidenceLink],
    limits: ReviewLimits,
    next_end: date,
) -> Iterator[str]:
    """Everything that makes a criterion fragile, what concerns the whole of it first."""
    yield from _new(criterion, earlier, limits)
    considered = [one for one in criterion.indicators if one.verdict == rules.Verdict.MET]
    for one in considered:
        yield from _thin(one, limits)
        yield from _worse(one, earlier, limits)
    yield from _expiring(considered, links, next_end)


def _new(criterion: CriterionSheet, earlier: Sequence[EarlierQuarter], limits: ReviewLimits) -> Iterator[str]:
    """Met for too few quarters since it was not. What was never known otherwise is not new."""
    met = 1
    for quarter in earlier:
        row = quarter.verdicts.get(criterion.criterion.number)
        verdict = row.verified if row else ""
        if verdict == rules.Verdict.MET:
            met += 1
        elif verdict in (rules.Verdict.NOT_MET, rules.Verdict.BASIC):
            if met < limits.kept_quarters:
                text = ngettext(
                    "Met for only %(count)s quarter: in %(quarter)s %(verdict)s.",
                    "Met for only %(count)s quarters: in %(quarter)s %(verdict)s.",
                    met,
                )
                yield text % {"count": met, "quarter": quarter.period, "verdict": verdict_word(verdict)}
            return


def _thin(sheet: IndicatorSheet, limits: ReviewLimits) -> Iterator[str]:
    """Met by no more than a part of what the value usually moves, though there is room above."""
    usual = sheet.expectation.usual_change if sheet.expectation else None
    gap = sheet.gap
    if usual is None or gap is None or not limits.thin_part or is_perfect(sheet):
        return
    if gap <= Fraction(limits.thin_part) * Fraction(usual):
        text = _("%(code)s is met by little: %(judgement)s, and a quarter usually moves it by %(usual)s.")
        names = {"judgement": say_judgement(sheet), "usual": say_distance(usual, sheet.indicator)}
        yield text % {"code": sheet.indicator.code, **names}


def is_perfect(sheet: IndicatorSheet) -> bool:
    """Whether a percentage is as good as it can be, so that a small margin is no weakness of the commune."""
    if sheet.level is None or sheet.indicator.kind != Indicator.Kind.PERCENT:
        return False
    return sheet.exact == (100 if sheet.level.comparator in UPWARD else 0)


UPWARD = (rules.Comparator.AT_LEAST, rules.Comparator.MORE_THAN)


def _worse(sheet: IndicatorSheet, earlier: Sequence[EarlierQuarter], limits: ReviewLimits) -> Iterator[str]:
    """Further to the wrong side in each of the last quarters; one without a number ends the row."""
    steps = limits.worse_quarters
    if not steps or sheet.level is None or sheet.level.value is None or len(earlier) < steps:
        return
    rows = [quarter.value(sheet) for quarter in earlier[:steps]]
    values = [sheet.exact, *(row.answer.exact if row else None for row in rows)]
    known = [Fraction(value) for value in reversed(values) if value is not None]
    if len(known) <= steps:
        return
    falling = sheet.level.comparator in UPWARD
    if all((now < then) if falling else (now > then) for then, now in zip(known, known[1:], strict=False)):
        text = ngettext(
            "%(code)s has grown worse for %(count)s quarter: %(values)s.",
            "%(code)s has grown worse for %(count)s quarters in a row: %(values)s.",
            steps,
        )
        yield text % {"code": sheet.indicator.code, "count": steps, "values": _say_row(known, sheet.indicator)}


def _say_row(values: Sequence[Fraction], indicator: Indicator) -> str:
    """Values that differ, with as many digits as it takes to see it: “7.1 % → 7.9 % → 8.6 %”."""
    places = next((p for p in range(2, 6) if len({rules.rounded(value, p) for value in values}) == len(values)), 6)
    return " → ".join(quantity(rules.rounded(value, places), indicator.unit) for value in values)


def _expiring(sheets: Sequence[IndicatorSheet], links: Iterable[EvidenceLink], next_end: date) -> Iterator[str]:
    """Each paper that will not be valid any more when the next quarter is over."""
    codes = {sheet.indicator.pk: sheet.indicator.code for sheet in sheets}
    told = set()
    for link in links:
        paper = link.evidence
        if link.indicator_id not in codes or paper.valid_until is None or paper.pk in told:
            continue
        if paper.valid_until < next_end:
            told.add(paper.pk)
            text = _("%(code)s: the paper “%(title)s” is valid until %(day)s, and the next quarter ends on %(end)s.")
            names = {"code": codes[link.indicator_id], "title": paper.title, "day": day(paper.valid_until)}
            yield text % {**names, "end": day(next_end)}


def end_of_next_quarter(period: Period) -> date:
    """The last day of the quarter after this one."""
    within = period.last_day + timedelta(days=1)
    return Period(year=within.year, quarter=(within.month + 2) // 3).last_day


def fitting(sentences: Iterable[str], longest: int = LONGEST) -> str:
    """As many whole sentences as there is room for; of one that is too long alone, its beginning."""
    text = ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if len(longer) > longest:
            return text or f"{sentence[: longest - 1]}…"
        text = longer
    return text
