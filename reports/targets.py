"""By which day does the ministry mean to act on what was sent? Its own target days are a setting of this site."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ntm_tracker import clock
from ntm_tracker.templatetags.look import day

from .models import ReportVersion, ReviewLimits, State


@dataclass(frozen=True)
class Target:
    """What the ministry means to do with a version next, and by which day, inclusive."""

    is_to_decide: bool
    due_on: date
    today: date

    @property
    def days_over(self) -> int:
        """Whole days after the day; 0 until its end."""
        return max(0, clock.days_between(self.due_on, self.today))

    @property
    def sentence(self) -> str:
        """By which day, and how many days are left or over."""
        left = clock.days_between(self.today, self.due_on)
        names = {"due": day(self.due_on), "n": abs(left)}
        if self.is_to_decide:
            texts = _("To be decided today, %(due)s."), _("To be decided by %(due)s: %(days)s.")
        else:
            texts = _("To be taken up today, %(due)s."), _("To be taken up by %(due)s: %(days)s.")
        if left == 0:
            return texts[0] % names
        if left > 0:
            days = ngettext("%(n)s day left", "%(n)s days left", left) % names
        else:
            days = ngettext("%(n)s day over", "%(n)s days over", -left) % names
        return texts[1] % (names | {"days": days})


def target(version: ReportVersion, limits: ReviewLimits, today: date) -> Target | None:
    """The ministry's own day for a version that was sent and is not decided; None for every other. No query."""
    if version.submitted_at is None:
        return None
    sent_on = clock.local_date(version.submitted_at)
    if version.state == State.SUBMITTED:
        return Target(False, sent_on + timedelta(limits.take_up_days), today)
    if version.state == State.IN_REVIEW:
        return Target(True, sent_on + timedelta(limits.decide_days), today)
    return None
