"""What must be fixed or answered before a report can be accepted."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from communes.models import AppendOnly
from criteria.models import Criterion, Indicator

from .report import QuarterlyReport, ReportVersion


class ReviewItem(models.Model):
    """A point the reviewer raises on a criterion, an indicator or the whole report.

    It stays with the report over its rounds until the reviewer resolves it. `reply` and `done` are the committee's in
    the present round: a further return asks again, and what was answered before stays in `ReviewReply`.
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
    done = models.BooleanField(_("done"), default=False)
    reply_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="How often the reply was written, so that no answer is lost to another."
    )
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
            models.CheckConstraint(condition=Q(done=False) | ~Q(reply=""), name="item_done_only_with_a_reply"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def is_answered(self) -> bool:
        """Whether the committee has answered in this round and says that it is done."""
        return self.done and bool(self.reply)

    @property
    def done_label(self) -> str:
        """What it means that the committee is done with it."""
        return gettext("Done: fixed") if self.kind == self.Kind.MUST_FIX else gettext("Done: answered")


class ReviewReply(AppendOnly):
    """An answer to an item as it stood after one write, and in which version of the report it was given."""

    item = models.ForeignKey(ReviewItem, models.PROTECT, related_name="replies")
    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="replies")
    reply_version = models.PositiveIntegerField()
    text = models.TextField(_("reply"), blank=True)
    done = models.BooleanField(_("done"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["item", "reply_version"]
        verbose_name = _("reply to an item")
        verbose_name_plural = _("replies to items")
        constraints = [models.UniqueConstraint(fields=["item", "reply_version"], name="reply_once_per_reply_version")]

    def __str__(self) -> str:
        return f"{self.item_id} #{self.reply_version}: {self.text[:60]}"
