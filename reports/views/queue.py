"""The queue of the ministry's side: what to work on next, who holds what, and who has how much to do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from communes.models import AreaAssignment, Duty, User
from communes.permissions import has_duty, is_lead
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports.forms.queue import QueueForm
from reports.models import QuarterlyReport, ReportVersion, ReviewLimits
from reports.queue import HEADINGS, Part, Row, in_order, piles, rows_of, workload
from reports.readiness import accept_if_ready
from reports.workflow import Refused

PER_PAGE = 50


@dataclass(frozen=True)
class Section:
    """The rows of one part on this page, and how many there are on all pages."""

    code: str
    title: str | Promise
    total: int
    rows: Sequence[Row]

    @property
    def ready(self) -> list[Row]:
        """Those that can be accepted together."""
        return [row for row in self.rows if row.is_ready]

    @property
    def others(self) -> list[Row]:
        return [row for row in self.rows if not row.is_ready]


@require_safe
def queue(request: UserRequest) -> HttpResponse:
    """The reports in the order of work; for a lead also who has how much. At most ten queries."""
    user = request.user
    _refuse_others(user)
    whose = _whose(request)
    reports = QuarterlyReport.objects.reviewed_by(user)
    if whose:
        reports = reports.reviewed_by(whose, {Duty.REVIEWER})
    reports = in_order(reports, whose or user)
    limits = ReviewLimits.current()
    everything = piles(reports)
    form = QueueForm(request.GET, everything)
    totals = Counter[int]()
    for pile in filter(form.wanted.counts, everything):
        totals[pile.part] += pile.n
    paginator = Paginator(form.wanted.among(reports).in_work().with_quarter_before(), PER_PAGE)
    paginator.count = totals.total()  # counted already
    page = paginator.get_page(request.GET.get("page"))
    rows = rows_of(page.object_list, user, limits, with_readiness=whose == user)
    context = {
        "form": form,
        "page": page,
        "sections": _sections(rows, totals, whose or user, user),
        "whose": whose,
        "limits": limits,
        "loads": None if whose else workload(everything, user, limits),
        "is_lead": is_lead(user),
    }
    return render(request, "reports/queue.html", context)


@require_POST
def bulk_accept(request: UserRequest) -> HttpResponse:
    """Accept the chosen reports, each on its own and only where it is still ready; says which were not, and why."""
    user = request.user
    _refuse_others(user)
    chosen = [int(pk) for pk in set(request.POST.getlist("version")) if pk.isdecimal()]
    versions = ReportVersion.objects.filter(pk__in=chosen, report__in=QuarterlyReport.objects.reviewed_by(user))
    found = list(versions.select_related("report__commune__province", "report__period").order_by("submitted_at", "pk"))
    if len(found) < len(chosen):
        raise Http404
    accepted = 0
    for version in found:
        try:
            accept_if_ready(version, seen=request.POST.get(f"seen-{version.pk}", ""), by=user)
        except Refused as refused:
            names = {"report": version.report, "province": version.report.commune.province, "reason": refused}
            messages.warning(request, _("Not accepted: %(report)s (%(province)s). %(reason)s") % names)
        else:
            accepted += 1
    if accepted:
        text = ngettext("%(n)s report is accepted.", "%(n)s reports are accepted.", accepted)
        messages.success(request, text % {"n": accepted})
    elif not found:
        messages.warning(request, _("Choose at least one report to accept."))
    return redirect(f"{reverse('reports:queue')}?{request.GET.urlencode()}")


def _refuse_others(user: User) -> None:
    if not has_duty(user, Duty.REVIEWER, Duty.LEAD):
        raise PermissionDenied(_("Only the reviewers and leads of the ministry have a queue of reports to verify."))


def _whose(request: UserRequest) -> User | None:
    """Whose queue it is; None for everything that a lead leads. One query for somebody else's."""
    user, asked = request.user, request.GET.get("of", "")
    if not is_lead(user):
        return user
    if not asked:
        return None
    if asked == str(user.pk) and has_duty(user, Duty.REVIEWER):
        return user
    assignments = AreaAssignment.objects.on(clock.today()).filter(duty=Duty.REVIEWER, user__is_active=True)
    theirs = assignments.filter(user=int(asked) if asked.isdecimal() else 0).select_related("user").with_limits()
    if not theirs:
        raise Http404
    reviewer = theirs[0].user
    reviewer.current_assignments = theirs
    return reviewer


def _sections(rows: Sequence[Row], totals: Counter[int], whose: User, user: User) -> list[Section]:
    """The rows of the page under their headings; what somebody else holds is not called yours."""
    sections = []
    for heading in HEADINGS:
        title: str | Promise = heading.title
        if heading.part == Part.HELD and whose != user:
            title = _("In the hands of %(reviewer)s") % {"reviewer": whose}
        of_part = [row for row in rows if row.part == heading.part]
        if of_part:
            sections.append(Section(heading.code, title, totals[heading.part], of_part))
    return sections
