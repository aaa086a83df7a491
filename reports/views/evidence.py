"""The papers of a report: all of them with what is missing, adding, replacing and taking off, and the file itself."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from communes.models import User
from criteria.models import Indicator
from ntm_tracker.contents import in_megabytes
from ntm_tracker.http import UserRequest
from reports import evidence, permissions
from reports.forms.evidence import AddForm, AttachForm, PaperForm
from reports.judging import Sheet, read_sheet
from reports.models import Evidence, EvidenceLink, QuarterlyReport, ReportVersion
from reports.views.detail import get_report, version_at_hand
from reports.views.entry import refuse_unless_writable
from reports.workflow import NotAllowed, Refused

log = logging.getLogger(__name__)


@dataclass
class Paper:
    """One file of a version with its links to the indicators it proves."""

    evidence: Evidence
    links: list[EvidenceLink]

    @property
    def first(self) -> EvidenceLink:
        return self.links[0]


@require_GET
def report_evidence(request: UserRequest, pk: int) -> HttpResponse:
    """Every file of a version, and which expected ones are missing; by default of the version at hand."""
    report = get_report(request.user, pk)
    version = _version(report, request.GET.get("version", ""))
    sheet = read_sheet(version)
    links = evidence.links_of(version)
    context = {
        "report": report,
        "version": version,
        "papers": papers(links, sheet),
        "missing": missing(sheet, links),
        "kept": any(link.inherited for link in links),
        "writable": version == version_at_hand(report) and permissions.writable_by(request.user, version),
    }
    return render(request, "reports/report_evidence.html", context)


def evidence_add(request: UserRequest, pk: int) -> HttpResponse:
    """A new file for one indicator or for several; beside it, the files that are already here."""
    report, version, sheet = _draft(request, pk)
    if request.method != "POST":
        return _add_page(request, report, sheet)
    form = AddForm(request.POST, request.FILES, sheet=sheet)
    if form.is_valid():
        try:
            added = evidence.add(
                version, form.cleaned_data["file"], form.metadata(), form.cleaned_data["indicators"], by=request.user
            )
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            if added.was_here:
                text = _("This file was already here as “%(title)s”. It was not stored again, only linked.")
            else:
                text = _("“%(title)s” is stored.")
            messages.success(request, text % {"title": added.evidence.title})
            return _done(request, pk)
    return _add_page(request, report, sheet, form)


@require_POST
def evidence_attach(request: UserRequest, pk: int) -> HttpResponse:
    """Let a file that is already here prove further indicators."""
    report, version, sheet = _draft(request, pk)
    form = AttachForm(request.POST, sheet=sheet, files=list(evidence.attachable(version)))
    if form.is_valid():
        found = form.cleaned_data["existing"]
        try:
            linked = evidence.attach(version, found, form.cleaned_data["indicators"], by=request.user)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            form.add_error("existing", str(refused))
        else:
            text = ngettext(
                "“%(title)s” proves %(n)s indicator more.", "“%(title)s” proves %(n)s indicators more.", linked
            )
            messages.success(request, text % {"title": found.title, "n": linked})
            return redirect("reports:evidence", pk)
    return _add_page(request, report, sheet, attach=form)


def evidence_replace(request: UserRequest, pk: int, evidence_id: int) -> HttpResponse:
    """A newer file in the place of one, for everything that it proves."""
    report, version, sheet = _draft(request, pk)
    links = [link for link in evidence.links_of(version) if link.evidence_id == evidence_id]
    if not links:
        raise Http404
    old = links[0].evidence
    if request.method != "POST":
        initial = {"title": old.title, "kind": old.kind}
        return _replace_page(request, report, papers(links, sheet)[0], PaperForm(initial=initial))
    form = PaperForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            new = evidence.replace(version, old, form.cleaned_data["file"], form.metadata(), by=request.user)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            text = _("“%(title)s” has taken the place of the older file, which is kept.")
            messages.success(request, text % {"title": new.title})
            return _done(request, pk)
    return _replace_page(request, report, papers(links, sheet)[0], form)


@require_POST
def evidence_unlink(request: UserRequest, pk: int, link: int) -> HttpResponse:
    """Let a file no longer prove an indicator of the draft."""
    _report, version, _sheet = _draft(request, pk)
    found = get_object_or_404(version.evidence_links.select_related("evidence", "indicator"), pk=link)
    try:
        evidence.unlink(version, found, by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        text = _("“%(title)s” no longer proves %(indicator)s.")
        messages.success(request, text % {"title": found.evidence.title, "indicator": found.indicator.code})
    return redirect("reports:evidence", pk)


@require_GET
def evidence_file(request: UserRequest, pk: int, evidence_id: int) -> FileResponse:
    """The file to keep, for those who may see the drafts of the report. Browsers never show it themselves."""
    found = get_evidence(request.user, pk, evidence_id)
    content = open_file(found)
    return FileResponse(
        content,
        as_attachment=True,
        filename=found.file_name,
        content_type=found.media_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
            # As it is: compressing it again gains nothing, and with its length a cut download is noticed.
            "Content-Encoding": "identity",
        },
    )


def get_evidence(user: User, pk: int, evidence_id: int) -> Evidence:
    """A file that proves or proved something in a report the user follows; 404 for everybody else. Two queries."""
    report = get_report(user, pk)
    linked = EvidenceLink.objects.filter(version__report=report).values("evidence")
    return get_object_or_404(Evidence.objects.filter(pk__in=linked), pk=evidence_id)


def open_file(found: Evidence) -> Any:
    """The file as it was sent; 404 when it is gone from the storage."""
    try:
        return found.file.open("rb")
    except FileNotFoundError:
        log.error("Evidence %s is not in the storage: %s", found.pk, found.file.name)
        raise Http404(_("The file is not where it was stored. Please tell the administrator.")) from None


def papers(links: Iterable[EvidenceLink], sheet: Sheet) -> list[Paper]:
    """The files of the links, each once, in the order of the first indicator that it proves."""
    position = {one.indicator.pk: place for place, one in enumerate(sheet.indicators())}
    found: dict[int, Paper] = {}
    for link in sorted(links, key=lambda link: position.get(link.indicator_id, 0)):
        found.setdefault(link.evidence_id, Paper(link.evidence, [])).links.append(link)
    return list(found.values())


def missing(sheet: Sheet, links: Iterable[EvidenceLink]) -> list[tuple[str, list[Indicator]]]:
    """The expected papers that are missing, each with the indicators it would prove."""
    found: dict[str, list[Indicator]] = {}
    for one in evidence.missing_evidence(sheet, links):
        found.setdefault(evidence.expected(one), []).append(one.indicator)
    return list(found.items())


def _version(report: QuarterlyReport, number: str) -> ReportVersion:
    """The version with that number, or the one at hand."""
    if not number:
        return version_at_hand(report)
    if not number.isdigit():
        raise Http404
    version = get_object_or_404(report.versions.select_related("holder"), number=number)
    version.report = report
    return version


def _draft(request: UserRequest, pk: int) -> tuple[QuarterlyReport, ReportVersion, Sheet]:
    """The report, its draft and what it says: 404 outside the user's scope, 403 when it cannot be written."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    refuse_unless_writable(request, version)
    return report, version, read_sheet(version)


def _done(request: UserRequest, pk: int) -> HttpResponse:
    """On to the list of papers; a script is told the way, so that the message waits for the page."""
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"url": reverse("reports:evidence", args=[pk])})
    return redirect("reports:evidence", pk)


def _add_page(
    request: UserRequest,
    report: QuarterlyReport,
    sheet: Sheet,
    form: AddForm | None = None,
    attach: AttachForm | None = None,
) -> HttpResponse:
    """The page with both forms; the indicators of the address are ticked. One query beside the sheet's."""
    codes = request.GET.getlist("indicator")
    chosen = [one for one in sheet.indicators() if one.indicator.code in codes]
    ticked = [one.indicator.code for one in chosen]
    files = list(attach.by_pk.values()) if attach else list(evidence.attachable(sheet.version))
    context = {
        "chosen": [one.indicator for one in chosen],
        "expected": list(dict.fromkeys(filter(None, map(evidence.expected, chosen)))),
        "form": form or AddForm(sheet=sheet, ticked=ticked),
        "attach": (attach or AttachForm(sheet=sheet, files=files, ticked=ticked)) if files else None,
        "attached": attach is not None,
    }
    return _upload_page(request, "reports/evidence_add.html", report, context, form)


def _replace_page(request: UserRequest, report: QuarterlyReport, old: Paper, form: PaperForm) -> HttpResponse:
    return _upload_page(request, "reports/evidence_replace.html", report, {"old": old, "form": form}, form)


def _upload_page(
    request: UserRequest, template: str, report: QuarterlyReport, context: dict[str, Any], sent: PaperForm | None
) -> HttpResponse:
    """A page with a form for a file; 422 where a file that was sent is not taken."""
    context |= {
        "report": report,
        "limit": in_megabytes(settings.EVIDENCE_MAX_BYTES),
        "most": settings.EVIDENCE_MAX_BYTES,
    }
    return render(request, template, context, status=422 if sent and sent.is_bound and sent.errors else 200)
