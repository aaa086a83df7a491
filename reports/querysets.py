"""Which reports and versions, as far as the user may see them."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet

from communes.models import User

if TYPE_CHECKING:
    from .models import Period, ReportVersion


def within_area(user: User, commune: str = "") -> Q:
    """The condition that a commune lies in the user's area. `commune` is the lookup prefix with `__`."""
    area = Q(pk__in=[])
    for assignment in user.current_assignments:
        if assignment.duty == "viewer":
            continue
        if assignment.province_id is None:
            return Q()
        limited_to = [limit.pk for limit in assignment.communes.all()]
        if limited_to:
            area |= Q(**{f"{commune}pk__in": limited_to})
        else:
            area |= Q(**{f"{commune}province": assignment.province_id})
    return area


class QuarterlyReportQuerySet(QuerySet["QuarterlyReport"]):
    def visible_to(self, user: User) -> Self:
        """The reports whose drafts, items and history the user may read: own province, reviewed or followed.

        Accepted figures are open to everybody signed in and do not start here.
        """
        return self.filter(within_area(user, "commune__"))

    def for_page(self) -> Self:
        """Everything the head of a report page prints, in one query."""
        return self.select_related(
            "commune__province__region",
            "period__criteria_set",
            "working__holder",
            "working__based_on",
            "in_force",
        )


class ReportVersionQuerySet(QuerySet["ReportVersion"]):
    def visible_to(self, user: User) -> Self:
        """Versions of the user's own reports, and every version that is or was official."""
        own = within_area(user, "report__commune__")
        return self.filter(own | Q(state__in=["accepted", "superseded"]))

    def last_in_force_before(self, period: "Period", commune_id: int) -> "ReportVersion | None":
        """The official version of the newest earlier quarter of the commune, if there is one."""
        return (
            self.filter(state="accepted", report__commune=commune_id)
            .filter(
                Q(report__period__year__lt=period.year)
                | Q(report__period__year=period.year, report__period__quarter__lt=period.quarter)
            )
            .select_related("report__period")
            .order_by("-report__period__year", "-report__period__quarter")
            .first()
        )
