"""What counts as met: regions, criteria sets, criteria, indicators and dated thresholds.

A criteria set that has been published is never edited or deleted: whoever needs another one makes a new
edition of it.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from . import rules


class PublishedSetError(ValidationError):
    """Raised when somebody tries to change or delete a part of a published criteria set."""

    def __init__(self) -> None:
        super().__init__(_("This criteria set is published and cannot be changed. Make a new edition of it."))


class Bilingual(models.Model):
    """Something with a Vietnamese and an English name."""

    name_vi = models.CharField(_("name in Vietnamese"), max_length=300)
    name_en = models.CharField(_("name in English"), max_length=300)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_vi


class ShortNamed(Bilingual):
    """Something whose name also has a short form for narrow places such as a column head."""

    short_vi = models.CharField(_("short name in Vietnamese"), max_length=60)
    short_en = models.CharField(_("short name in English"), max_length=60)

    class Meta:
        abstract = True

    @property
    def short(self) -> str:
        """The short name in the reader's language."""
        return self.short_en if get_language() == "en" else self.short_vi


class Region(ShortNamed):
    """One of the seven regions for which the decisions set thresholds."""

    code = models.SlugField(_("code"), max_length=10, unique=True)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ["position"]
        verbose_name = _("region")
        verbose_name_plural = _("regions")


class CriteriaSet(Bilingual):
    """An edition of the national criteria: QĐ 491/2009 as issued, or as amended by QĐ 342/2013."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    in_force_from = models.DateField(_("in force from"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, verbose_name=_("based on")
    )

    class Meta:
        ordering = ["in_force_from", "code"]
        verbose_name = _("criteria set")
        verbose_name_plural = _("criteria sets")

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk and CriteriaSet.objects.filter(pk=self.pk, published_at__isnull=False).exists():
            raise PublishedSetError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.is_published:
            raise PublishedSetError
        return super().delete(*args, **kwargs)

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class SetPart(models.Model):
    """A part of a criteria set; it refuses every change once the set is published."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_if_published()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.refuse_if_published()
        return super().delete(*args, **kwargs)

    @property
    def owner(self) -> CriteriaSet:
        """The criteria set this belongs to."""
        raise NotImplementedError

    def refuse_if_published(self) -> None:
        if self.owner.is_published:
            raise PublishedSetError


class CriterionGroup(ShortNamed):
    """One of the five groups, numbered I to V; the same in every edition."""

    code = models.CharField(_("code"), max_length=5, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), unique=True)

    class Meta:
        ordering = ["position"]
        verbose_name = _("criterion group")
        verbose_name_plural = _("criterion groups")

    def __str__(self) -> str:
        return f"{self.code}. {self.name}"


class Criterion(ShortNamed, SetPart):
    """One of the 19 criteria of an edition. Its number is stable over editions."""

    criteria_set = models.ForeignKey(
        CriteriaSet, models.CASCADE, related_name="criteria", verbose_name=_("criteria set")
    )
    group = models.ForeignKey(
        CriterionGroup, models.PROTECT, related_name="criteria", verbose_name=_("criterion group")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    sustainability_watch = models.BooleanField(
        _("sustainability watch"),
        default=False,
        help_text=_("Named by the letter as met but not yet truly sustainable."),
    )
    at_least = models.PositiveSmallIntegerField(
        _("indicators needed"),
        null=True,
        blank=True,
        help_text=_("Empty: all considered indicators must be met. Otherwise: at least this many."),
    )

    class Meta:
        ordering = ["criteria_set", "number"]
        verbose_name = pgettext_lazy("of the criteria set", "criterion")
        verbose_name_plural = pgettext_lazy("of the criteria set", "criteria")
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_set", "number"],
                name="criterion_number_once_per_set",
                violation_error_message=_("This criteria set already has a criterion with this number."),
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="criterion_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def owner(self) -> CriteriaSet:
        return self.criteria_set


class Indicator(Bilingual, SetPart):
    """What is measured for a criterion. A sub-condition (2.3a) hangs under its indicator and is not counted.

    Values of the kind `percent` are in percent (0-100), of the kind `amount` in `unit`, of the kind `multiple`
    in times; `yes_no` stores 1 for yes and 0 for no.
    """

    class Kind(models.TextChoices):
        PERCENT = "percent", _("percentage")
        AMOUNT = "amount", _("amount")
        MULTIPLE = "multiple", _("multiple")
        YES_NO = "yes_no", _("yes or no")

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="indicators", verbose_name=_("criterion"))
    parent = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sub_conditions",
        verbose_name=_("sub-condition of"),
    )
    code = models.CharField(_("code"), max_length=10)
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    unit_vi = models.CharField(_("unit in Vietnamese"), max_length=60, blank=True)
    unit_en = models.CharField(_("unit in English"), max_length=60, blank=True)
    takes_parts = models.BooleanField(
        _("takes numerator and denominator"),
        default=False,
        help_text=_("The reporter may give the two numbers from which the percentage is computed."),
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["criterion", "position"]
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "code"],
                name="indicator_code_once_per_criterion",
                violation_error_message=_("This criterion already has an indicator with this code."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def owner(self) -> CriteriaSet:
        return self.criterion.criteria_set

    @property
    def unit(self) -> str:
        """The unit in the reader's language; empty for yes/no."""
        return self.unit_en if get_language() == "en" else self.unit_vi

    @property
    def is_yes_no(self) -> bool:
        return self.kind == self.Kind.YES_NO

    @property
    def levels(self) -> list[rules.Level]:
        """All publications of its threshold, for `rules.level_in_force`. One query unless prefetched."""
        return [threshold.as_level() for threshold in self.thresholds.all()]


class Threshold(SetPart):
    """The value an indicator must reach, in one region or in general, dated twice.

    `published_on` says from when it is known, `applies_from_year` from which reported year it counts: the
    income level of 2013 was published only on 18/03/2014.
    """

    class Confidence(models.TextChoices):
        HIGH = "high", pgettext_lazy("confidence", "high")
        MEDIUM = "medium", pgettext_lazy("confidence", "medium")
        LOW = "low", pgettext_lazy("confidence", "low")

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="thresholds", verbose_name=_("indicator"))
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("region"),
        help_text=_("Empty: the general level."),
    )
    comparator = models.CharField(_("comparator"), max_length=6, choices=rules.Comparator)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=4, null=True, blank=True)
    published_on = models.DateField(_("published on"))
    applies_from_year = models.PositiveSmallIntegerField(_("applies from year"))
    decision = models.CharField(_("decision"), max_length=100)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence)
    note_vi = models.TextField(_("note in Vietnamese"), blank=True)
    note_en = models.TextField(_("note in English"), blank=True)

    class Meta:
        ordering = ["indicator", "applies_from_year", "published_on", "region"]
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "region", "applies_from_year", "published_on"],
                name="threshold_once_per_region_year_and_publication",
                condition=Q(region__isnull=False),
                violation_error_message=_("This threshold is already entered for the region, year and day."),
            ),
            models.UniqueConstraint(
                fields=["indicator", "applies_from_year", "published_on"],
                name="general_threshold_once_per_year_and_publication",
                condition=Q(region__isnull=True),
                violation_error_message=_("This general threshold is already entered for the year and day."),
            ),
            models.CheckConstraint(
                condition=Q(comparator=rules.Comparator.IS_MET, value__isnull=True)
                | (~Q(comparator=rules.Comparator.IS_MET) & Q(value__isnull=False)),
                name="threshold_has_a_value_unless_yes_no",
                violation_error_message=_("A threshold needs a value, unless it only asks whether it is met."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code} {self.get_comparator_display()} {self.value or ''}".strip()

    @property
    def owner(self) -> CriteriaSet:
        return self.indicator.criterion.criteria_set

    @property
    def note(self) -> str:
        """The note in the reader's language."""
        return self.note_en if get_language() == "en" else self.note_vi

    def as_level(self) -> rules.Level:
        """The same as plain values for the rules. `region` is the code, so select it along."""
        return rules.Level(
            comparator=self.comparator,
            value=self.value,
            region=self.region.code if self.region else None,
            published_on=self.published_on,
            applies_from_year=self.applies_from_year,
            decision=self.decision,
        )


class Expectation(models.Model):
    """What is usual for the values of an indicator: how far they move in a quarter, and which paper proves them.

    A setting of the programme office and no part of the edition: it asks for explanations, and never decides
    whether an indicator is met. So it can be changed when the criteria set is published.
    """

    indicator = models.OneToOneField(Indicator, models.CASCADE, related_name="expectation", verbose_name=_("indicator"))
    usual_change = models.DecimalField(
        _("usual change in a quarter"),
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("In the unit of the indicator (points for a percentage). A larger one must be explained."),
    )
    evidence_vi = models.CharField(_("evidence expected, in Vietnamese"), max_length=300, blank=True)
    evidence_en = models.CharField(_("evidence expected, in English"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("expectation")
        verbose_name_plural = _("expectations")
        constraints = [
            models.CheckConstraint(
                condition=Q(usual_change__isnull=True) | Q(usual_change__gt=0),
                name="expectation_change_above_zero",
                violation_error_message=_("The usual change must be larger than zero."),
            )
        ]

    def __str__(self) -> str:
        return str(self.indicator)

    @property
    def evidence(self) -> str:
        """The paper expected, in the reader's language; empty when none is."""
        return self.evidence_en if get_language() == "en" else self.evidence_vi
