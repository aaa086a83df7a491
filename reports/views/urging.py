"""Urging a committee on (đôn đốc): one report, several at once, and the letter on paper."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from communes.models import Duty, User
from communes.permissions import has_duty
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports import permissions, workflow
from reports.forms.urging import UrgeForm
from reports.models import QuarterlyReport, ReportEvent
from reports.urging import proposal
from reports.workflow import Action, NotAllowed, Refused

from .detail import get_report

AT_ONCE = 50


def report_urge(request: UserRequest, pk: int) -> HttpResponse:
    """Urge the committee of one report on, with a text that is proposed. Three queries beside those of every page."""
    report = get_report(request.user, pk)
    if reason := workflow.why_not_urge(request.user, report):
        raise PermissionDenied(reason)
    working = QuarterlyReport.objects.in_work().get(pk=pk)
    form = UrgeForm(request.POST or None, initial={"text": proposal(working, clock.today())})
    if request.method == "POST" and form.is_valid():
        try:
            workflow.urge(report, text=form.cleaned_data["text"], by=request.user)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        messages.success(request, _("The committee is urged. The letter can be printed from the history."))
        return redirect(report)
    urges = report.events.filter(action=Action.URGE).select_related("by").order_by("-at", "-pk")
    return render(request, "reports/report_urge.html", {"report": report, "form": form, "urges": urges})


def urge_many(request: UserRequest) -> HttpResponse:
    """Read one text for each of the reports ticked on the board, then send them, each on its own."""
    if not has_duty(request.user, Duty.REVIEWER, Duty.LEAD):
        raise PermissionDenied(_("Only a reviewer of the province or a ministry lead can urge the committee."))
    asked = request.POST if request.method == "POST" else request.GET
    reports = _chosen(request.user, asked.getlist("report"))
    if not reports:
        messages.warning(request, _("No report is chosen: tick those whose committees shall be urged."))
        return redirect("reports:compliance")
    waiting = [report for report in reports if not workflow.why_not_urge(request.user, report)]
    known = QuarterlyReport.objects.in_work().filter(pk__in=[report.pk for report in waiting])
    forms = [(report, _form(request, report)) for report in known.order_by("due_day", "pk")]
    valid = [form.is_valid() for _report, form in forms]  # every form, so that each shows its own error
    if request.method == "POST" and all(valid):
        sent = sum(_urge(report, form.cleaned_data["text"], request.user) for report, form in forms)
        _tell(request, sent, len(reports) - sent)
        return redirect("reports:compliance")
    idle = [report for report in reports if report not in waiting]
    return render(request, "reports/urge_many.html", {"forms": forms, "idle": idle})


@require_safe
def urge_paper(request: UserRequest, pk: int, event_id: int) -> HttpResponse:
    """One letter laid out for A4, for those who follow the report. One query beside those of every page."""
    events = ReportEvent.objects.filter(
        report__in=QuarterlyReport.objects.visible_to(request.user), action=Action.URGE
    ).select_related("report__commune__province", "report__period", "by")
    event = get_object_or_404(events, pk=event_id, report=pk)
    return render(request, "reports/urge_paper.html", {"event": event, "report": event.report})


def _chosen(user: User, numbers: list[str]) -> list[QuarterlyReport]:
    """The reports with these keys, which the user must be able to see and to urge. One query."""
    wanted = {int(number) for number in numbers if number.isascii() and number.isdecimal() and len(number) < 10}
    if len(wanted) > AT_ONCE:
        raise PermissionDenied(_("At most %(n)s reports can be urged at once.") % {"n": AT_ONCE})
    reports = list(QuarterlyReport.objects.visible_to(user).for_page().filter(pk__in=wanted))
    if len(reports) < len(wanted):
        raise Http404
    if not all(permissions.can_urge(user, report) for report in reports):
        raise PermissionDenied(_("Only a reviewer of the province or a ministry lead can urge the committee."))
    return reports


def _form(request: UserRequest, report: QuarterlyReport) -> UrgeForm:
    initial = {"text": proposal(report, clock.today())}
    return UrgeForm(request.POST or None, initial=initial, prefix=str(report.pk), use_required_attribute=False)


def _urge(report: QuarterlyReport, text: str, user: User) -> bool:
    """Send one letter; false when the report was sent meanwhile."""
    try:
        workflow.urge(report, text=text, by=user)
    except Refused:
        return False
    return True


def _tell(request: UserRequest, sent: int, left: int) -> None:
    """Say how many committees were urged, and for how many reports there was nothing to urge any more."""
    if sent:
        text = ngettext("Urged for %(n)s report.", "Urged for %(n)s reports.", sent)
        messages.success(request, text % {"n": sent})
    if left:
        text = ngettext(
            "%(n)s report does not wait for its committee any more and was left out.",
            "%(n)s reports do not wait for their committees any more and were left out.",
            left,
        )
        messages.warning(request, text % {"n": left})
