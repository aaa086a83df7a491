"""What do the two numbers of a percentage count? Households, people, kilometres, by the code of the indicator.

The codes mean the same in both editions of the criteria.
"""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Counted(TextChoices):
    """What is counted."""

    HOUSEHOLDS = "households", pgettext_lazy("counted", "households")
    PEOPLE = "people", pgettext_lazy("counted", "people")
    WORKERS = "workers", pgettext_lazy("counted", "workers")
    PUPILS = "pupils", pgettext_lazy("counted", "pupils")
    SCHOOLS = "schools", pgettext_lazy("counted", "schools")
    VILLAGES = "villages", pgettext_lazy("counted", "villages")
    KILOMETRES = "km", pgettext_lazy("counted", "kilometres")


COUNTED = {
    "2.1": Counted.KILOMETRES,
    "2.2": Counted.KILOMETRES,
    "2.3": Counted.KILOMETRES,
    "2.3a": Counted.KILOMETRES,
    "2.4": Counted.KILOMETRES,
    "3.2": Counted.KILOMETRES,
    "4.2": Counted.HOUSEHOLDS,
    "5": Counted.SCHOOLS,
    "6.2": Counted.VILLAGES,
    "9.2": Counted.HOUSEHOLDS,
    "11": Counted.HOUSEHOLDS,
    "12": Counted.WORKERS,
    "14.2": Counted.PUPILS,
    "14.3": Counted.WORKERS,
    "15.1": Counted.PEOPLE,
    "17.1": Counted.HOUSEHOLDS,
}

SAME_TOTAL = (
    tuple(code for code, counted in COUNTED.items() if counted == Counted.HOUSEHOLDS),
    tuple(code for code, counted in COUNTED.items() if counted == Counted.WORKERS),
    ("2.3", "2.3a"),
)
"""The indicators that are shares of the same total: all households, all workers, all alleys of the commune."""

PART_OF = {"2.3a": "2.3"}
"""Indicators that count a part of what another one counts."""


def counted_by(code: str) -> str:
    """The word for what the indicator counts; empty when it is not known."""
    return str(COUNTED[code].label) if code in COUNTED else ""
