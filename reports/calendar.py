"""Which days of a period matter? Where it stands between its opening and its freeze, and the days to come."""

from collections.abc import Iterable
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from ntm_tracker.templatetags.look import capital, day

from .models import Period

TOLD_AT_MOST = 3

PLANNED, OPEN, DUE_OVER, FROZEN = "planned", "open", "due_over", "frozen"

STAGES: dict[str, Promise] = {
    PLANNED: pgettext_lazy("period", "planned"),
    OPEN: pgettext_lazy("period", "open"),
    DUE_OVER: pgettext_lazy("period", "due day over"),
    FROZEN: pgettext_lazy("period", "frozen"),
}


def stage(period: Period, today: date) -> str:
    """Planned until it is opened; then open through its due day, and frozen after its freeze day."""
    if period.opened_at is None:
        return PLANNED
    if today > period.freeze_on:
        return FROZEN
    return DUE_OVER if today > period.due_on else OPEN


def coming_days(periods: Iterable[Period], today: date) -> list[str]:
    """The days to know of: a sentence for each of the newest quarters that are not frozen yet, the oldest first."""
    alive = [period for period in periods if stage(period, today) != FROZEN]
    newest = sorted(alive, key=lambda period: (period.year, period.quarter))[-TOLD_AT_MOST:]
    return [_sentence(period, today) for period in newest]


def _sentence(period: Period, today: date) -> str:
    names = {
        "quarter": period,
        "Quarter": capital(period),
        "opens": day(period.opens_on),
        "due": day(period.due_on),
        "freeze": day(period.freeze_on),
    }
    match stage(period, today):
        case "planned" if today >= period.opens_on:
            return _("%(Quarter)s was to open on %(opens)s and is not open yet.") % names
        case "planned":
            return _("%(Quarter)s opens on %(opens)s; reports will be due on %(due)s.") % names
        case "open":
            return _("The reports of %(quarter)s are due on %(due)s; frozen after %(freeze)s.") % names
        case _:
            return _("The reports of %(quarter)s were due on %(due)s; frozen after %(freeze)s.") % names
