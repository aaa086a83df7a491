"""What was met and is met no longer, from one quarter to the next, and what the committee says to it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communes.models import AppendOnly
from criteria.models import Criterion
from reports.querysets import RegressionQuerySet

from .report import QuarterlyReport, ReportVersion


class Regression(models.Model):
    """A criterion that the quarter before had as met and this report has not, as known from `since` until `until`.

    Quarters follow each other by their dates, not by when they were accepted. A row is never deleted: when an
    earlier quarter is accepted or corrected later and nothing is lost any more, it ends. Only `until` is ever written.
    """

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="regressions")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    version = models.ForeignKey(
        ReportVersion, models.PROTECT, related_name="+", help_text="In force for the quarter when it was found."
    )
    before = models.ForeignKey(
        ReportVersion, models.PROTECT, related_name="+", help_text="In force for the earlier quarter: met there."
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = RegressionQuerySet.as_manager()

    class Meta:
        ordering = ["report", "criterion__number", "since"]
        verbose_name = _("regression")
        verbose_name_plural = _("regressions")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "criterion"],
                condition=Q(until__isnull=True),
                name="regression_once_per_report_and_criterion",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="regression_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.criterion_id}"

    def get_absolute_url(self) -> str:
        return reverse("reports:regression", args=[self.pk])


class RegressionAnswer(AppendOnly):
    """Why it was lost and what is done to regain it, as it stood after one write. The newest one counts."""

    regression = models.ForeignKey(Regression, models.PROTECT, related_name="answers")
    answer_version = models.PositiveIntegerField()
    explanation = models.TextField(_("why it was lost"))
    recovery = models.TextField(_("what is done to regain it"))
    regained_by = models.DateField(_("to be regained by"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["regression", "answer_version"]
        verbose_name = _("explanation of a regression")
        verbose_name_plural = _("explanations of regressions")
        constraints = [
            models.UniqueConstraint(fields=["regression", "answer_version"], name="regression_answer_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.regression_id} #{self.answer_version}: {self.explanation[:60]}"
