"""Check and sign: everything that will be sent, every gap with a link, and the signature under exactly that."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from criteria.rules import Verdict
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports import permissions, workflow
from reports.changes import Background, Change
from reports.forms.signature import SignatureForm
from reports.judging import Gap, read_sheet
from reports.models import QuarterlyReport, ReportVersion
from reports.views.detail import (
    by_group,
    get_report,
    open_items,
    returned_sentence,
    version_at_hand,
)
from reports.views.entry import refuse_unless_writable
from reports.workflow import NotAllowed, Refused, StepData
from reports.writing import Written, changes_in


def report_check(request: UserRequest, pk: int) -> HttpResponse:
    """The page to sign; a POST submits the report when what was shown is still what stands there."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    refuse_unless_writable(request, version)
    if request.method != "POST":
        return _page(request, report)
    if not permissions.can_sign(request.user, version):
        raise PermissionDenied(workflow.why_not(request.user, version, "submit"))
    form = SignatureForm(request.POST)
    if not form.is_valid():
        return _page(request, report, form)
    fields = {name: value for name, value in form.cleaned_data.items() if name != "read"}
    try:
        workflow.take_step(version, "submit", by=request.user, data=StepData(**fields))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        return _page(request, get_report(request.user, pk), form, refused)
    text = _("Version %(n)s is signed and submitted. You can withdraw it until a reviewer takes it up.")
    messages.success(request, text % {"n": version.number})
    return redirect(report)


def _page(
    request: UserRequest, report: QuarterlyReport, form: SignatureForm | None = None, refused: Refused | None = None
) -> HttpResponse:
    """The page with the revision it shows. Two queries beside the sheet's."""
    version = version_at_hand(report)
    sheet = read_sheet(version)
    items = open_items(report)
    gaps = workflow.missing_before_signing(version, sheet, items)
    shown = {gap.sentence for gap in gaps}
    further = [gap for gap in refused.gaps if gap.sentence not in shown] if refused else []
    background = Background(version)
    initial = {
        "signer_name": version.signer_name or request.user.full_name,
        "signer_title": version.signer_title or request.user.position,
        "letter_date": clock.today(),
    }
    changes = background.changes(sheet)
    if form:
        # What was ticked before was said of another page.
        form.data = {name: value for name, value in form.data.items() if name != "read"}
    context = {
        "report": report,
        "version": version,
        "sheet": sheet,
        "groups": by_group(sheet),
        "gaps": len(gaps),
        "errors": [(gap_url(report, gap), gap.sentence) for gap in [*further, *gaps]],
        "items": items,
        "disputed": [criterion for criterion in sheet.criteria if criterion.is_disputed],
        "sums": [(code, sheet.count("claimed", code), sheet.count("computed", code)) for code in Verdict.values],
        "changes": [change for change in changes if change.sent and is_changed(change)],
        "sent": background.sent_version,
        "meanwhile": changed_since(request, version) if form else [],
        "shown_at": clock.now().isoformat(),
        "returned": returned_sentence(version),
        "form": form or SignatureForm(initial=initial),
        "can_sign": permissions.can_sign(request.user, version),
        "who": workflow.STEPS[workflow.Action.SUBMIT].who,
    }
    return render(request, "reports/report_check.html", context)


def is_changed(change: Change) -> bool:
    """Whether the indicator says something else than in the version sent before."""
    assert change.sent is not None
    return change.sent.text != change.now or change.sent.difference is not None


def changed_since(request: UserRequest, version: ReportVersion) -> list[Written]:
    """Who wrote what after the page was shown that came back with another revision. Two queries."""
    try:
        shown_at = datetime.fromisoformat(request.POST.get("shown_at", ""))
    except ValueError:
        return []
    if shown_at.tzinfo is None or request.POST.get("revision") == str(version.revision):
        return []
    return [written for written in changes_in(version, request.user) if written.change.at > shown_at]


def gap_url(report: QuarterlyReport, gap: Gap) -> str:
    """Where a gap is filled in; empty for one that concerns this page."""
    if gap.group == "items":
        return f"{report.get_absolute_url()}#{gap.anchor}"
    if gap.group:
        return f"{reverse('reports:group', args=[report.pk, gap.group])}#{gap.anchor}"
    return ""
