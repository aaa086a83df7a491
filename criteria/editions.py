"""From one edition of the criteria to the next: copy a set, change the copy, publish it."""

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
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


def gaps(criteria_set: CriteriaSet) -> Iterator[str]:
    """What still keeps the set from being published, as sentences. Four queries."""
    criteria = list(Criterion.objects.filter(criteria_set=criteria_set).prefetch_related("indicators__thresholds"))
    regions = list(Region.objects.all())
    if not criteria:
        yield _("The criteria set has no criterion.")
    for criterion in criteria:
        indicators = [indicator for indicator in criterion.indicators.all() if indicator.parent_id is None]
        if not indicators:
            yield _("Criterion %(number)s has no indicator.") % {"number": criterion.number}
        elif criterion.at_least is not None and not 1 <= criterion.at_least <= len(indicators):
            yield _("Criterion %(number)s needs %(needed)s of its indicators, but it has %(count)s.") % {
                "number": criterion.number,
                "needed": criterion.at_least,
                "count": len(indicators),
            }
        for indicator in criterion.indicators.all():
            yield from _indicator_gaps(criterion, indicator, regions)


def _indicator_gaps(criterion: Criterion, indicator: Indicator, regions: list[Region]) -> Iterator[str]:
    thresholds = list(indicator.thresholds.all())
    with_threshold = {threshold.region_id for threshold in thresholds}
    if not thresholds:
        yield _("Indicator %(code)s has no threshold.") % {"code": indicator.code}
    elif indicator.parent_id is None and None not in with_threshold:
        for region in regions:
            if region.pk not in with_threshold:
                yield _("Indicator %(code)s has no threshold for the region %(region)s.") % {
                    "code": indicator.code,
                    "region": region,
                }
    siblings = {sibling.pk for sibling in criterion.indicators.all()}
    if indicator.parent_id is not None and indicator.parent_id not in siblings:
        yield _("Sub-condition %(code)s hangs under an indicator of another criterion.") % {"code": indicator.code}
    if any((threshold.comparator == Comparator.IS_MET) != indicator.is_yes_no for threshold in thresholds):
        yield _("Indicator %(code)s has a threshold whose comparator does not fit its kind.") % {"code": indicator.code}
