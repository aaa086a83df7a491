"""The figures of a quarter as the ministry published them: written once, a later change is a further issue."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from communes.models import AppendOnly, Commune, Programme
from criteria import rules
from criteria.models import Criterion

from .period import Period
from .report import ReportVersion


class Summary(AppendOnly):
    """One issue of the quarterly summary of a programme, with the figures as they stood on a day."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="summaries")
    period = models.ForeignKey(Period, models.PROTECT, related_name="summaries")
    issue = models.PositiveSmallIntegerField(_("issue"))
    as_of = models.DateField(_("as known on"))
    note = models.TextField(_("what changed since the issue before"), blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-period__year", "-period__quarter", "-issue"]
        verbose_name = _("quarterly summary")
        verbose_name_plural = _("quarterly summaries")
        constraints = [
            models.UniqueConstraint(fields=["programme", "period", "issue"], name="summary_issue_once"),
            models.CheckConstraint(condition=Q(issue=1) | ~Q(note=""), name="summary_later_issue_says_what_changed"),
        ]

    def __str__(self) -> str:
        return gettext("Summary of %(period)s, issue %(issue)s") % {"period": self.period, "issue": self.issue}

    def get_absolute_url(self) -> str:
        return reverse("reports:summary", args=[self.programme.code, self.period.code, self.issue])


class SummaryTarget(AppendOnly):
    """What a summary says of a target: how many communes are complete, basically complete, not, or unknown."""

    VERDICTS = [
        ("reached", pgettext_lazy("target", "reached")),
        ("missed", pgettext_lazy("target", "missed")),
        ("open", pgettext_lazy("target", "open")),
        ("waiting", pgettext_lazy("target", "waiting for reports")),
    ]

    summary = models.ForeignKey(Summary, models.PROTECT, related_name="targets")
    due_on = models.DateField()
    required = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    complete = models.PositiveSmallIntegerField()
    basically = models.PositiveSmallIntegerField()
    incomplete = models.PositiveSmallIntegerField()
    unknown = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["summary", "due_on"]
        verbose_name = _("target in a summary")
        verbose_name_plural = _("targets in summaries")
        constraints = [models.UniqueConstraint(fields=["summary", "due_on"], name="summary_target_once")]

    def __str__(self) -> str:
        return f"{self.summary_id}: {self.due_on:%d/%m/%Y} {self.complete}/{self.required}"


class SummaryCommune(AppendOnly):
    """What a summary says of a commune, under the names of the day. Without a report, its last known quarter."""

    summary = models.ForeignKey(Summary, models.PROTECT, related_name="communes")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    province_name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    version = models.ForeignKey(ReportVersion, models.PROTECT, null=True, related_name="+")
    is_reported = models.BooleanField()
    is_being_corrected = models.BooleanField(default=False)
    known_from = models.ForeignKey(Period, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10)
    met = models.PositiveSmallIntegerField()
    basic = models.PositiveSmallIntegerField()
    not_met = models.PositiveSmallIntegerField()
    not_considered = models.PositiveSmallIntegerField()
    no_data = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["summary", "position"]
        verbose_name = _("commune in a summary")
        verbose_name_plural = _("communes in summaries")
        constraints = [models.UniqueConstraint(fields=["summary", "commune"], name="summary_commune_once")]

    def __str__(self) -> str:
        return f"{self.summary_id}: {self.name}"


class SummaryCell(AppendOnly):
    """What a summary says of one criterion of a commune. `verdict` is that of the quarter, or "not_reported"."""

    row = models.ForeignKey(SummaryCommune, models.PROTECT, related_name="cells")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=15)
    last_known = models.CharField(max_length=15, choices=rules.Verdict, blank=True)
    mark = models.CharField(max_length=10, blank=True)
    lost_in = models.ForeignKey(Period, models.PROTECT, null=True, related_name="+")
    fragile = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["row", "criterion__number"]
        verbose_name = _("criterion in a summary")
        verbose_name_plural = _("criteria in summaries")
        constraints = [models.UniqueConstraint(fields=["row", "criterion"], name="summary_cell_once")]

    def __str__(self) -> str:
        return f"{self.row_id}: {self.criterion_id} {self.verdict}"
