"""One page to take a step: what will happen, the reason where one is needed, and the button."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day
from reports import permissions, workflow
from reports.forms.steps import ExtensionForm, HandOverForm, ReasonForm
from reports.lateness import deadline
from reports.models import QuarterlyReport, ReportVersion
from reports.queue import takers
from reports.views.detail import get_report, version_at_hand
from reports.workflow import STEPS, Action, NotAllowed, Refused, StepData

WHAT_WILL_HAPPEN = {
    Action.WITHDRAW: gettext_lazy(
        "The report becomes a draft again and the ministry no longer sees it as sent. "
        "The day of the first submission stays on record."
    ),
    Action.TAKE_UP: gettext_lazy(
        "You become the holder of this report: you verify it, and only you can return or accept it. "
        "The committee can no longer withdraw it."
    ),
    Action.REASSIGN: gettext_lazy(
        "Another reviewer of the province holds the report from now on and goes on where it stands: "
        "verdicts and items stay. The committee sees who holds it."
    ),
    Action.UNDO_ACCEPT: gettext_lazy(
        "The report goes back into review with the reviewer who held it, and its figures leave the overview. "
        "The version that was official before, if there was one, is official again."
    ),
    Action.OPEN_CORRECTION: gettext_lazy(
        "A new draft is made from the accepted version for the committee to correct. "
        "The accepted version stays in force until the correction is accepted."
    ),
    Action.CANCEL_CORRECTION: gettext_lazy(
        "The correction is put aside; it stays readable in the history. The accepted version stays in force."
    ),
}
DONE = {
    Action.WITHDRAW: gettext_lazy("The report is withdrawn and can be changed again."),
    Action.TAKE_UP: gettext_lazy("You have taken up the report."),
    Action.REASSIGN: gettext_lazy("The report is handed over: %(to)s holds it now."),
    Action.UNDO_ACCEPT: gettext_lazy("The acceptance is undone; the report is in review again."),
    Action.OPEN_CORRECTION: gettext_lazy("The correction is open."),
    Action.CANCEL_CORRECTION: gettext_lazy("The correction is cancelled."),
}
OWN_PAGE = {Action.SUBMIT: "reports:check", Action.RETURN: "reports:review", Action.ACCEPT: "reports:review"}
AFTER = {Action.TAKE_UP: "reports:review"}
ON_THE_ACCEPTED_ONE = (Action.UNDO_ACCEPT, Action.OPEN_CORRECTION)


def report_step(request: UserRequest, pk: int, action: str) -> HttpResponse:
    """Ask before a step is taken, then take it. Steps that need a page of their own lead there."""
    if action not in STEPS:
        raise Http404
    step = Action(action)
    report = get_report(request.user, pk)
    if step in OWN_PAGE:
        return redirect(OWN_PAGE[step], pk)
    version = _version_for(step, report)
    if reason := workflow.why_not(request.user, version, step):
        raise PermissionDenied(reason)
    form = _form_for(step, version, request.POST or None)
    problems: list[str] = []
    if request.method == "POST" and (form is None or form.is_valid()):
        data = form.as_step_data() if form else StepData()
        try:
            workflow.take_step(version, step, by=request.user, data=data)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            problems = [gap.sentence for gap in refused.gaps]
        else:
            messages.success(request, DONE[step] % {"to": data.to})
            return redirect(AFTER.get(step, "reports:detail"), pk)
    context = {
        "report": report,
        "version": version,
        "step": STEPS[step],
        "explanation": WHAT_WILL_HAPPEN[step],
        "form": form,
        "nobody": _nobody(form),
        "errors": [("", problem) for problem in problems],
    }
    return render(request, "reports/report_step.html", context)


def report_extend(request: UserRequest, pk: int) -> HttpResponse:
    """A lead gives one report more time."""
    report = get_report(request.user, pk)
    if not permissions.can_extend(request.user, report):
        raise PermissionDenied(_("Only a ministry lead can extend a deadline."))
    if report.first_submitted_at:
        raise PermissionDenied(_("This report has already been submitted, so there is no deadline left to extend."))
    present = deadline(report)
    form = ExtensionForm(request.POST or None, old_due=present.due_on)
    if request.method == "POST" and form.is_valid():
        try:
            extension = workflow.extend_deadline(
                report, new_due=form.cleaned_data["new_due"], reason=form.cleaned_data["reason"], by=request.user
            )
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            text = _("The report is now due on %(day)s.")
            messages.success(request, text % {"day": day(extension.new_due)})
            return redirect(report)
    return render(request, "reports/report_extend.html", {"report": report, "deadline": present, "form": form})


def _form_for(step: Action, version: ReportVersion, typed: QueryDict | None) -> ReasonForm | None:
    """What is asked along with the step, if anything. One query for who can take a report over."""
    if step == Action.REASSIGN:
        return HandOverForm(typed, takers=takers(version))
    return ReasonForm(typed) if STEPS[step].needs_reason else None


def _nobody(form: ReasonForm | None) -> str:
    """Why a report cannot be handed over, where nobody is there to take it."""
    if isinstance(form, HandOverForm) and not form.takers:
        return _("No other reviewer is assigned to this province today. An administrator can assign one.")
    return ""


def _version_for(action: Action, report: QuarterlyReport) -> ReportVersion:
    """The version a step is about: the accepted one for what is done to it, else the one at hand."""
    if action in ON_THE_ACCEPTED_ONE and report.in_force:
        report.in_force.report = report
        return report.in_force
    return version_at_hand(report)
