"""A criteria set as it concerns one region: groups, criteria, indicators and their levels, in one query."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet

from . import rules
from .models import CriteriaSet, Criterion, CriterionGroup, Expectation, Indicator, Region, Threshold


@dataclass
class IndicatorEntry:
    """An indicator with every publication of its threshold that concerns the region."""

    indicator: Indicator
    thresholds: list[Threshold] = field(default_factory=list)

    @property
    def expectation(self) -> Expectation | None:
        """What is usual for its values; None where nothing is set."""
        return getattr(self.indicator, "expectation", None)

    def threshold(self, year: int, judged_on: date) -> Threshold | None:
        """The row by which a report of `year` is judged on that day, if any."""
        by_level = {threshold.as_level(): threshold for threshold in self.thresholds}
        regions = [threshold.region.code for threshold in self.thresholds if threshold.region]
        region = regions[0] if regions else ""
        level = rules.level_in_force(by_level, region=region, year=year, judged_on=judged_on)
        return by_level[level] if level else None


@dataclass
class CriterionEntry:
    """A criterion with its indicators, sub-conditions right after their indicator."""

    criterion: Criterion
    indicators: list[IndicatorEntry] = field(default_factory=list)


@dataclass
class GroupEntry:
    """A group with its criteria."""

    group: CriterionGroup
    criteria: list[CriterionEntry] = field(default_factory=list)


@dataclass
class Catalogue:
    """A criteria set for one region, in the order it is printed."""

    groups: list[GroupEntry]

    @cached_property
    def criteria(self) -> list[CriterionEntry]:
        return [entry for group in self.groups for entry in group.criteria]

    def indicators(self) -> Iterator[IndicatorEntry]:
        for criterion in self.criteria:
            yield from criterion.indicators

    def group(self, code: str) -> GroupEntry | None:
        """The group with that code (I to V), if the set has it."""
        return next((entry for entry in self.groups if entry.group.code == code), None)


@dataclass
class Catalogues:
    """Criteria sets for whatever region is asked."""

    thresholds: list[Threshold]
    _known: dict[tuple[int, int], Catalogue] = field(default_factory=dict)

    def of(self, criteria_set: int, region: int) -> Catalogue:
        """The set as it concerns the region, as `load_catalogue` gives it. No query."""
        key = criteria_set, region
        if key not in self._known:
            self._known[key] = _arranged(
                threshold
                for threshold in self.thresholds
                if threshold.indicator.criterion.criteria_set_id == criteria_set
                and threshold.region_id in (region, None)
            )
        return self._known[key]


def load_catalogue(criteria_set: CriteriaSet | int, region: Region) -> Catalogue:
    """The set as it concerns the region: one query. Sub-conditions the region does not carry are left out."""
    thresholds = _thresholds().filter(indicator__criterion__criteria_set=criteria_set)
    return _arranged(thresholds.filter(Q(region=region) | Q(region__isnull=True)))


def load_catalogues(criteria_sets: Iterable[int]) -> Catalogues:
    """Several sets for all regions at once: one query."""
    return Catalogues(list(_thresholds().filter(indicator__criterion__criteria_set__in=set(criteria_sets))))


def _thresholds() -> QuerySet[Threshold]:
    """Thresholds with everything that is said of them, in the order they are printed."""
    return Threshold.objects.select_related("indicator__criterion__group", "indicator__expectation", "region").order_by(
        "indicator__criterion__number", "indicator__position", "applies_from_year", "published_on"
    )


def _arranged(thresholds: Iterable[Threshold]) -> Catalogue:
    """Thresholds of one set and one region under their groups, criteria and indicators."""
    groups: dict[int, GroupEntry] = {}
    criteria: dict[int, CriterionEntry] = {}
    indicators: dict[int, IndicatorEntry] = {}
    for threshold in thresholds:
        indicator = threshold.indicator
        criterion = indicator.criterion
        if criterion.group_id not in groups:
            groups[criterion.group_id] = GroupEntry(criterion.group)
        if criterion.pk not in criteria:
            criteria[criterion.pk] = CriterionEntry(criterion)
            groups[criterion.group_id].criteria.append(criteria[criterion.pk])
        if indicator.pk not in indicators:
            indicators[indicator.pk] = IndicatorEntry(indicator)
            criteria[criterion.pk].indicators.append(indicators[indicator.pk])
        indicators[indicator.pk].thresholds.append(threshold)
    ordered = sorted(groups.values(), key=lambda entry: entry.group.position)
    return Catalogue(ordered)
