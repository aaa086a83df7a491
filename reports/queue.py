"""What shall the ministry work on next, and who has how much to do?

The reports in work of an area in the order of work. `piles` counts all of them in one query, so that headings, filters,
pages and the workload agree; `rows_of` describes those of one page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Case, Count, Exists, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock
from ntm_tracker.templatetags.look import NBSP, capital, day

from . import rounds, workflow
from .lateness import MinistryDay, ministry_day, ministry_due
from .models import QuarterlyReport, ReportEvent, ReportVersion, ReviewLimits, State
from .querysets import QuarterlyReportQuerySet, within_area
from .readiness import Readiness, read_all
from .rounds import Course
from .work import Work, describe

DECIDED_WITHIN = 90
"""For how many days back the workload counts decisions."""


class Part:
    """A place in the order of work."""

    BACK, WAITING, HELD, OTHERS, DUE_BACK, CORRECTING = range(1, 7)


WAITING_PARTS = (Part.BACK, Part.WAITING)
HELD_PARTS = (Part.HELD, Part.OTHERS)


@dataclass(frozen=True)
class Heading:
    """What a part of the queue is called: in the address, and on the page."""

    part: int
    code: str
    title: str | Promise


HEADINGS = [
    Heading(Part.BACK, "back", gettext_lazy("Answered and back")),
    Heading(Part.WAITING, "waiting", gettext_lazy("Waiting to be taken up")),
    Heading(Part.HELD, "held", gettext_lazy("In your hands")),
    Heading(Part.OTHERS, "others", gettext_lazy("In the hands of reviewers")),
    Heading(Part.DUE_BACK, "due_back", gettext_lazy("Returned and due back")),
    Heading(Part.CORRECTING, "correcting", gettext_lazy("Corrections being written")),
]


def in_order(reports: QuarterlyReportQuerySet, whose: User) -> QuarterlyReportQuerySet:
    """The reports that concern the ministry in the order of work, each with its `part` of the queue of `whose`."""
    submitted, in_review = Q(working__state=State.SUBMITTED), Q(working__state=State.IN_REVIEW)
    draft, after_return = Q(working__state=State.DRAFT), Q(working__based_on__state=State.RETURNED)
    part = Case(
        When(submitted & after_return, then=Part.BACK),
        When(submitted, then=Part.WAITING),
        When(in_review & Q(working__holder=whose.pk), then=Part.HELD),
        When(in_review, then=Part.OTHERS),
        When(draft & after_return, then=Part.DUE_BACK),
        When(draft & Q(working__is_correction=True), then=Part.CORRECTING),
    )
    return (
        reports.annotate(part=part)
        .filter(part__isnull=False)
        .order_by("part", "working__submitted_at", "working__based_on__respond_by", "working__opened_at", "pk")
    )


# How many there are


@dataclass(frozen=True)
class Pile:
    """Reports that count alike: the same part, province and holder, sent on the same day."""

    part: int
    province: tuple[str, str]
    holder: tuple[int, str] | None
    sent_on: date | None
    held_since: datetime | None
    n: int

    def is_over(self, limits: ReviewLimits, today: date) -> bool:
        """Whether the ministry has had these for longer than it means to."""
        if self.sent_on is None:
            return False
        return today > ministry_due(self.sent_on, limits, is_to_decide=self.part not in WAITING_PARTS)


def piles(reports: QuarterlyReportQuerySet) -> list[Pile]:
    """Everything in the queue, counted. One query, `reports` come from `in_order`."""
    rows = (
        reports.order_by()
        .annotate(sent_on=TruncDate("working__submitted_at"))
        .values_list(
            "part",
            "commune__province__code",
            "commune__province__name",
            "working__holder",
            "working__holder__full_name",
            "sent_on",
        )
        .annotate(held_since=Min("working__held_since"), n=Count("pk"))
        .order_by("part", "commune__province__name", "working__holder__full_name")
    )
    return [
        Pile(part, (code, name), (holder, full_name) if holder and part in HELD_PARTS else None, sent_on, since, n)
        for part, code, name, holder, full_name, sent_on, since, n in rows
    ]


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for; empty asks for everything."""

    province: str = ""
    holder: int | None = None
    part: int | None = None

    def counts(self, pile: Pile) -> bool:
        return (
            (not self.province or pile.province[0] == self.province)
            and (self.holder is None or (pile.holder is not None and pile.holder[0] == self.holder))
            and (self.part is None or pile.part == self.part)
        )

    def among(self, reports: QuarterlyReportQuerySet) -> QuarterlyReportQuerySet:
        """The reports that are asked for, in the order they come."""
        wanted = Q()
        if self.province:
            wanted &= Q(commune__province__code=self.province)
        if self.holder is not None:
            wanted &= Q(working__holder=self.holder, part__in=HELD_PARTS)
        if self.part is not None:
            wanted &= Q(part=self.part)
        return reports.filter(wanted)


# The rows of a page


@dataclass(frozen=True)
class Row:
    """One report of the queue: what My work says of it, where it lies, and the day that counts."""

    work: Work
    part: int
    course: Course
    ministry_day: MinistryDay | None
    can_hand_over: bool
    readiness: Readiness | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be accepted together with others."""
        return self.readiness is not None and self.readiness.is_ready

    @property
    def hands(self) -> str:
        """Who has it, since when and for how many days: “with Lê Minh Đức since 07/01/2015, 3 days”."""
        now = self.course.now
        if now is None:
            return ""
        names = {"where": now.where, "since": day(now.since), "days": rounds.say_days(now.days).replace(" ", NBSP)}
        return capital(_("%(where)s since %(since)s, %(days)s") % names)

    @property
    def open(self) -> str:
        """What it waits for, and what keeps it from being accepted with others."""
        if self.readiness is None or self.is_ready:
            return self.work.note
        to_look_at = _("To be looked at: %(reasons)s.") % {"reasons": self.readiness.sentence}
        return f"{self.work.note} {to_look_at}".strip()

    @property
    def when(self) -> str:
        """The day that counts, in a sentence: the ministry's own, or the committee's to respond by."""
        return self.ministry_day.sentence if self.ministry_day else self.work.when

    @property
    def is_late(self) -> bool:
        return self.ministry_day.days_over > 0 if self.ministry_day else self.work.is_late


def rows_of(
    reports: Iterable[QuarterlyReport], user: User, limits: ReviewLimits, *, with_readiness: bool = True
) -> list[Row]:
    """The reports of a page as `user` reads them. One query, and three more when the user can accept any of them.

    The reports come from `in_order`, `in_work` and `with_quarter_before`.
    """
    found = list(reports)
    courses = rounds.read_many(found)
    works = [describe(report, user) for report in found]
    for work in works:
        work.version.report = work.report
    steps = {work.version.pk: workflow.steps_for(user, work.version) for work in works}
    mine = [work.report for work in works if workflow.Action.ACCEPT in steps[work.version.pk]]
    ready = read_all(mine) if with_readiness else {}
    today = clock.today()
    return [
        Row(
            work,
            work.report.part,  # type: ignore[attr-defined]  # from in_order
            courses[work.report.pk],
            ministry_day(work.version, limits, today),
            workflow.Action.REASSIGN in steps[work.version.pk],
            ready.get(work.version.pk),
        )
        for work in works
    ]


# Who has how much


@dataclass
class Load:
    """What one reviewer has to do. Waiting and returned reports count for everybody who reviews their province."""

    reviewer: User | None
    provinces: dict[str, str] = field(default_factory=dict)
    is_everywhere: bool = False
    waiting: int = 0
    held: int = 0
    held_since: datetime | None = None
    due_back: int = 0
    over: int = 0
    decided: int = 0

    @property
    def can_be_opened(self) -> bool:
        """Whether there is a queue to look at: that of a reviewer who is assigned to something."""
        return self.reviewer is not None and (self.is_everywhere or bool(self.provinces))

    @property
    def held_days(self) -> int:
        """For how many days the oldest of what they hold has been held."""
        if self.held_since is None:
            return 0
        return clock.days_between(clock.local_date(self.held_since), clock.today())

    def reviews(self, pile: Pile) -> bool:
        return self.is_everywhere or pile.province[0] in self.provinces

    def add(self, pile: Pile, is_over: bool) -> None:
        """Count a pile that is theirs to act on, or that they wait for."""
        if pile.part in WAITING_PARTS:
            self.waiting += pile.n
        elif pile.part in HELD_PARTS:
            self.held += pile.n
            self.held_since = min(filter(None, (self.held_since, pile.held_since)), default=None)
        elif pile.part == Part.DUE_BACK:
            self.due_back += pile.n
        self.over += pile.n if is_over else 0


def workload(counted: Iterable[Pile], lead: User, limits: ReviewLimits) -> list[Load]:
    """What everybody has to do in the area of a lead; last, with no reviewer, what waits for nobody. Two queries."""
    loads = _reviewers(lead)
    nobody = Load(None)
    today = clock.today()
    for pile in counted:
        is_over = pile.is_over(limits, today)
        if pile.holder:
            holder, _name = pile.holder
            loads.setdefault(holder, Load(User(pk=holder, full_name=_name))).add(pile, is_over)
            continue
        responsible = [load for load in loads.values() if load.reviews(pile)]
        if not responsible and pile.part in WAITING_PARTS:
            nobody.provinces[pile.province[0]] = pile.province[1]
            responsible = [nobody]
        for load in responsible:
            load.add(pile, is_over)
    for pk, n in _decided(lead).items():
        if pk in loads:
            loads[pk].decided = n
    ordered = sorted(loads.values(), key=lambda load: str(load.reviewer))
    return [*ordered, nobody] if nobody.waiting else ordered


def _reviewers(lead: User) -> dict[int, Load]:
    """The reviewers of the lead's area today, with their provinces. One query."""
    loads: dict[int, Load] = {}
    assignments = AreaAssignment.objects.on(clock.today()).filter(duty=Duty.REVIEWER, user__is_active=True)
    areas = [found.province_id for found in lead.current_assignments if found.duty == Duty.LEAD]
    if None not in areas:
        assignments = assignments.filter(Q(province__in=areas) | Q(province__isnull=True))
    for assignment in assignments.select_related("user", "province").order_by("province__name"):
        load = loads.setdefault(assignment.user_id, Load(assignment.user))
        if assignment.province is None:
            load.is_everywhere = True
        else:
            load.provinces[assignment.province.code] = assignment.province.name
    return loads


def _decided(lead: User) -> dict[int | None, int]:
    """How many versions each reviewer accepted or returned lately in the lead's area. One query."""
    events = ReportEvent.objects.filter(
        within_area(lead, "report__commune__", {Duty.LEAD}),
        action__in=[ReportEvent.Action.ACCEPT, ReportEvent.Action.RETURN],
        at__gte=clock.now() - timedelta(DECIDED_WITHIN),
    )
    return dict(events.order_by().values_list("by").annotate(n=Count("pk")))


def takers(version: ReportVersion) -> list[User]:
    """The other reviewers of the province today, each with how many reports they hold (`holding`). One query."""
    commune = version.report.commune
    assignments = AreaAssignment.objects.on(clock.today()).filter(
        Q(province=commune.province_id) | Q(province__isnull=True),
        Q(communes=commune.pk) | Q(communes__isnull=True),
        duty=Duty.REVIEWER,
        user=OuterRef("pk"),
    )
    held = ReportVersion.objects.filter(state=State.IN_REVIEW, holder=OuterRef("pk")).order_by().values("holder")
    others = User.objects.filter(Exists(assignments), ~Q(pk=version.holder_id), is_active=True)
    return list(
        others.annotate(holding=Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)).order_by("full_name")
    )
