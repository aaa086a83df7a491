"""A made-up history of the 11 pilot communes, told through the same functions that users use.

Everything follows from the files in `data/demonstration` and a fixed seed, so that two loads are alike. The
values are invented; they agree with the verdicts of the files, and those with the few published facts.
"""

from django.db import transaction

from reports.models import QuarterlyReport

from . import deadlines, queue, summaries, verification
from .files import rows
from .history import LETTERS, History
from .people import PASSWORD, accounts

__all__ = ["LETTERS", "PASSWORD", "AlreadyLoaded", "accounts", "load", "rows"]


class AlreadyLoaded(Exception):
    """The demonstration is there already."""


def load() -> int:
    """Write the whole history in one transaction; returns the number of reports. Raises `AlreadyLoaded`."""
    if QuarterlyReport.objects.exists():
        raise AlreadyLoaded
    with transaction.atomic():
        history = History()
        history.tell()
        deadlines.tell()
        summaries.tell()
        queue.tell(history)
        verification.tell(history)
    return QuarterlyReport.objects.count()
