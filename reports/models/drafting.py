"""What goes on around a draft while people write it: who is there, and what could not be saved yet."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .report import ReportVersion


class Presence(models.Model):
    """When somebody was last seen writing in a version. A hint to others, never a lock."""

    version = models.ForeignKey(ReportVersion, models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["version", "user"], name="presence_once_per_version_and_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.seen_at:%H:%M}"


class KeptPost(models.Model):
    """A page that somebody sent after being signed out, kept until the same person signs in again.

    `body` is what the browser sent, still encoded; it goes the same way as if it were sent now.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    body = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name = _("page kept for its writer")
        verbose_name_plural = _("pages kept for their writers")
        indexes = [models.Index(fields=["user", "-kept_at"], name="kept_by_user")]

    def __str__(self) -> str:
        return self.path
