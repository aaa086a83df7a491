"""The duty to report, the versions sent for it, and which of them was official when."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from communes.models import AppendOnly, Commune
from ntm_tracker import clock
from reports.querysets import QuarterlyReportQuerySet, ReportVersionQuerySet

from .period import Period


class State(models.TextChoices):
    """Where a version is in its life. Being late is not a state: it follows from dates."""

    DRAFT = "draft", pgettext_lazy("state", "draft")
    SUBMITTED = "submitted", pgettext_lazy("state", "submitted")
    IN_REVIEW = "in_review", pgettext_lazy("state", "in review")
    RETURNED = "returned", pgettext_lazy("state", "returned")
    ACCEPTED = "accepted", pgettext_lazy("state", "accepted")
    SUPERSEDED = "superseded", pgettext_lazy("state", "superseded")
    DISCARDED = "discarded", pgettext_lazy("state", "discarded")


WORKING = [State.DRAFT, State.SUBMITTED, State.IN_REVIEW]


def days_late(due_on: date, sent_on: date | None, today: date) -> int:
    """Whole days after the due day, until the first submission or, while there is none, until today; 0 in time."""
    return max(0, clock.days_between(due_on, sent_on or today))


class QuarterlyReport(models.Model):
    """The duty of one commune to report for one quarter. It exists from the opening of the period on."""

    commune = models.ForeignKey(Commune, models.PROTECT, related_name="reports", verbose_name=_("commune"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="reports", verbose_name=_("period"))
    first_submitted_at = models.DateTimeField(_("first submitted at"), null=True, editable=False)
    in_force = models.ForeignKey(
        "ReportVersion",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("in force"),
    )
    working = models.ForeignKey(
        "ReportVersion",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("in work"),
    )

    objects = QuarterlyReportQuerySet.as_manager()

    class Meta:
        ordering = ["-period__year", "-period__quarter", "commune__province__code"]
        verbose_name = _("quarterly report")
        verbose_name_plural = _("quarterly reports")
        constraints = [
            models.UniqueConstraint(
                fields=["commune", "period"],
                name="report_once_per_commune_and_period",
                violation_error_message=_("This commune already has a report for the quarter."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.commune}, {self.period}"

    def get_absolute_url(self) -> str:
        return reverse("reports:detail", args=[self.pk])

    @property
    def due_on(self) -> date:
        """The day the first submission is due, extensions included. Queries unless `extensions` is prefetched."""
        extensions = list(self.extensions.all())
        return max(extensions, key=lambda extension: extension.pk).new_due if extensions else self.period.due_on

    @property
    def days_late(self) -> int:
        """How late the first submission is or was; see the function of that name. Queries like `due_on`."""
        sent = self.first_submitted_at
        return days_late(self.due_on, clock.local_date(sent) if sent else None, clock.today())

    @property
    def is_frozen(self) -> bool:
        """Whether the freeze day of the period is over."""
        return clock.today() > self.period.freeze_on


class ReportVersion(models.Model):
    """One submission of a report, from its first draft on. The state is moved only by `workflow`."""

    report = models.ForeignKey(
        QuarterlyReport, models.PROTECT, related_name="versions", verbose_name=_("quarterly report")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    based_on = models.ForeignKey("self", models.PROTECT, null=True, editable=False, verbose_name=_("based on"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    revision = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Grows with every write, so that a signature covers what was shown.",
    )
    is_correction = models.BooleanField(_("correction"), default=False, editable=False)
    reason = models.TextField(_("reason for the correction"), blank=True, editable=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    opened_at = models.DateTimeField(editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, editable=False)
    judged_on = models.DateField(null=True, editable=False)
    signer_name = models.CharField(_("signed by"), max_length=150, blank=True)
    signer_title = models.CharField(_("position of the signer"), max_length=150, blank=True)
    letter_number = models.CharField(_("official letter number"), max_length=50, blank=True)
    letter_date = models.DateField(_("date of the letter"), null=True, blank=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="held_versions"
    )
    held_since = models.DateTimeField(null=True, editable=False)
    respond_by = models.DateField(_("respond by"), null=True, blank=True)

    objects = ReportVersionQuerySet.as_manager()

    class Meta:
        ordering = ["report", "number"]
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="version_number_once_per_report"),
            models.UniqueConstraint(
                fields=["report"], condition=Q(state="accepted"), name="version_accepted_once_per_report"
            ),
            models.UniqueConstraint(
                fields=["report"], condition=Q(state__in=WORKING), name="version_in_work_once_per_report"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, submitted_by__isnull=True, judged_on__isnull=True)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False, judged_on__isnull=False),
                name="version_submitted_at_by_and_judged_together",
            ),
            models.CheckConstraint(
                condition=Q(holder__isnull=True, held_since__isnull=True)
                | Q(holder__isnull=False, held_since__isnull=False),
                name="version_holder_and_since_together",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_review") | Q(holder__isnull=False),
                name="version_in_review_has_a_holder",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"]) | Q(submitted_at__isnull=False),
                name="version_beyond_draft_was_submitted",
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(report)s, version %(number)s") % {"report": self.report, "number": self.number}

    def get_absolute_url(self) -> str:
        return reverse("reports:version", args=[self.report_id, self.number])

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT


class InForce(models.Model):
    """From when until when a version was the official one. Only `until` is ever written later."""

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="in_force_spans")
    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="in_force_spans")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["report", "since"]
        verbose_name = _("span in force")
        verbose_name_plural = _("spans in force")
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(until__isnull=True), name="one_version_in_force_per_report"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="in_force_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.since} - {self.until or ''}"


class DeadlineExtension(AppendOnly):
    """More time for one report, with both dates and the reason."""

    report = models.ForeignKey(QuarterlyReport, models.PROTECT, related_name="extensions")
    old_due = models.DateField(_("old due date"))
    new_due = models.DateField(_("new due date"))
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["report", "pk"]
        verbose_name = _("deadline extension")
        verbose_name_plural = _("deadline extensions")
        constraints = [
            models.CheckConstraint(condition=Q(new_due__gt=models.F("old_due")), name="extension_gives_more_time")
        ]

    def __str__(self) -> str:
        return f"{self.old_due} → {self.new_due}"
