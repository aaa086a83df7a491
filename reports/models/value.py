"""What a version says: values of indicators and the three verdicts on each criterion."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from criteria import rules
from criteria.models import Criterion, Indicator, Region, Threshold

from .report import ReportVersion
from .sections import Written


class Reported(Written):
    """The content of one indicator row: a value, or a reason why there is none. Yes is 1, no is 0.

    Values of percent indicators are in percent; amounts are in the indicator's unit.
    """

    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6, null=True)
    numerator = models.DecimalField(_("numerator"), max_digits=18, decimal_places=4, null=True)
    denominator = models.DecimalField(_("denominator"), max_digits=18, decimal_places=4, null=True)
    absence = models.CharField(_("no value because"), max_length=15, choices=rules.Absence, blank=True)
    absence_reason = models.CharField(_("reason"), max_length=500, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    explanation = models.CharField(
        _("explanation"), max_length=500, blank=True, help_text="Of what a soft check asks about (`reports.checks`)."
    )
    same_as = models.ForeignKey(
        ReportVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The accepted version this was taken over from by a deliberate click on “same as last quarter”.",
    )

    CONTENT = (
        "value",
        "numerator",
        "denominator",
        "absence",
        "absence_reason",
        "note",
        "explanation",
        "same_as",
    )

    class Meta:
        abstract = True

    @property
    def answer(self) -> rules.Answer:
        """The same as plain values for the rules."""
        return rules.Answer(self.value, self.numerator, self.denominator, self.absence)

    @property
    def is_answered(self) -> bool:
        """Whether there is a value, or a reason for having none."""
        return self.value is not None or bool(self.absence and self.absence_reason)


class IndicatorValue(Reported):
    """The value of one indicator in one version.

    The threshold it is judged by is copied when the version is submitted, and never changes afterwards.
    """

    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="values")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    threshold = models.ForeignKey(Threshold, models.PROTECT, null=True, editable=False, related_name="+")
    comparator = models.CharField(max_length=6, choices=rules.Comparator, blank=True, editable=False)
    threshold_value = models.DecimalField(max_digits=14, decimal_places=4, null=True, editable=False)
    region = models.ForeignKey(Region, models.PROTECT, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ["version", "indicator__criterion__number", "indicator__position"]
        verbose_name = _("indicator value")
        verbose_name_plural = _("indicator values")
        constraints = [
            models.UniqueConstraint(fields=["version", "indicator"], name="value_once_per_version_and_indicator"),
            models.CheckConstraint(condition=Q(absence="") | Q(value__isnull=True), name="value_or_absence_not_both"),
            models.CheckConstraint(
                condition=Q(numerator__isnull=True, denominator__isnull=True)
                | Q(numerator__gte=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="numerator_within_denominator",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id}: {self.value}"


class CriterionVerdict(models.Model):
    """The three verdicts on one criterion in one version, side by side.

    `claimed` is the committee's word, `computed` the rule's (written at submission), `verified` the ministry's.
    """

    CLAIMS = [(verdict.value, verdict.label) for verdict in rules.Verdict if verdict != rules.Verdict.NO_DATA]
    CLAIM_CONTENT = ("claimed", "claim_reason")
    REVIEW_CONTENT = ("verified", "verified_reason", "fragile", "fragile_reason")

    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="verdicts")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    claimed = models.CharField(max_length=15, choices=CLAIMS, blank=True)
    claim_reason = models.CharField(_("why this differs from the computed verdict"), max_length=500, blank=True)
    computed = models.CharField(max_length=15, choices=rules.Verdict, blank=True)
    verified = models.CharField(max_length=15, choices=rules.Verdict, blank=True)
    verified_reason = models.CharField(_("reason of the reviewer"), max_length=500, blank=True)
    fragile = models.BooleanField(_("not yet sustainable"), default=False)
    fragile_reason = models.CharField(_("why not sustainable"), max_length=500, blank=True)
    fragile_rule = models.TextField(
        blank=True, editable=False, help_text="Why the rule calls it fragile, noted when the version was taken up."
    )
    row_version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "criterion__number"]
        verbose_name = _("verdicts on a criterion")
        verbose_name_plural = _("verdicts on criteria")
        constraints = [
            models.UniqueConstraint(fields=["version", "criterion"], name="verdict_once_per_version_and_criterion"),
            models.CheckConstraint(
                condition=Q(fragile=False) | Q(verified__in=["met", "basic"]),
                name="only_what_is_met_can_be_fragile",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.claimed}/{self.computed}/{self.verified}"
