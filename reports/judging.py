"""What does a version say, and how is it judged: values, thresholds and verdicts side by side.

A draft is judged by the thresholds published by today; from submission on, by those copied onto its values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from criteria import rules
from criteria.catalogue import Catalogue, CriterionEntry, load_catalogue
from criteria.models import Criterion, CriterionGroup, Expectation, Indicator, Threshold
from ntm_tracker import clock

from .models import CriterionVerdict, IndicatorValue, ReportVersion


@dataclass
class IndicatorSheet:
    """One indicator of one version: the stored row, the threshold it is judged by, the verdict."""

    indicator: Indicator
    row: IndicatorValue | None
    threshold: Threshold | None
    verdict: rules.Verdict

    @property
    def level(self) -> rules.Level | None:
        return self.threshold.as_level() if self.threshold else None

    @property
    def is_answered(self) -> bool:
        return self.row is not None and self.row.is_answered

    @property
    def exact(self) -> rules.Number | None:
        """The unrounded value; None where there is none."""
        return self.row.answer.exact if self.row else None

    @property
    def expectation(self) -> Expectation | None:
        """What is usual for its values; None where nothing is set."""
        return getattr(self.indicator, "expectation", None)

    @property
    def shown(self) -> rules.Number | None:
        """The value with enough digits to agree with its verdict, or None."""
        exact = self.exact
        if exact is None:
            return None
        level = self.level
        if level is None:
            return rules.rounded(exact, 2)
        return rules.shown_value(exact, level.comparator, level.value)

    @property
    def gap(self) -> rules.Number | None:
        """Distance to the threshold, positive on the right side; None without a number."""
        return rules.gap(self.exact, self.level) if self.exact is not None and self.level else None


@dataclass
class CriterionSheet:
    """One criterion of one version: its indicators and the three verdicts."""

    criterion: Criterion
    group: CriterionGroup
    indicators: list[IndicatorSheet]
    row: CriterionVerdict | None
    computed: rules.Verdict

    @property
    def claimed(self) -> str:
        return self.row.claimed if self.row else ""

    @property
    def verified(self) -> str:
        return self.row.verified if self.row else ""

    @property
    def is_disputed(self) -> bool:
        """Whether the committee says otherwise than the rule."""
        return bool(self.claimed) and self.claimed != self.computed

    @property
    def needs_claim_reason(self) -> bool:
        """Whether the committee must say why it differs. Missing data carry their reasons themselves."""
        return self.is_disputed and self.computed != rules.Verdict.NO_DATA

    @property
    def is_started(self) -> bool:
        return bool(self.claimed) or any(sheet.row for sheet in self.indicators)

    @property
    def is_filled(self) -> bool:
        """Whether nothing is missing: every indicator answered, claimed, and explained where it differs."""
        return not self.missing()

    def missing(self) -> list["Gap"]:
        """What must still be filled in before this criterion can be signed."""
        number = self.criterion.number
        gaps = [
            Gap(
                _("%(code)s %(name)s: enter a value, or say why there is none.")
                % {"code": sheet.indicator.code, "name": sheet.indicator.name},
                self.group.code,
                f"i{sheet.indicator.code}",
            )
            for sheet in self.indicators
            if not sheet.is_answered
        ]
        if not self.claimed:
            text = _("%(number)s %(name)s: choose your own assessment.")
            gaps.append(Gap(text % {"number": number, "name": self.criterion.name}, self.group.code, f"c{number}"))
        elif self.needs_claim_reason and not (self.row and self.row.claim_reason):
            text = _("%(number)s %(name)s: say why your assessment differs from the computed verdict.")
            gaps.append(Gap(text % {"number": number, "name": self.criterion.name}, self.group.code, f"c{number}"))
        return gaps


@dataclass(frozen=True)
class Gap:
    """Something missing, in a sentence, and where to fill it in: a criterion group (or a page) and an anchor."""

    sentence: str
    group: str = ""
    anchor: str = ""


@dataclass
class Sheet:
    """A whole version, judged."""

    version: ReportVersion
    criteria: list[CriterionSheet]
    catalogue: Catalogue

    def group(self, code: str) -> list[CriterionSheet]:
        return [sheet for sheet in self.criteria if sheet.group.code == code]

    def indicators(self) -> Iterator[IndicatorSheet]:
        for criterion in self.criteria:
            yield from criterion.indicators

    def missing(self) -> list[Gap]:
        """Every gap of the version, in the order of the criteria."""
        return [gap for criterion in self.criteria for gap in criterion.missing()]

    def count(self, kind: str, verdict: str) -> int:
        """How many criteria carry this verdict; `kind` is claimed, computed or verified."""
        return sum(getattr(sheet, kind) == verdict for sheet in self.criteria)


def read_sheet(version: ReportVersion, catalogue: Catalogue | None = None) -> Sheet:
    """The version with everything it says and how it is judged: three queries.

    `version.report` must come with its commune, province, region and period (`for_page`).
    """
    return judge(version, catalogue or catalogue_of(version), version.values.all(), version.verdicts.all())


def catalogue_of(version: ReportVersion) -> Catalogue:
    """The criteria by which the version is judged, as they concern its region: one query."""
    report = version.report
    return load_catalogue(report.period.criteria_set_id, report.commune.province.region)


def judge(
    version: ReportVersion,
    catalogue: Catalogue,
    rows: Iterable[IndicatorValue],
    verdict_rows: Iterable[CriterionVerdict],
) -> Sheet:
    """The version judged from its rows."""
    values = {row.indicator_id: row for row in rows}
    verdicts = {row.criterion_id: row for row in verdict_rows}
    judged_on = version.judged_on or clock.today()
    year = version.report.period.year
    sheets = [
        _judge(entry, group.group, values, verdicts, year, judged_on, bool(version.judged_on))
        for group in catalogue.groups
        for entry in group.criteria
    ]
    return Sheet(version, sheets, catalogue)


def _judge(
    entry: CriterionEntry,
    group: CriterionGroup,
    values: dict[int, IndicatorValue],
    verdicts: dict[int, CriterionVerdict],
    year: int,
    judged_on: date,
    is_judged: bool,
) -> CriterionSheet:
    indicators = []
    for indicator_entry in entry.indicators:
        row = values.get(indicator_entry.indicator.pk)
        if is_judged:
            copied = row.threshold_id if row else None
            threshold = next((t for t in indicator_entry.thresholds if t.pk == copied), None)
        else:
            threshold = indicator_entry.threshold(year, judged_on)
        if threshold is None:
            continue
        verdict = rules.judge_indicator(row.answer if row else None, threshold.as_level())
        indicators.append(IndicatorSheet(indicator_entry.indicator, row, threshold, verdict))
    return CriterionSheet(
        criterion=entry.criterion,
        group=group,
        indicators=indicators,
        row=verdicts.get(entry.criterion.pk),
        computed=rules.judge_criterion([sheet.verdict for sheet in indicators], entry.criterion.at_least),
    )
