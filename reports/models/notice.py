"""What somebody should know without having to look for it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reports.querysets import NoticeQuerySet

from .history import ReportEvent


class Notice(models.Model):
    """That one person is told of an event in the life of a report, until they say that they have seen it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    event = models.ForeignKey(ReportEvent, models.PROTECT, related_name="notices")
    seen_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-event__at", "-pk"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="notice_once_per_user_and_event")]
        indexes = [models.Index(fields=["user", "seen_at"], name="notice_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.event_id}"
