"""The review of a version: verdicts are saved, items raised and resolved, the report returned or accepted.

Everything on the page is one form, so that no button loses what was typed for another: each of them first
saves the verdicts, and what belongs to another button is kept on the page. What it shows says `review_page`.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communes.permissions import is_ministry
from criteria.models import Criterion, Indicator
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day
from reports import entry, workflow
from reports.forms.review import ItemForm, ReturnForm, VerdictForm
from reports.judging import read_sheet
from reports.models import QuarterlyReport, ReportVersion, State
from reports.views.detail import get_report, version_at_hand
from reports.views.review_page import Typed, render_page
from reports.workflow import NotAllowed, Refused, StepData

RAISE = "raise:"
"""How the buttons begin that lead to a new item on something: raise:c10."""


def report_review(request: UserRequest, pk: int) -> HttpResponse:
    """The review page; a POST saves the verdicts, and then does what was pressed: return, accept, raise an item."""
    report, version = _get(request, pk)
    if request.method != "POST":
        return render_page(request, report, version, Typed(about=request.GET.get("about", "")))
    action = request.POST.get("do", "save")
    typed = _save(request, version, must=action != "return" and not action.startswith(RAISE))
    if action.startswith(RAISE):
        return _back(request, report, version, "new-item", typed, about=action.removeprefix(RAISE))
    if typed.verdicts:
        return render_page(request, report, version, typed)
    if action == "return":
        return _give_back(request, report, version, typed)
    if action == "accept":
        return _accept(request, report, version, typed)
    messages.success(request, _("The verdicts are saved."))
    return _back(request, report, version, "review", typed)


@require_POST
def item_raise(request: UserRequest, pk: int) -> HttpResponse:
    """Raise an item; the verdicts typed on the same page are saved first."""
    report, version = _get(request, pk)
    typed = _save(request, version, must=False)
    form = ItemForm(request.POST, sheet=read_sheet(version))
    if not form.is_valid():
        typed.item = form
        return render_page(request, report, version, typed)
    about = form.target
    try:
        entry.raise_item(
            version,
            text=form.cleaned_data["text"],
            kind=form.cleaned_data["kind"],
            criterion=about if isinstance(about, Criterion) else None,
            indicator=about if isinstance(about, Indicator) else None,
            by=request.user,
        )
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    messages.success(request, _("The item is noted. The committee sees it when you return the report."))
    typed.item_done = True
    return _back(request, report, version, "items", typed)


@require_POST
def item_resolve(request: UserRequest, pk: int, item: int) -> HttpResponse:
    """The reviewer is satisfied with an item; the verdicts typed on the same page are saved first."""
    report, version = _get(request, pk)
    found = get_object_or_404(report.review_items, pk=item)
    typed = _save(request, version, must=False)
    try:
        entry.resolve_item(version, found, by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    messages.success(request, _("The item is resolved."))
    return _back(request, report, version, "items", typed)


def _get(request: UserRequest, pk: int) -> tuple[QuarterlyReport, ReportVersion]:
    """The report and the version under review; 403 with the reason for others and at other times."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    if not is_ministry(request.user, report.commune):
        raise PermissionDenied(_("Only the reviewers of the province and the ministry leads can open the review."))
    if version.state not in (State.SUBMITTED, State.IN_REVIEW):
        raise PermissionDenied(
            _("The report is now in the state “%(state)s”, so there is nothing to review.")
            % {"state": version.get_state_display()}
        )
    return report, version


def _save(request: UserRequest, version: ReportVersion, *, must: bool) -> Typed:
    """Write the verdicts that were posted; what could not be written comes back.

    Raises 403 when the user may not write verdicts, unless (`must` off) the page had none to write.
    """
    forms = [VerdictForm(request.POST, sheet=sheet) for sheet in read_sheet(version).criteria]
    posted = [form for form in forms if form.is_posted]
    if not posted and not must:
        return Typed()
    valid = [form for form in posted if form.is_valid()]
    try:
        saved = entry.save_review(version, [form.as_write() for form in valid], by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    conflicts = {int(conflict.write.target.pk): conflict for conflict in saved.conflicts}
    left = {form.sheet.criterion.pk: form for form in posted if form.errors}
    left |= {form.sheet.criterion.pk: form for form in valid if form.sheet.criterion.pk in conflicts}
    if left and saved.written:
        messages.warning(request, _("The other verdicts are saved; those marked below are not."))
    return Typed(left, conflicts)


def _give_back(request: UserRequest, report: QuarterlyReport, version: ReportVersion, typed: Typed) -> HttpResponse:
    """Return the report with its items."""
    form = typed.giving_back = ReturnForm(request.POST)
    if not form.is_valid():
        return render_page(request, report, version, typed)
    data = StepData(reason=form.cleaned_data["reason"], respond_by=form.cleaned_data["respond_by"])
    try:
        workflow.take_step(version, "return", by=request.user, data=data)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        typed.refused = refused
        return render_page(request, report, version, typed)
    text = _("The report is returned. The committee should respond by %(day)s.")
    messages.success(request, text % {"day": day(data.respond_by)})
    return redirect(report)


def _accept(request: UserRequest, report: QuarterlyReport, version: ReportVersion, typed: Typed) -> HttpResponse:
    """Accept the report, unless something stands in the way."""
    try:
        workflow.take_step(version, "accept", by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        typed.refused = refused
        return render_page(request, report, version, typed)
    messages.success(request, _("The report is accepted; its figures are official from now on."))
    return redirect(report)


def _back(
    request: UserRequest, report: QuarterlyReport, version: ReportVersion, anchor: str, typed: Typed, *, about: str = ""
) -> HttpResponse:
    """To the page again by a redirect, unless something typed is not stored yet: then the page with it."""
    typed.about = about
    has_item = bool(request.POST.get("text", "").strip()) and not typed.item_done
    if typed.verdicts or has_item or request.POST.get("reason", "").strip():
        return render_page(request, report, version, typed)
    asked = f"?{urlencode({'about': about})}" if about else ""
    return redirect(f"{reverse('reports:review', args=[report.pk])}{asked}#{anchor}")
