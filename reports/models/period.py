"""The quarter a report is about."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from criteria.models import CriteriaSet

ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}


class Period(models.Model):
    """One quarter: when it opens, when reports are due (inclusive), when it freezes, how it is judged."""

    year = models.PositiveSmallIntegerField(_("year"))
    quarter = models.PositiveSmallIntegerField(_("quarter"), choices=[(q, ROMAN[q]) for q in ROMAN])
    opens_on = models.DateField(_("opens on"))
    due_on = models.DateField(_("due on"), help_text=_("Inclusive, to the end of the day in Việt Nam."))
    freeze_on = models.DateField(_("freezes after"), help_text=_("After this day only the lead can open a correction."))
    criteria_set = models.ForeignKey(
        CriteriaSet, models.PROTECT, related_name="periods", verbose_name=_("criteria set")
    )
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["year", "quarter"]
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        constraints = [
            models.UniqueConstraint(
                fields=["year", "quarter"],
                name="period_once",
                violation_error_message=_("This quarter already exists."),
            ),
            models.CheckConstraint(condition=Q(quarter__range=(1, 4)), name="period_quarter_1_to_4"),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("opens_on")) & Q(freeze_on__gte=F("due_on")),
                name="period_opens_then_due_then_freezes",
                violation_error_message=_("A period opens, then falls due, then freezes, in this order."),
            ),
        ]

    def __str__(self) -> str:
        return gettext("quarter %(quarter)s/%(year)s") % {"quarter": ROMAN[self.quarter], "year": self.year}

    @property
    def code(self) -> str:
        """The quarter for URLs and file names: 2014-4."""
        return f"{self.year}-{self.quarter}"

    @property
    def roman(self) -> str:
        return ROMAN[self.quarter]

    @property
    def last_day(self) -> date:
        """The last day of the quarter itself."""
        next_quarter = date(self.year + self.quarter // 4, self.quarter % 4 * 3 + 1, 1)
        return next_quarter - timedelta(days=1)
