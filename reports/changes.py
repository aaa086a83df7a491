"""What changed? A version beside the one sent before it and beside the quarter accepted last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q, QuerySet
from django.utils.functional import cached_property

from criteria import rules
from criteria.catalogue import Catalogue
from criteria.models import Indicator
from ntm_tracker.templatetags.look import quantity

from .judging import CriterionSheet, IndicatorSheet, Sheet, catalogue_of, judge
from .models import CriterionVerdict, IndicatorValue, Period, ReportVersion
from .reading import level_of, say_change, say_threshold, say_value

GOOD = (rules.Verdict.MET, rules.Verdict.BASIC)


@dataclass(frozen=True)
class Earlier:
    """What an indicator said in an earlier version, and how far it is from there to the present value."""

    text: str
    difference: Decimal | None
    verdict: rules.Verdict | None
    change: str = ""
    differs: bool = True
    exact: rules.Number | None = None


@dataclass(frozen=True)
class Change:
    """An indicator that says something else than before: what it says now, and what in each earlier version."""

    criterion: CriterionSheet
    sheet: IndicatorSheet
    now: str
    sent: Earlier | None
    accepted: Earlier | None

    @property
    def threshold(self) -> str:
        return say_threshold(self.sheet.threshold, self.sheet.indicator)

    @property
    def mark(self) -> str:
        """The mark to print: newly met or lost since the quarter accepted last."""
        before = self.accepted.verdict if self.accepted else None
        return compare(before, self.sheet.verdict) if before else ""


@dataclass(frozen=True)
class EarlierQuarter:
    """What is in force for an earlier quarter: values by the code of the indicator, verdicts by criterion number."""

    version: ReportVersion
    values: dict[str, IndicatorValue]
    verdicts: dict[int, CriterionVerdict]

    @property
    def period(self) -> Period:
        return self.version.report.period

    def value(self, sheet: IndicatorSheet) -> IndicatorValue | None:
        """What the quarter says of the same: None where the edition of then asked something else."""
        return _of_the_same(self.values.get(sheet.indicator.code), sheet)


class Background:
    """The versions to compare with: the one sent before this round, and the quarters accepted last. Two queries.

    As many quarters as were read (`earlier_versions`), one unless more are asked for. Where nothing else is said, the
    newest of them counts. Indicators and criteria are matched by their codes and numbers, because the editions differ
    between quarters.
    """

    def __init__(
        self,
        version: ReportVersion,
        values: Iterable[IndicatorValue] | None = None,
        verdicts: Iterable[CriterionVerdict] | None = None,
    ) -> None:
        """Reads the rows itself, of one accepted quarter, unless whoever asks has read them (`read_beside`)."""
        self.version = version
        self.sent_version: ReportVersion | None = version.based_on
        self._sent: dict[str, IndicatorValue] = {}
        self._verdicts = verdicts
        values_then: dict[int, dict[str, IndicatorValue]] = {}
        versions: dict[int, ReportVersion] = {}
        for row in values_of(earlier_versions(version)) if values is None else values:
            if row.version_id == version.based_on_id:
                self._sent[row.indicator.code] = row
            elif row.version_id != version.pk:
                versions.setdefault(row.version_id, row.version)
                values_then.setdefault(row.version_id, {})[row.indicator.code] = row
        newest_first = sorted(versions.values(), key=_quarter, reverse=True)
        self._quarters = [(each, values_then[each.pk]) for each in newest_first]
        self.accepted_version: ReportVersion | None = newest_first[0] if newest_first else None
        self._accepted = self._quarters[0][1] if self._quarters else {}

    @cached_property
    def earlier(self) -> list[EarlierQuarter]:
        """The quarters in force before, newest first. One query, unless the verdicts were read before."""
        verdicts: dict[int, dict[int, CriterionVerdict]] = {each.pk: {} for each, _values in self._quarters}
        if self._quarters:
            rows = verdicts_of(Q(version__in=verdicts)) if self._verdicts is None else self._verdicts
            for row in rows:
                if row.version_id in verdicts:
                    verdicts[row.version_id][row.criterion.number] = row
        return [EarlierQuarter(each, values, verdicts[each.pk]) for each, values in self._quarters]

    @property
    def verdicts(self) -> dict[int, CriterionVerdict]:
        """The verdicts of the last accepted quarter by criterion number. Queries like `earlier`."""
        return self.earlier[0].verdicts if self.earlier else {}

    def sent(self, code: str) -> IndicatorValue | None:
        """The row of the indicator in the version sent before."""
        return self._sent.get(code)

    @cached_property
    def sent_verdicts(self) -> dict[int, CriterionVerdict]:
        """The verdicts of the version sent before by criterion number. One query, unless they were read before."""
        if self.sent_version is None:
            return {}
        rows = verdicts_of(Q(version=self.sent_version)) if self._verdicts is None else self._verdicts
        return {row.criterion.number: row for row in rows if row.version_id == self.sent_version.pk}

    def accepted(self, sheet: IndicatorSheet) -> IndicatorValue | None:
        """What the last accepted quarter says of the same: None where the edition of then asked something else."""
        return _of_the_same(self._accepted.get(sheet.indicator.code), sheet)

    def changes(self, sheet: Sheet) -> list[Change]:
        """Every indicator that differs from the version sent before or from the last accepted quarter."""
        found = []
        for criterion in sheet.criteria:
            for indicator in criterion.indicators:
                sent, accepted = _beside(indicator, self._sent), _beside(indicator, self._accepted)
                if (sent and sent.differs) or (accepted and accepted.differs):
                    found.append(_change(criterion, indicator, sent, accepted))
        return found

    def mark(self, criterion: CriterionSheet) -> str:
        """Newly met or lost since the last accepted quarter, as the rule sees it now; empty when neither."""
        row = self.verdicts.get(criterion.criterion.number)
        return compare(row.verified, criterion.computed) if row else ""

    def before(self, criterion: CriterionSheet) -> str:
        """The verdict verified in the last accepted quarter; empty when there is none."""
        row = self.verdicts.get(criterion.criterion.number)
        return row.verified if row else ""

    def accepted_text(self, code: str) -> str:
        """What the indicator said in the last accepted quarter."""
        row = self._accepted.get(code)
        return say_value(row, row.indicator, level_of(row)) if row else ""


def read_beside(
    version: ReportVersion, catalogue: Catalogue | None = None, *, quarters: int = 1
) -> tuple[Sheet, Background]:
    """The version judged, and what to compare it with: three queries, two when the catalogue is known.

    `quarters` is how many accepted quarters to look back.
    """
    wanted = Q(version=version.pk) | earlier_versions(version, quarters)
    values, verdicts = list(values_of(wanted)), list(verdicts_of(wanted))
    sheet = judge(
        version,
        catalogue or catalogue_of(version),
        [row for row in values if row.version_id == version.pk],
        [row for row in verdicts if row.version_id == version.pk],
    )
    return sheet, Background(version, values, verdicts)


def earlier_versions(version: ReportVersion, quarters: int = 1) -> Q:
    """The condition on rows of the version sent before this round and of the quarters accepted last."""
    report = version.report
    last = ReportVersion.objects.in_force_before(report.period, report.commune_id, quarters)
    return Q(version=version.based_on_id) | Q(version__in=last)


def values_of(wanted: Q) -> QuerySet[IndicatorValue]:
    """Indicator rows with all that is said of them: which quarter, who wrote them, what they were taken over from."""
    rows = IndicatorValue.objects.filter(wanted).order_by()
    return rows.select_related("indicator", "version__report__period", "updated_by", "same_as__report__period")


def verdicts_of(wanted: Q) -> QuerySet[CriterionVerdict]:
    """Verdict rows, each with its criterion."""
    return CriterionVerdict.objects.filter(wanted).select_related("criterion", "updated_by").order_by()


def _of_the_same(row: IndicatorValue | None, sheet: IndicatorSheet) -> IndicatorValue | None:
    """The earlier row where it answers the same question.

    The income of 2013 is an amount, the one of 2009 a multiple of the province's, both under the code 10.
    """
    if row is None or sheet.threshold is None or row.comparator != sheet.threshold.comparator:
        return None
    then, now = row.indicator, sheet.indicator
    return row if (then.kind, then.unit_vi) == (now.kind, now.unit_vi) else None


def _quarter(version: ReportVersion) -> tuple[int, int]:
    period = version.report.period
    return period.year, period.quarter


def _change(criterion: CriterionSheet, sheet: IndicatorSheet, sent: Earlier | None, accepted: Earlier | None) -> Change:
    """The change in words, with more digits than usual where the usual ones would hide it."""
    now = say_value(sheet.row, sheet.indicator, sheet.level)
    hidden = [one.exact for one in (sent, accepted) if one and one.differs and one.text == now]
    exact, like = sheet.exact, next((value for value in hidden if value is not None), None)
    if exact is not None and like is not None:
        places = next(places for places in range(3, 40) if rules.rounded(exact, places) != rules.rounded(like, places))
        now = quantity(exact, sheet.indicator.unit, places)
        sent, accepted = (_with_digits(one, sheet.indicator, places) for one in (sent, accepted))
    return Change(criterion, sheet, now, sent, accepted)


def _with_digits(earlier: Earlier | None, indicator: Indicator, places: int) -> Earlier | None:
    if earlier is None or earlier.exact is None:
        return earlier
    return replace(earlier, text=quantity(earlier.exact, indicator.unit, places))


def _beside(now: IndicatorSheet, rows: dict[str, IndicatorValue]) -> Earlier | None:
    """What the earlier row said, beside the present one; nothing when there is no earlier version."""
    if not rows:
        return None
    row = rows.get(now.indicator.code)
    if row is None:
        return Earlier("", None, None)
    level = level_of(row)
    present = now.row.answer if now.row else rules.Answer()
    before, after = row.answer.exact, present.exact
    distance = None
    if before is not None and after is not None and not now.indicator.is_yes_no and _of_the_same(row, now):
        distance = Fraction(after) - Fraction(before)
    return Earlier(
        text=say_value(row, row.indicator, level),
        difference=seen(distance) if distance else None,
        verdict=rules.judge_indicator(row.answer, level) if level else None,
        change=say_change(distance, now.indicator) if distance else "",
        differs=before != after or row.absence != present.absence,
        exact=before,
    )


def seen(distance: rules.Number) -> Decimal:
    """A difference with two decimals, or with as many as it takes to see that it is one."""
    return next(found for places in range(2, 40) if (found := rules.rounded(distance, places)))


def compare(before: str, now: str) -> str:
    """The mark for a verdict that was `before`: up when newly met, down when met no longer."""
    if before in GOOD and now == rules.Verdict.NOT_MET:
        return "down"
    if before == rules.Verdict.NOT_MET and now in GOOD:
        return "up"
    return ""
