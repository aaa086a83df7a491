"""What time is it? The one clock everything asks.

Production reads the real time. A demonstration stands on a fixed day (`DEMO_TODAY`), so that due, late and
open work look as they did; the time of day still passes. `at` sets the clock for a block of code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """The current moment, aware."""
    if fixed := _fixed.get():
        return fixed
    real = timezone.now()
    if settings.DEMO_TODAY:
        time_of_day = timezone.localtime(real).time()
        return timezone.make_aware(datetime.combine(settings.DEMO_TODAY, time_of_day))
    return real


def today() -> date:
    """Today's date in Việt Nam."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the clock stand at `moment` within the block."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)


def end_of_day(day: date) -> datetime:
    """The last microsecond of `day` in Việt Nam: a due date is inclusive to its end."""
    return timezone.make_aware(datetime.combine(day, time.max))


def days_between(first: date, last: date) -> int:
    """Whole days from `first` to `last`; negative when `last` is earlier."""
    return (last - first) // timedelta(days=1)


def local_date(moment: datetime) -> date:
    """The date of a moment in Việt Nam."""
    return timezone.localdate(moment)
