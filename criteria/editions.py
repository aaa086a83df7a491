"""From one edition of the criteria to the next: copy a set, change the copy, publish it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Model
from django.utils.translation import gettext as _

from ntm_tracker import clock

from .models import CriteriaSet, Criterion, Expectation, Indicator, PublishedSetError, Region, Threshold
from .rules import Comparator

CODE_LENGTH = 20


@transaction.atomic
def make_edition(base: CriteriaSet) -> CriteriaSet:
    """A copy of the set with all its parts, not yet published, under the next free code."""
    code, number = _free_code(base.code)
    edition = CriteriaSet.objects.create(
        code=code,
        name_vi=f"{base.name_vi} (bản {number})",
        name_en=f"{base.name_en} (edition {number})",
        legal_basis=base.legal_basis,
        in_force_from=base.in_force_from,
        based_on=base,
    )
    criteria = {criterion.pk: criterion for criterion in Criterion.objects.filter(criteria_set=base)}
    for criterion in criteria.values():
        criterion.criteria_set = edition
    _insert(Criterion, criteria.values())
    indicators = {indicator.pk: indicator for indicator in Indicator.objects.filter(criterion__criteria_set=base)}
    for indicator in indicators.values():
        indicator.criterion = criteria[indicator.criterion_id]
    _insert(Indicator, [indicator for indicator in indicators.values() if indicator.parent_id is None])
    sub_conditions = [indicator for indicator in indicators.values() if indicator.parent_id is not None]
    for sub_condition in sub_conditions:
        sub_condition.parent = indicators.get(sub_condition.parent_id or 0)
    _insert(Indicator, sub_conditions)
    thresholds = list(Threshold.objects.filter(indicator__criterion__criteria_set=base))
    for threshold in thresholds:
        threshold.indicator = indicators[threshold.indicator_id]
    _insert(Threshold, thresholds)
    expectations = list(Expectation.objects.filter(indicator__criterion__criteria_set=base))
    for expectation in expectations:
        expectation.indicator = indicators[expectation.indicator_id]
    _insert(Expectation, expectations)
    return edition


def _insert(model: type[Model], parts: Iterable[Criterion | Indicator | Threshold | Expectation]) -> None:
    """Write copies as new rows; each object gets its new key."""
    copies = list(parts)
    for copy in copies:
        copy.pk = None
        copy._state.adding = True
    model._default_manager.bulk_create(copies)


def _free_code(code: str) -> tuple[str, int]:
    """The first code of the kind 2013-2, 2013-3, ... that no set has."""
    taken = set(CriteriaSet.objects.values_list("code", flat=True))
    number = 2
    while (free := f"{code[: CODE_LENGTH - len(str(number)) - 1]}-{number}") in taken:
        number += 1
    return free, number


@transaction.atomic
def publish(criteria_set: CriteriaSet) -> None:
    """From now on periods can use the set and nobody can change it.

    Raises `ValidationError` with a sentence for everything that is missing, and `PublishedSetError` when it is
    published already.
    """
    criteria_set = CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)
    if criteria_set.is_published:
        raise PublishedSetError
    if missing := list(gaps(criteria_set)):
        raise ValidationError(missing)
    criteria_set.published_at = clock.now()
    criteria_set.save(update_fields=["published_at"])


@dataclass
class PartOutline:
    """An indicator of a set, with or without thresholds."""

    pk: int
    code: str
    kind: str
    parent: int | None
    regions: set[int | None] = field(default_factory=set)
    comparators: set[str] = field(default_factory=set)

    def is_set_for(self, region: int) -> bool:
        """Whether it has a threshold that holds in the region."""
        return bool(self.regions & {region, None})


Outline = dict[Criterion, list[PartOutline]]
"""Every criterion of a set with its indicators, finished or not."""


def read_outline(criteria_set: CriteriaSet) -> Outline:
    """What the set is made of so far. One query."""
    rows = (
        Criterion.objects.filter(criteria_set=criteria_set)
        .annotate(
            part=F("indicators"),
            part_code=F("indicators__code"),
            part_kind=F("indicators__kind"),
            part_parent=F("indicators__parent"),
            threshold=F("indicators__thresholds"),
            region=F("indicators__thresholds__region"),
            comparator=F("indicators__thresholds__comparator"),
        )
        .order_by("number", "indicators__position", "part")
    )
    outline: Outline = {}
    parts: dict[int, PartOutline] = {}
    for row in cast(Iterable[Any], rows):
        found = outline.setdefault(row, [])
        if row.part is None:
            continue
        if row.part not in parts:
            parts[row.part] = PartOutline(row.part, row.part_code, row.part_kind, row.part_parent)
            found.append(parts[row.part])
        if row.threshold is not None:
            parts[row.part].regions.add(row.region)
            parts[row.part].comparators.add(row.comparator)
    return outline


def gaps(criteria_set: CriteriaSet) -> Iterator[str]:
    """What still keeps the set from being published, as sentences. Two queries."""
    return gaps_in(read_outline(criteria_set), list(Region.objects.all()))


def gaps_in(outline: Outline, regions: Iterable[Region]) -> Iterator[str]:
    """What the set lacks for these regions, as sentences."""
    if not outline:
        yield _("The criteria set has no criterion.")
    for criterion, parts in outline.items():
        indicators = [part for part in parts if part.parent is None]
        if not indicators:
            yield _("Criterion %(number)s has no indicator.") % {"number": criterion.number}
        elif criterion.at_least is not None and not 1 <= criterion.at_least <= len(indicators):
            yield _("Criterion %(number)s needs %(needed)s of its indicators, but it has %(count)s.") % {
                "number": criterion.number,
                "needed": criterion.at_least,
                "count": len(indicators),
            }
        for part in parts:
            yield from _part_gaps(part, parts, regions)


def _part_gaps(part: PartOutline, siblings: list[PartOutline], regions: Iterable[Region]) -> Iterator[str]:
    if not part.regions:
        yield _("Indicator %(code)s has no threshold.") % {"code": part.code}
    elif part.parent is None:
        for region in regions:
            if not part.is_set_for(region.pk):
                yield _("Indicator %(code)s has no threshold for the region %(region)s.") % {
                    "code": part.code,
                    "region": region,
                }
    if part.parent is not None and part.parent not in {sibling.pk for sibling in siblings}:
        yield _("Sub-condition %(code)s hangs under an indicator of another criterion.") % {"code": part.code}
    is_yes_no = part.kind == Indicator.Kind.YES_NO
    if any((comparator == Comparator.IS_MET) != is_yes_no for comparator in part.comparators):
        yield _("Indicator %(code)s has a threshold whose comparator does not fit its kind.") % {"code": part.code}
