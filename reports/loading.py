"""From files to the database: the periods; and the group that gives administrators their permissions."""

from collections.abc import Iterable
from pathlib import Path

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from criteria.loading import Entry, Load
from criteria.models import CriteriaSet
from ntm_tracker.sheets import read

from .models import Period

ADMINISTRATOR = "administrator"


def load_periods(directory: Path, sets: dict[str, CriteriaSet], load: Load) -> None:
    load.store(Period, _periods(directory, sets), ["year", "quarter"])


def _periods(directory: Path, sets: dict[str, CriteriaSet]) -> Iterable[Entry]:
    columns = ["year", "quarter", "opens_on", "due_on", "freeze_on", "criteria_set"]
    for row in read(directory / "periods.csv", columns):
        opens_on, due_on, freeze_on = row.day("opens_on"), row.day("due_on"), row.day("freeze_on")
        if not opens_on <= due_on <= freeze_on:
            raise row.wrong("a period opens, then falls due, then freezes, in this order.")
        yield Entry(
            row,
            {
                "year": row.integer("year"),
                "quarter": row.integer("quarter"),
                "opens_on": opens_on,
                "due_on": due_on,
                "freeze_on": freeze_on,
                "criteria_set": row.one_of("criteria_set", sets),
            },
        )


def load_administrators(load: Load) -> None:
    """Create the group "administrator": reference data, people, periods and limits, never what is reported.

    Permissions it has beyond these stay.
    """
    group, created = Group.objects.get_or_create(name=ADMINISTRATOR)
    wanted = Permission.objects.filter(
        Q(content_type__app_label__in=["criteria", "communes"])
        | Q(content_type__app_label="reports", content_type__model__in=["period", "reviewlimits"])
    )
    missing = wanted.exclude(group=group)
    load.created["group"] += created
    if missing:
        group.permissions.add(*missing)
