"""What was lost from one quarter to the next? Found at every acceptance, by period and not by time of acceptance."""

from communes.models import Commune

from .models import QuarterlyReport


def rebuild(commune: Commune) -> list[QuarterlyReport]:
    """Bring the regressions of the commune in line with what is in force; returns the reports that lost something new.

    A regression that no longer holds ends; nothing is deleted. Call it in the transaction that changed what is in
    force.
    """
    return []
