"""Writing a report offline: the draft as an Excel file, and the same file sent back, compared and confirmed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ntm_tracker.http import UserRequest
from reports.entry import NotAllowed
from reports.forms.workbook import MEDIA_TYPE, WorkbookForm
from reports.models import ReportVersion
from reports.views.detail import get_report, version_at_hand
from reports.views.entry import refuse_unless_writable
from reports.workbook.layout import Draft
from reports.workbook.package import Refused
from reports.workbook.proposal import Proposal, apply, posted, propose
from reports.workbook.reading import read_workbook
from reports.workbook.template import write_template


@never_cache
@require_GET
def report_workbook(request: UserRequest, pk: int) -> HttpResponse:
    """The draft as an Excel file to fill in."""
    version = _writable_version(request, pk)
    response = HttpResponse(write_template(Draft(version)), content_type=MEDIA_TYPE)
    header = content_disposition_header(as_attachment=True, filename=_file_name(version))
    response.headers["Content-Disposition"] = header or "attachment"
    return response


def workbook_upload(request: UserRequest, pk: int) -> HttpResponse:
    """The page to send the file back; then everything it would change; then, when confirmed, all of it or nothing."""
    version = _writable_version(request, pk)
    if request.method != "POST":
        return _page(request, version, WorkbookForm())
    if "confirm" in request.POST:
        return _confirm(request, version)
    form = WorkbookForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, version, form)
    draft = Draft(version)
    try:
        proposal = propose(draft, read_workbook(form.cleaned_data["file"], draft))
    except Refused as refused:
        form.add_error("file", str(refused))
        return _page(request, version, form)
    return _page(request, version, WorkbookForm(), proposal)


def _writable_version(request: UserRequest, pk: int) -> ReportVersion:
    """The draft in work, for whoever may write it; 403 with the reason for everybody else."""
    version = version_at_hand(get_report(request.user, pk))
    refuse_unless_writable(request, version)
    return version


def _confirm(request: UserRequest, version: ReportVersion) -> HttpResponse:
    """Save what was shown, unless something came in between: then what is shown is shown anew."""
    if request.POST.get("version") != str(version.pk):
        messages.warning(request, _("Another version is in work now. Nothing of the file was saved."))
        return redirect("reports:workbook_upload", version.report_id)
    draft = Draft(version)
    proposal = propose(draft, posted(draft, request.POST))
    if proposal.errors or proposal.conflicts:
        return _page(request, version, WorkbookForm(), proposal, is_again=True)
    try:
        saved = apply(draft, proposal, by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    if saved.conflicts:
        draft = Draft(version)
        return _page(request, version, WorkbookForm(), propose(draft, posted(draft, request.POST)), is_again=True)
    if saved.written:
        text = ngettext("%(n)s row is saved from the file.", "%(n)s rows are saved from the file.", saved.written)
        messages.success(request, text % {"n": saved.written})
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(version.report)


def _file_name(version: ReportVersion) -> str:
    """A name that tells reports and versions apart in a folder."""
    report = version.report
    names = {"commune": report.commune.name, "year": report.period.year, "quarter": report.period.quarter}
    return _("%(commune)s %(year)s-%(quarter)s version %(n)s.xlsx") % (names | {"n": version.number})


def _page(
    request: UserRequest,
    version: ReportVersion,
    form: WorkbookForm,
    proposal: Proposal | None = None,
    *,
    is_again: bool = False,
) -> HttpResponse:
    """The page with the form and, once a file was sent, what it would change."""
    context = {
        "report": version.report,
        "version": version,
        "form": form,
        "proposal": proposal,
        "errors": [("", str(wrong)) for wrong in proposal.errors] if proposal else [],
        "is_again": is_again,
    }
    return render(request, "reports/report_workbook.html", context)
