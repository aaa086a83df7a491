"""The limits the review works with: settings that administrators keep, never part of a verdict once it is given."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ReviewLimits(models.Model):
    """When what is met counts as fragile, and within how many days the ministry means to act. One row at most.

    The limits are a setting of this system; no decision prescribes them.
    """

    thin_part = models.DecimalField(
        _("thin margin"),
        max_digits=4,
        decimal_places=2,
        default=Decimal("0.20"),
        validators=[MinValueValidator(0)],
        help_text=_("A margin up to this part of the indicator's usual change in a quarter is thin. 0 turns it off."),
    )
    worse_quarters = models.PositiveSmallIntegerField(
        _("worse quarters in a row"),
        default=2,
        help_text=_("Fragile after so many quarters in which the value grew worse. 0 turns it off."),
    )
    kept_quarters = models.PositiveSmallIntegerField(
        _("quarters to be kept"),
        default=2,
        help_text=_("What was not met before is fragile until it has been met for so many quarters. 0 turns it off."),
    )
    take_up_days = models.PositiveSmallIntegerField(
        _("days to take up"), default=3, help_text=_("From the submission until a reviewer takes the report up.")
    )
    decide_days = models.PositiveSmallIntegerField(
        _("days to decide"), default=10, help_text=_("From the submission until the report is accepted or returned.")
    )
    respond_days = models.PositiveSmallIntegerField(
        _("days to respond"), default=7, help_text=_("What a return proposes as the day to respond by.")
    )

    class Meta:
        verbose_name = _("limits of the review")
        verbose_name_plural = _("limits of the review")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="review_limits_are_one_row")]

    def __str__(self) -> str:
        return gettext("limits of the review")

    @classmethod
    def current(cls) -> "ReviewLimits":
        """The limits as they are set, or the defaults. One query."""
        return cls.objects.first() or cls()
