"""Which reports and versions, as far as the user may see them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from communes.models import Duty, User
from criteria.models import Criterion

if TYPE_CHECKING:
    from .models import Notice, Period, QuarterlyReport, Regression, ReportVersion  # noqa: F401 - named in QuerySet["..."]


INSIDER_DUTIES = frozenset(duty.value for duty in Duty if duty != Duty.VIEWER)
"""Who reads drafts, items and history: every duty but a viewer's."""

MINISTRY_DUTIES = frozenset([Duty.REVIEWER.value, Duty.LEAD.value])
"""Who verifies, and who leads those who do."""


def within_area(user: User, commune: str = "", duties: Collection[str] = INSIDER_DUTIES) -> Q:
    """The condition that a commune lies in the user's area, as `AreaAssignment.covers` says it of one commune.

    `commune` is the lookup prefix with `__`; only assignments to one of the `duties` count.
    """
    area = Q(pk__in=[])
    for assignment in user.current_assignments:
        if assignment.duty not in duties:
            continue
        covered = ~Q(pk__in=[])  # everything; an empty Q() would vanish beside "or"
        if assignment.province_id is not None:
            covered &= Q(**{f"{commune}province": assignment.province_id})
        if assignment.limited_to:
            covered &= Q(**{f"{commune}pk__in": assignment.limited_to})
        area |= covered
    return area


class QuarterlyReportQuerySet(QuerySet["QuarterlyReport"]):
    def visible_to(self, user: User) -> Self:
        """The reports whose drafts, items and history the user may read: own province, reviewed or followed.

        Accepted figures are open to everybody signed in and do not start here.
        """
        return self.filter(within_area(user, "commune__"))

    def reviewed_by(self, user: User, duties: Collection[str] = MINISTRY_DUTIES) -> Self:
        """The reports of the provinces that the user reviews or leads; `duties` may name only one of them."""
        return self.filter(within_area(user, "commune__", duties))

    def for_page(self) -> Self:
        """Everything the head of a report page prints, in one query."""
        return self.select_related(
            "commune__province__region",
            "period__criteria_set",
            "working__holder",
            "working__based_on",
            "in_force",
        )

    def with_due(self) -> Self:
        """`due_day`: when the first submission is due, extensions included (see `lateness.deadline`)."""
        from .models import DeadlineExtension

        extensions = DeadlineExtension.objects.filter(report=OuterRef("pk")).order_by("-pk")
        return self.annotate(due_day=Coalesce(Subquery(extensions.values("new_due")[:1]), F("period__due_on")))

    def in_work(self) -> Self:
        """The reports with a version in work, with all that the list of somebody's work prints, in one query.

        `assessed` of `criteria` and `written` sections say how far the draft is; `open_items` and `unanswered` count
        review items.
        """
        from .models import CriterionVerdict, ResourceEntry, ReviewItem, SectionLine

        claims = CriterionVerdict.objects.filter(version=OuterRef("working")).exclude(claimed="")
        items = ReviewItem.objects.filter(report=OuterRef("pk"), resolved_at__isnull=True)
        lines = SectionLine.objects.filter(version=OuterRef("working"), removed=False)
        amounts = dict.fromkeys(ResourceEntry.AMOUNTS, None)
        resources = ResourceEntry.objects.filter(version=OuterRef("working")).exclude(note="", **amounts)
        about_resources = Exists(resources) | Exists(lines.filter(section="resources"))
        return (
            self.filter(working__isnull=False)
            .select_related("commune__province", "period", "working__holder", "working__based_on__holder", "in_force")
            .with_due()
            .annotate(
                assessed=_count(claims),
                written=_count(lines.exclude(section="resources"), "section")
                + Case(When(about_resources, then=1), default=0),
                criteria=_count(Criterion.objects.filter(criteria_set=OuterRef("period__criteria_set"))),
                open_items=_count(items),
                unanswered=_count(items.filter(done=False)),
            )
        )

    def with_quarter_before(self) -> Self:
        """`quarter_before`: the key of the official version of the newest earlier quarter of the commune, or None.

        The same that `ReportVersion.objects.in_force_before` finds for one report.
        """
        from .models import ReportVersion

        year, quarter = OuterRef("period__year"), OuterRef("period__quarter")
        earlier = Q(report__period__year__lt=year) | Q(report__period__year=year, report__period__quarter__lt=quarter)
        official = ReportVersion.objects.filter(earlier, state="accepted", report__commune=OuterRef("commune"))
        newest_first = official.order_by("-report__period__year", "-report__period__quarter")
        return self.annotate(quarter_before=Subquery(newest_first.values("pk")[:1]))

    def accepted_lately(self) -> Self:
        """Reports with an accepted version and nothing in work, the latest acceptance (`accepted_at`) first."""
        from .models import InForce

        spans = InForce.objects.filter(report=OuterRef("pk"), until__isnull=True)
        return (
            self.filter(working__isnull=True, in_force__isnull=False)
            .select_related("commune__province", "period", "in_force")
            .annotate(accepted_at=Subquery(spans.values("since")[:1]))
            .order_by("-accepted_at", "-pk")
        )


class ReportVersionQuerySet(QuerySet["ReportVersion"]):
    def visible_to(self, user: User) -> Self:
        """Versions of the user's own reports, and every version that is or was official."""
        from .models import InForce

        own = within_area(user, "report__commune__")
        return self.filter(own | Exists(InForce.objects.filter(version=OuterRef("pk"))))

    def in_force_before(self, period: "Period", commune_id: int, quarters: int = 1) -> "QuerySet[Any, Any]":
        """The official versions of the newest earlier quarters of the commune, at most so many, as a subquery."""
        earlier = Q(report__period__year__lt=period.year) | Q(
            report__period__year=period.year, report__period__quarter__lt=period.quarter
        )
        return (
            self.filter(earlier, state="accepted", report__commune=commune_id)
            .order_by("-report__period__year", "-report__period__quarter")
            .values("pk")[:quarters]
        )


class RegressionQuerySet(QuerySet["Regression"]):
    def visible_to(self, user: User) -> Self:
        """Those of reports whose drafts and history the user may read."""
        return self.filter(within_area(user, "report__commune__"))

    def holding(self) -> Self:
        """Those that what is in force still says."""
        return self.filter(until__isnull=True)

    def for_list(self) -> Self:
        """Everything that is told of them, in two queries: `answers`, the newest first; `is_explained`; `verified` and
        `verified_reason`, the verdict with which it was lost; and `regained_at`, the first later quarter that has the
        criterion as met, as year × 10 + quarter, or None.
        """
        from .models import CriterionVerdict, RegressionAnswer

        here, later = "report__period__", "version__report__period__"
        same_year = Q(**{f"{later}year": OuterRef(f"{here}year"), f"{later}quarter__gt": OuterRef(f"{here}quarter")})
        met_again = (
            CriterionVerdict.objects.filter(
                Q(**{f"{later}year__gt": OuterRef(f"{here}year")}) | same_year,
                version__state="accepted",
                version__report__commune=OuterRef("report__commune"),
                criterion__number=OuterRef("criterion__number"),
                verified="met",
            )
            .annotate(at=F(f"{later}year") * 10 + F(f"{later}quarter"))
            .order_by("at")
        )
        verdict = CriterionVerdict.objects.filter(version=OuterRef("version"), criterion=OuterRef("criterion"))
        answers = RegressionAnswer.objects.select_related("by").order_by("-answer_version")
        return (
            self.select_related(
                "criterion", "report__commune__province", "report__period", "version", "before__report__period"
            )
            .annotate(
                verified=Subquery(verdict.values("verified")),
                verified_reason=Subquery(verdict.values("verified_reason")),
                regained_at=Subquery(met_again.values("at")[:1]),
                is_explained=Exists(RegressionAnswer.objects.filter(regression=OuterRef("pk"))),
            )
            .prefetch_related(Prefetch("answers", answers))
        )


class NoticeQuerySet(QuerySet["Notice"]):
    def of(self, user: User) -> Self:
        """What the user was told of reports that they may still read, the newest first."""
        return self.filter(within_area(user, "event__report__commune__"), user=user).order_by("-event__at", "-pk")

    def unseen(self) -> Self:
        return self.filter(seen_at__isnull=True)


def _count(rows: QuerySet[Any], of: str = "pk") -> Coalesce:
    """How many of `rows`, which name the outer row by OuterRef, as a subquery; `of` a column: how many values of it."""
    total = rows.order_by().values(one=Value(1)).annotate(n=Count(of, distinct=of != "pk")).values("n")
    return Coalesce(Subquery(total), 0)
