"""Papers that prove a value: files, kept once and for all, and which indicators of which version they prove."""

from datetime import date, timedelta

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from criteria.models import Indicator
from ntm_tracker import clock
from ntm_tracker.contents import TYPES, in_megabytes
from ntm_tracker.templatetags.look import day

from .report import QuarterlyReport, ReportVersion

SOON = timedelta(days=90)
"""A paper that expires within this time is marked: by the next report it will have to be a newer one."""


def evidence_storage() -> Storage:
    """Where the files are: outside everything the web server hands out by itself."""
    return storages["evidence"]


def random_name(evidence: "Evidence", file_name: str) -> str:
    """A name that says nothing and cannot be guessed, in a folder of its own for each report."""
    return f"{evidence.report_id}/{get_random_string(32, 'abcdefghijklmnopqrstuvwxyz0123456789')}"


class Evidence(models.Model):
    """One file of a report, as it was uploaded. It is never changed; a newer one may take its place."""

    class Kind(models.TextChoices):
        DECISION = "decision", pgettext_lazy("evidence", "decision, certificate of recognition")
        RECORD = "record", pgettext_lazy("evidence", "minutes, acceptance record")
        SURVEY = "survey", pgettext_lazy("evidence", "survey or review result")
        STATISTICS = "statistics", pgettext_lazy("evidence", "statistics, report")
        PLAN = "plan", pgettext_lazy("evidence", "approved plan, map")
        PHOTO = "photo", pgettext_lazy("evidence", "photo")
        OTHER = "other", pgettext_lazy("evidence", "other document")

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="evidence")
    file = models.FileField(storage=evidence_storage, upload_to=random_name, max_length=200, editable=False)
    file_name = models.CharField(max_length=150, editable=False, help_text="The name it had, for the download only.")
    media_type = models.CharField(max_length=100, editable=False, help_text="Found in its content.")
    size = models.PositiveIntegerField(editable=False, help_text="In bytes.")
    sha256 = models.CharField(max_length=64, editable=False)
    title = models.CharField(_("what it is"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    document_number = models.CharField(_("document number"), max_length=50, blank=True)
    document_date = models.DateField(_("date of the document"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, editable=False, related_name="replaced_by")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["report", "pk"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(document_date__isnull=True)
                | Q(valid_until__gte=models.F("document_date")),
                name="evidence_valid_after_its_date",
                violation_error_message=_("The document cannot expire before its own date."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def tag(self) -> str:
        """The type of the file in three or four letters: PDF, JPG, XLSX."""
        return TYPES[self.media_type].tag

    @property
    def said_size(self) -> str:
        return in_megabytes(self.size)

    def expiry(self, on: date) -> str:
        """In words, that the paper had expired on that day or was soon to; empty otherwise."""
        if self.valid_until is None or self.valid_until > on + SOON:
            return ""
        text = gettext("expired on %(day)s") if self.is_expired(on) else gettext("expires on %(day)s")
        return text % {"day": day(self.valid_until)}

    def is_expired(self, on: date) -> bool:
        return self.valid_until is not None and self.valid_until < on


class EvidenceLink(models.Model):
    """That a file proves the value of an indicator in a version.

    A link that came along from a version sent before (`inherited`) is not removed, only moved to a newer file.
    A removed one stays as a row.
    """

    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="evidence_links")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="links")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    inherited = models.BooleanField(default=False)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    linked_at = models.DateTimeField()
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["version", "pk"]
        verbose_name = _("link of evidence")
        verbose_name_plural = _("links of evidence")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "evidence", "indicator"],
                condition=Q(removed_at__isnull=True),
                name="evidence_once_per_version_and_indicator",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="link_removed_at_and_by_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} → {self.indicator_id}"

    @property
    def judged_on(self) -> date:
        """The day on which the paper must be valid: when the version was sent, for a draft today."""
        return self.version.judged_on or clock.today()

    @property
    def expiry(self) -> str:
        """In words, that the paper has expired or soon will; empty otherwise."""
        return self.evidence.expiry(self.judged_on)

    @property
    def is_expired(self) -> bool:
        return self.evidence.is_expired(self.judged_on)
