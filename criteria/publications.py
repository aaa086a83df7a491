"""Where does each threshold come from? A criteria set as a table: its indicators and what was published when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from ntm_tracker.templatetags.look import number

from .models import CriteriaSet, Criterion, CriterionGroup, Indicator, Region, Threshold


@dataclass
class Publication:
    """The thresholds of one indicator that one decision set for one year, in general and by region."""

    published_on: date
    applies_from_year: int
    regions: Sequence[Region]
    thresholds: list[Threshold] = field(default_factory=list)

    @property
    def everywhere(self) -> str:
        """The level, when it is the same in general and in every region that has one of its own."""
        levels = {_level(threshold) for threshold in self.thresholds}
        is_general = any(threshold.region_id is None for threshold in self.thresholds)
        return levels.pop() if is_general and len(levels) == 1 else ""

    @property
    def general(self) -> str:
        return self._level_of(None)

    @property
    def by_region(self) -> list[tuple[Region, str]]:
        """Each region with the level that holds there; "" where the indicator is not asked for."""
        return [(region, self._level_of(region.pk) or self.general) for region in self.regions]

    def _level_of(self, region_id: int | None) -> str:
        found = (threshold for threshold in self.thresholds if threshold.region_id == region_id)
        return next((_level(threshold) for threshold in found), "")

    @property
    def decisions(self) -> list[str]:
        return _distinct(threshold.decision for threshold in self.thresholds)

    @property
    def confidences(self) -> list[str]:
        return _distinct(threshold.get_confidence_display() for threshold in self.thresholds)

    @property
    def notes(self) -> list[str]:
        return _distinct(threshold.note for threshold in self.thresholds if threshold.note)


@dataclass
class IndicatorTable:
    """An indicator with its publications, oldest year first."""

    indicator: Indicator
    publications: dict[tuple[int, date], Publication] = field(default_factory=dict)


@dataclass
class CriterionTable:
    criterion: Criterion
    indicators: dict[int, IndicatorTable] = field(default_factory=dict)


@dataclass
class GroupTable:
    group: CriterionGroup
    criteria: dict[int, CriterionTable] = field(default_factory=dict)


def read_tables(criteria_set: CriteriaSet, regions: Sequence[Region]) -> list[GroupTable]:
    """The groups of the set, in the order they are printed. One query."""
    thresholds = (
        Threshold.objects.filter(indicator__criterion__criteria_set=criteria_set)
        .select_related("indicator__criterion__group", "region")
        .order_by("indicator__criterion__number", "indicator__position", "applies_from_year", "published_on")
    )
    groups: dict[int, GroupTable] = {}
    for threshold in thresholds:
        indicator = threshold.indicator
        criterion = indicator.criterion
        group = groups.setdefault(criterion.group_id, GroupTable(criterion.group))
        of_criterion = group.criteria.setdefault(criterion.pk, CriterionTable(criterion))
        of_indicator = of_criterion.indicators.setdefault(indicator.pk, IndicatorTable(indicator))
        year, day = threshold.applies_from_year, threshold.published_on
        publication = of_indicator.publications.setdefault((year, day), Publication(day, year, regions))
        publication.thresholds.append(threshold)
    return sorted(groups.values(), key=lambda table: table.group.position)


def _level(threshold: Threshold) -> str:
    """A level in few words: ≥ 70, or that it is met."""
    return f"{threshold.get_comparator_display()} {number(threshold.value)}".strip().replace(" ", "\N{NO-BREAK SPACE}")


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(str(text) for text in texts))
