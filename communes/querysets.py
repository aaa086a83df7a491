"""Which communes, memberships and assignments."""

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from .models import AreaAssignment, Commune, Membership, Programme  # noqa: F401 - named in QuerySet["..."]


class CommuneQuerySet(QuerySet["Commune"]):
    def members(self, programme: "Programme", day: date) -> Self:
        """The communes that the programme follows on that day, with province and region."""
        from .models import Membership

        newest = Membership.objects.on(programme, day)
        return self.filter(memberships__in=newest.filter(is_member=True)).select_related("province__region")


class AppendOnlyQuerySet(QuerySet[Any]):
    """Rows that are only ever added: nothing changes or deletes them in one go either."""

    def update(self, **kwargs: Any) -> int:
        raise ValidationError(_("This entry is history and cannot be changed. Add a new one."))

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise ValidationError(_("This entry is history and cannot be changed. Add a new one."))

    def delete(self) -> tuple[int, dict[str, int]]:
        raise ValidationError(_("This entry is history and cannot be deleted."))


class MembershipQuerySet(AppendOnlyQuerySet):
    def on(self, programme: "Programme", day: date) -> Self:
        """For each commune the row that holds on that day, whether it says member or not."""
        newest = (
            self.model.objects.filter(programme=programme, commune=OuterRef("commune"), since__lte=day)
            .order_by("-since")
            .values("pk")[:1]
        )
        return self.filter(programme=programme, pk=Subquery(newest))


class AreaAssignmentQuerySet(QuerySet["AreaAssignment"]):
    def on(self, day: date) -> Self:
        """The assignments that hold on that day."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), since__lte=day)

    def with_limits(self) -> "list[AreaAssignment]":
        """The assignments with the communes they are limited to (`limited_to`), in one query."""
        found: dict[int, AreaAssignment] = {}
        limits: defaultdict[int, set[int]] = defaultdict(set)
        for row in self.annotate(limit=F("communes")):
            found.setdefault(row.pk, row)
            limit: int | None = row.limit  # type: ignore[attr-defined]  # just annotated
            if limit is not None:
                limits[row.pk].add(limit)
        for assignment in found.values():
            assignment.limited_to = frozenset(limits[assignment.pk])
        return list(found.values())
