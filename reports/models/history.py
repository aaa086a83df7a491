"""Who did what when, and who changed which value: written once, shown to both sides."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communes.models import AppendOnly
from criteria import rules

from .report import QuarterlyReport, ReportVersion, State
from .sections import ResourceContent, ResourceEntry, SectionContent, SectionLine
from .value import CriterionVerdict, IndicatorValue, Reported


class ReportEvent(AppendOnly):
    """One step in the life of a report."""

    class Action(models.TextChoices):
        OPEN = "open", pgettext_lazy("event", "period opened")
        SUBMIT = "submit", pgettext_lazy("event", "submitted")
        WITHDRAW = "withdraw", pgettext_lazy("event", "withdrawn")
        TAKE_UP = "take_up", pgettext_lazy("event", "taken up for review")
        RETURN = "return", pgettext_lazy("event", "returned")
        ACCEPT = "accept", pgettext_lazy("event", "accepted")
        UNDO_ACCEPT = "undo_accept", pgettext_lazy("event", "acceptance undone")
        OPEN_CORRECTION = "open_correction", pgettext_lazy("event", "correction opened")
        CANCEL_CORRECTION = "cancel_correction", pgettext_lazy("event", "correction cancelled")
        EXTEND = "extend", pgettext_lazy("event", "deadline extended")
        REASSIGN = "reassign", pgettext_lazy("event", "handed to another reviewer")
        URGE = "urge", pgettext_lazy("event", "urged")
        REGRESSION = "regression", pgettext_lazy("event", "regression found")

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="events")
    version = models.ForeignKey(ReportVersion, models.PROTECT, null=True, related_name="events")
    action = models.CharField(max_length=20, choices=Action)
    from_state = models.CharField(max_length=10, choices=State, blank=True)
    to_state = models.CharField(max_length=10, choices=State, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who takes the report over."
    )
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["report", "at", "pk"]
        verbose_name = _("event of a report")
        verbose_name_plural = _("events of reports")
        indexes = [models.Index(fields=["version", "at"])]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%d/%m/%Y %H:%M}"


class Change(AppendOnly):
    """Who wrote, and when."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        abstract = True


class ValueChange(Change, Reported):
    """An indicator row as it stood after one write."""

    row = models.ForeignKey(IndicatorValue, models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["row", "row_version"]
        verbose_name = _("change of a value")
        verbose_name_plural = _("changes of values")
        constraints = [models.UniqueConstraint(fields=["row", "row_version"], name="value_change_once_per_row_version")]

    def __str__(self) -> str:
        return f"{self.row_id} #{self.row_version}: {self.value}"


class VerdictChange(Change):
    """The claimed and verified verdicts on a criterion as they stood after one write."""

    row = models.ForeignKey(CriterionVerdict, models.PROTECT, related_name="changes")
    row_version = models.PositiveIntegerField()
    claimed = models.CharField(max_length=15, choices=CriterionVerdict.CLAIMS, blank=True)
    claim_reason = models.CharField(max_length=500, blank=True)
    verified = models.CharField(max_length=15, choices=rules.Verdict, blank=True)
    verified_reason = models.CharField(max_length=500, blank=True)
    fragile = models.BooleanField(default=False)
    fragile_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["row", "row_version"]
        verbose_name = _("change of a verdict")
        verbose_name_plural = _("changes of verdicts")
        constraints = [
            models.UniqueConstraint(fields=["row", "row_version"], name="verdict_change_once_per_row_version")
        ]

    def __str__(self) -> str:
        return f"{self.row_id} #{self.row_version}: {self.claimed}/{self.verified}"


class SectionLineChange(Change, SectionContent):
    """A line of a section as it stood after one write."""

    row = models.ForeignKey(SectionLine, models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["row", "row_version"]
        verbose_name = _("change of a line")
        verbose_name_plural = _("changes of lines")
        constraints = [models.UniqueConstraint(fields=["row", "row_version"], name="line_change_once_per_row_version")]

    def __str__(self) -> str:
        return f"{self.row_id} #{self.row_version}: {self.text[:60]}"


class ResourceChange(Change, ResourceContent):
    """The resources of a source as they stood after one write."""

    row = models.ForeignKey(ResourceEntry, models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["row", "row_version"]
        verbose_name = _("change of resources")
        verbose_name_plural = _("changes of resources")
        constraints = [
            models.UniqueConstraint(fields=["row", "row_version"], name="resource_change_once_per_row_version")
        ]

    def __str__(self) -> str:
        return f"{self.row_id} #{self.row_version}"
