"""What would change if another criteria set held? A set, finished or not, tried on the last accepted values.

Nothing is written. For every commune the newest accepted report is judged twice, for the same year and on the same
day: by the edition it was made for and by the set that is tried. Where both say the same of a criterion, its
verified verdict stays, also when the reviewer decided otherwise than the rule; where they differ, the rule has
changed, and the verdict of the set that is tried takes its place.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery

from communes.models import Commune, Membership, Programme
from criteria import rules
from criteria.catalogue import Catalogue, Catalogues, IndicatorEntry, load_catalogues
from criteria.editions import Outline, gaps_in, read_outline
from criteria.models import CriteriaSet, Criterion, Indicator, Threshold
from criteria.rules import Verdict

from .judging import IndicatorSheet
from .models import IndicatorValue, Period, QuarterlyReport
from .standing import Count, Member, count, members_on, outcome

NEW, CHANGED, UNSET = "new", "changed", "unset"
"""Why an indicator cannot be judged by the set: it is new, what it measures has changed, or no threshold holds."""


# What was accepted last


@dataclass(frozen=True, slots=True)
class Accepted:
    """A value of an accepted report, and what its indicator measured then."""

    kind: str
    unit: str
    answer: rules.Answer


@dataclass
class LastReport:
    """The newest accepted report of a commune: its values by code, and two verdicts by number of the criterion."""

    report: int
    version: int
    period: Period
    values: dict[str, Accepted] = field(default_factory=dict)
    verified: dict[int, str] = field(default_factory=dict)
    computed: dict[int, str] = field(default_factory=dict)


def last_reports(communes: Iterable[Commune]) -> dict[int, LastReport]:
    """The newest accepted report of each commune, whatever its quarter; none where nothing is accepted. One query."""
    newest = QuarterlyReport.objects.filter(commune=OuterRef("pk"), in_force__isnull=False).order_by(
        "-period__year", "-period__quarter"
    )
    in_force = Commune.objects.filter(pk__in=[commune.pk for commune in communes]).values(
        latest=Subquery(newest.values("in_force")[:1])
    )
    rows = (
        IndicatorValue.objects.filter(version__in=in_force)
        .order_by()
        .annotate(
            judged=FilteredRelation(
                "version__verdicts", condition=Q(version__verdicts__criterion=F("indicator__criterion"))
            ),
            report=F("version__report"),
            number=F("version__number"),
            commune=F("version__report__commune"),
            year=F("version__report__period__year"),
            quarter=F("version__report__period__quarter"),
            criteria_set=F("version__report__period__criteria_set"),
            criterion=F("indicator__criterion__number"),
            code=F("indicator__code"),
            kind=F("indicator__kind"),
            unit=F("indicator__unit_vi"),
            verified=F("judged__verified"),
            computed=F("judged__computed"),
        )
        .values(*_COLUMNS)
    )
    found: dict[int, LastReport] = {}
    for row in rows:
        if row["commune"] not in found:
            period = Period(year=row["year"], quarter=row["quarter"], criteria_set_id=row["criteria_set"])
            found[row["commune"]] = LastReport(row["report"], row["number"], period)
        last = found[row["commune"]]
        answer = rules.Answer(row["value"], row["numerator"], row["denominator"], row["absence"])
        last.values[row["code"]] = Accepted(row["kind"], row["unit"], answer)
        last.verified[row["criterion"]] = row["verified"] or Verdict.NO_DATA
        last.computed[row["criterion"]] = row["computed"] or Verdict.NO_DATA
    return found


_COLUMNS = (
    *("report", "number", "commune", "year", "quarter", "criteria_set", "criterion", "code", "kind", "unit"),
    *("value", "numerator", "denominator", "absence", "verified", "computed"),
)


def followed() -> dict[Programme, list[Member]]:
    """Every programme that follows communes, with what is stated about their membership. One query."""
    found: dict[Programme, list[Member]] = {}
    stated = Membership.objects.select_related("programme", "commune__province__region")
    for row in stated.order_by("programme", "commune__province__code", "commune__name"):
        found.setdefault(row.programme, []).append(Member(row.commune, row.since, row.is_member))
    return found


# How the set judges


@dataclass(frozen=True)
class TriedIndicator:
    """One indicator of the set: the value, the threshold before and in the set, and what each says of it.

    `obstacle` is new, changed or unset where the set cannot judge it; `before` is None for a new one.
    """

    before: IndicatorSheet | None
    after: IndicatorSheet
    obstacle: str = ""

    @property
    def indicator(self) -> Indicator:
        return self.after.indicator

    @property
    def is_changed(self) -> bool:
        """Whether the two editions say something else of the same value."""
        return self.before is None or self.before.verdict != self.after.verdict


@dataclass(frozen=True)
class TriedCriterion:
    """One criterion of the set in one commune.

    `verified` is in force, `decided` is set where the reviewer departed from the rule when the report was accepted.
    `present` is what the edition of the report says today of the values, `computed` what the tried set says.
    `verified` and `present` are empty for a criterion that the edition of the report does not have. `unset` are the
    codes of indicators that have no threshold in the set at all.
    """

    criterion: Criterion
    verified: str
    present: str
    computed: str
    decided: bool
    indicators: list[TriedIndicator]
    unset: list[str]

    @property
    def is_new(self) -> bool:
        return not self.verified

    @property
    def after(self) -> str:
        """The verdict if the set held: where the rule has not changed, the verified one stays."""
        return self.verified if self.computed == self.present else self.computed

    @property
    def flips(self) -> bool:
        """Whether the verdict in force would become another one."""
        return not self.is_new and self.after != self.verified

    @property
    def reasons(self) -> list[TriedIndicator]:
        """The indicators that explain a new verdict; all of them when the rule of the criterion itself has changed."""
        changed = [tried for tried in self.indicators if tried.is_changed]
        return changed if changed or self.unset else self.indicators


@dataclass(frozen=True)
class TriedCommune:
    """One commune: what is in force, and what would be. Without an accepted report there is nothing to try."""

    commune: Commune
    last: LastReport | None
    before: Mapping[int, str]
    criteria: list[TriedCriterion]

    @property
    def outcome_before(self) -> str:
        return outcome(list(self.before.values()))

    @property
    def outcome_after(self) -> str:
        return outcome([tried.after for tried in self.criteria])

    @property
    def count_before(self) -> Count:
        return count(self.before.values())

    @property
    def count_after(self) -> Count:
        return count(tried.after for tried in self.criteria)

    @property
    def changes_status(self) -> bool:
        return self.outcome_before != self.outcome_after

    @cached_property
    def flips(self) -> list[TriedCriterion]:
        return [tried for tried in self.criteria if tried.flips]

    @property
    def decided(self) -> list[TriedCriterion]:
        """What stays because the reviewer decided so, otherwise than both editions compute."""
        return [tried for tried in self.criteria if tried.decided and tried.after != tried.computed]

    @property
    def dated(self) -> list[TriedCriterion]:
        """What both editions compute otherwise by the thresholds of the year, which the report was not judged by."""
        return [tried for tried in self.criteria if not tried.decided and tried.after != tried.computed]


@dataclass(frozen=True)
class Trial:
    """A criteria set tried on the communes of a programme."""

    criteria_set: CriteriaSet
    year: int
    judged_on: date
    missing: list[str]
    communes: list[TriedCommune]

    @property
    def judged(self) -> list[TriedCommune]:
        return [commune for commune in self.communes if commune.last]

    @property
    def unknown(self) -> list[TriedCommune]:
        """The communes of which nothing has been accepted yet."""
        return [commune for commune in self.communes if not commune.last]

    @property
    def changing(self) -> list[TriedCommune]:
        return [commune for commune in self.judged if commune.changes_status]

    @property
    def flips(self) -> list[TriedCriterion]:
        return [tried for commune in self.judged for tried in commune.flips]

    @property
    def becoming(self) -> dict[str, int]:
        """How many criteria would flip to each verdict."""
        return {verdict.value: sum(tried.after == verdict for tried in self.flips) for verdict in Verdict}

    @property
    def has_decided(self) -> bool:
        return any(commune.decided for commune in self.judged)

    @property
    def has_dated(self) -> bool:
        return any(commune.dated for commune in self.judged)

    @property
    def hindered(self) -> dict[str, list[Indicator]]:
        """By obstacle the indicators that cannot be judged in some commune, each once."""
        found: dict[str, dict[str, Indicator]] = {obstacle: {} for obstacle in (NEW, CHANGED, UNSET)}
        for commune in self.judged:
            for criterion in commune.criteria:
                for tried in criterion.indicators:
                    if tried.obstacle:
                        found[tried.obstacle].setdefault(tried.indicator.code, tried.indicator)
        return {obstacle: list(indicators.values()) for obstacle, indicators in found.items()}

    @property
    def by_criterion(self) -> list[tuple[Criterion, list[tuple[Commune, TriedCriterion]]]]:
        """The criteria that would flip somewhere, each with the communes."""
        found: dict[int, list[tuple[Commune, TriedCriterion]]] = defaultdict(list)
        for commune in self.judged:
            for tried in commune.flips:
                found[tried.criterion.number].append((commune.commune, tried))
        return [(places[0][1].criterion, places) for _number, places in sorted(found.items())]


def try_set(criteria_set: CriteriaSet, members: Sequence[Member], year: int, today: date) -> Trial:
    """The set tried on the members of today, for a report of `year`. Three queries, and nothing is written.

    Judged on `today`, or on the day of the newest publication in the set when that is later.
    """
    communes = members_on(members, today)
    last = last_reports(communes)
    catalogues = load_catalogues({criteria_set.pk, *(report.period.criteria_set_id for report in last.values())})
    published = [
        threshold.published_on
        for threshold in catalogues.thresholds
        if threshold.indicator.criterion.criteria_set_id == criteria_set.pk
    ]
    trial = _Trial(criteria_set, read_outline(criteria_set), catalogues, year, max([today, *published]))
    regions = {commune.province.region for commune in communes}
    return Trial(
        criteria_set,
        year,
        trial.judged_on,
        list(gaps_in(trial.outline, sorted(regions, key=lambda region: region.position))),
        [trial.commune(commune, last.get(commune.pk)) for commune in communes],
    )


@dataclass
class _Trial:
    """What every commune is tried with."""

    criteria_set: CriteriaSet
    outline: Outline
    catalogues: Catalogues
    year: int
    judged_on: date
    _levels: dict[tuple[int, int], dict[str, tuple[IndicatorEntry, Threshold | None]]] = field(default_factory=dict)

    def levels(self, criteria_set: int, region: int) -> dict[str, tuple[IndicatorEntry, Threshold | None]]:
        """The indicators of a set by code, each with the threshold that holds in the region."""
        key = criteria_set, region
        if key not in self._levels:
            catalogue: Catalogue = self.catalogues.of(*key)
            self._levels[key] = {
                entry.indicator.code: (entry, entry.threshold(self.year, self.judged_on))
                for entry in catalogue.indicators()
            }
        return self._levels[key]

    def commune(self, commune: Commune, last: LastReport | None) -> TriedCommune:
        if last is None:
            return TriedCommune(commune, None, {}, [])
        region = commune.province.region_id
        before = self.present(last, region)
        numbers = {entry.criterion.number for entry in self.catalogues.of(last.period.criteria_set_id, region).criteria}
        in_force = {number: last.verified.get(number, Verdict.NO_DATA) for number in sorted(numbers)}
        criteria = [
            self.criterion(criterion, [part.code for part in parts if part.parent is None], last, before, region)
            for criterion, parts in self.outline.items()
        ]
        return TriedCommune(commune, last, in_force, criteria)

    def present(self, last: LastReport, region: int) -> dict[int, tuple[Verdict, dict[str, IndicatorSheet]]]:
        """What the edition of the report says of its values: by criterion the verdict and the indicators by code."""
        sheets: dict[int, dict[str, IndicatorSheet]] = defaultdict(dict)
        levels = self.levels(last.period.criteria_set_id, region)
        for code, (entry, threshold) in levels.items():
            if threshold is not None or entry.indicator.parent_id is None:
                accepted = last.values.get(code)
                sheet = _sheet(entry.indicator, threshold, accepted.answer if accepted else None)
                sheets[entry.indicator.criterion.number][code] = sheet
        return {
            number: (_judged(found.values(), next(iter(found.values())).indicator.criterion), found)
            for number, found in sheets.items()
        }

    def criterion(
        self,
        criterion: Criterion,
        needed: list[str],
        last: LastReport,
        before: dict[int, tuple[Verdict, dict[str, IndicatorSheet]]],
        region: int,
    ) -> TriedCriterion:
        """One criterion of the set; `needed` are the codes it cannot be judged without."""
        present, sheets = before.get(criterion.number, ("", {}))
        levels = self.levels(self.criteria_set.pk, region)
        tried = [
            self.indicator(entry.indicator, threshold, last.values.get(code), sheets.get(code))
            for code, (entry, threshold) in levels.items()
            if entry.indicator.criterion_id == criterion.pk
            and (threshold is not None or entry.indicator.parent_id is None)
        ]
        unset = [code for code in needed if code not in levels]
        verdicts = [each.after.verdict for each in tried] + [Verdict.NO_DATA] * len(unset)
        verified = last.verified.get(criterion.number, "")
        return TriedCriterion(
            criterion,
            verified,
            present,
            rules.judge_criterion(verdicts, criterion.at_least) if needed else Verdict.NO_DATA,
            decided=verified != last.computed.get(criterion.number, ""),
            indicators=tried,
            unset=unset,
        )

    def indicator(
        self,
        indicator: Indicator,
        threshold: Threshold | None,
        accepted: Accepted | None,
        before: IndicatorSheet | None,
    ) -> TriedIndicator:
        answer = accepted.answer if accepted else None
        obstacle = "" if threshold else UNSET
        if accepted is None:
            obstacle = NEW
        elif (accepted.kind, accepted.unit) != (indicator.kind, indicator.unit_vi):
            obstacle = CHANGED
            answer = rules.Answer(absence=accepted.answer.absence)
        return TriedIndicator(before, _sheet(indicator, threshold, answer), obstacle)


def _sheet(indicator: Indicator, threshold: Threshold | None, answer: rules.Answer | None) -> IndicatorSheet:
    """An indicator with its value, judged. Without a threshold nothing can be said of it: no data."""
    verdict = rules.judge_indicator(answer, threshold.as_level()) if threshold else Verdict.NO_DATA
    return IndicatorSheet(indicator, _row(answer), threshold, verdict)


def _row(answer: rules.Answer | None) -> IndicatorValue | None:
    """The answer as the row that pages say in words."""
    if answer is None:
        return None
    content: dict[str, Any] = {name: getattr(answer, name) for name in ("value", "numerator", "denominator", "absence")}
    return IndicatorValue(**content)


def _judged(sheets: Iterable[IndicatorSheet], criterion: Criterion) -> Verdict:
    return rules.judge_criterion([sheet.verdict for sheet in sheets], criterion.at_least)
