"""What must be fixed or answered before a report can be accepted."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from criteria.models import Criterion, Indicator

from .report import QuarterlyReport, ReportVersion


class ReviewItem(models.Model):
    """A point the reviewer raises on a criterion, an indicator or the whole report.

    It stays with the report over its rounds until the reviewer resolves it.
    """

    class Kind(models.TextChoices):
        MUST_FIX = "must_fix", pgettext_lazy("review item", "must fix")
        QUESTION = "question", pgettext_lazy("review item", "question")

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="review_items")
    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="review_items")
    criterion = models.ForeignKey(
        Criterion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("criterion")
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("indicator")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MUST_FIX)
    text = models.TextField(_("what must be fixed or answered"))
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    reply = models.TextField(_("reply"), blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    replied_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["report", "raised_at", "pk"]
        verbose_name = _("review item")
        verbose_name_plural = _("review items")
        constraints = [
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True, replied_by__isnull=True)
                | Q(replied_at__isnull=False, replied_by__isnull=False),
                name="item_replied_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="item_resolved_at_and_by_together",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
