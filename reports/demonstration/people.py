"""The accounts of the demonstration."""

from datetime import date

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from communes.models import AreaAssignment, Province, User
from reports.loading import ADMINISTRATOR

from .files import rows

PASSWORD = "minh-hoa-2015"  # noqa: S105 - printed by `make run`; production refuses to load any of this


def accounts() -> list[User]:
    """The demonstration accounts that are there, with their assignments."""
    names = list(dict.fromkeys(row["username"] for row in rows("people.csv")))
    found = {user.username: user for user in User.objects.filter(username__in=names).prefetch_related("assignments")}
    return [found[name] for name in names if name in found]


def make_people() -> None:
    """One account for each name in the file, with its duties since 2009."""
    provinces = {province.code: province for province in Province.objects.all()}
    password = make_password(PASSWORD)
    for row in rows("people.csv"):
        user, _created = User.objects.get_or_create(
            username=row["username"],
            defaults={
                "password": password,
                "full_name": row["full_name"],
                "position": row["position"],
                "body": row["body"],
                "is_staff": row["duty"] == ADMINISTRATOR,
            },
        )
        if row["duty"] == ADMINISTRATOR:
            user.groups.add(Group.objects.get(name=ADMINISTRATOR))
            continue
        AreaAssignment.objects.create(
            user=user, duty=row["duty"], province=provinces.get(row["province"]), since=date(2009, 6, 1)
        )
