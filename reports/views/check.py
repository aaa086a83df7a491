"""Check and sign: everything that will be sent, every gap with a link, and the signature under exactly that.

The page is one form, so that no button loses what was typed for another: the answers to the reviewer are saved by
their own button and before a signature, and the signature stays typed when something has to be read again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communes.models import User
from criteria.rules import Verdict
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import quantity
from reports import differences, permissions, workflow
from reports.changes import read_beside
from reports.differences import Difference, Evidences
from reports.evidence import chips
from reports.forms.replies import Replies, with_forms
from reports.forms.signature import SignatureForm
from reports.judging import CriterionSheet, Gap, IndicatorSheet, Sheet
from reports.models import EvidenceLink, QuarterlyReport, ReportVersion, ReviewItem, ReviewReply, Section
from reports.sections import SectionSheet
from reports.views.detail import get_report, open_items, returned_sentence, version_at_hand
from reports.views.entry import refuse_unless_writable
from reports.views.points import missing_papers, points_of
from reports.views.replies import save_replies
from reports.workflow import NotAllowed, Refused, StepData
from reports.writing import changes_in

SIGNATURE = ("signer_name", "signer_title", "letter_number", "letter_date")


@dataclass(frozen=True)
class Part:
    """One part of the report in the table of everything that will be sent."""

    title: str
    anchor: str
    contents: str
    missing: int
    url: str


@dataclass(frozen=True)
class IndicatorRead:
    """An indicator as it will be sent, with what proves it."""

    sheet: IndicatorSheet
    links: list[EvidenceLink]


@dataclass(frozen=True)
class CriterionRead:
    """A criterion as it will be sent."""

    sheet: CriterionSheet
    indicators: list[IndicatorRead]


@dataclass(frozen=True)
class GroupRead:
    """The criteria of a group as they will be sent."""

    part: Part
    criteria: list[CriterionRead]


@dataclass(frozen=True)
class SectionRead:
    """One of the other sections as it will be sent."""

    part: Part
    sheet: SectionSheet


@dataclass(frozen=True)
class Meanwhile:
    """One write after the page was shown: what it changed, and whose it is."""

    what: str
    before: str
    after: str
    by: User | None
    at: datetime


def report_check(request: UserRequest, pk: int) -> HttpResponse:
    """The page to sign; a POST saves the answers or submits the report, when what was shown still stands there."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    refuse_unless_writable(request, version)
    if request.method != "POST":
        return _page(request, report)
    if "take" in request.POST or request.POST.get("do") == "answer":
        return _answer(request, report)
    if not permissions.can_sign(request.user, version):
        raise PermissionDenied(workflow.why_not(request.user, version, "submit"))
    return _sign(request, report, version)


def _answer(request: UserRequest, report: QuarterlyReport) -> HttpResponse:
    """Save the answers to the reviewer; what was typed for the signature stays."""
    replies = save_replies(request, version_at_hand(report))
    if replies.wrong or request.POST.get("letter_number", "").strip():
        return _page(request, get_report(request.user, report.pk), replies=replies)
    return redirect(f"{reverse('reports:check', args=[report.pk])}#items")


def _sign(request: UserRequest, report: QuarterlyReport, version: ReportVersion) -> HttpResponse:
    """Submit the report; answers typed on the same page are saved first, and then read again."""
    form = SignatureForm(request.POST)
    replies = Replies(open_items(report), request.POST)
    if any(reply.has_changed() for reply in replies.forms):
        replies = save_replies(request, version)
    if replies.wrong or replies.written:
        return _page(request, get_report(request.user, report.pk), replies=replies)
    if not form.is_valid():
        return _page(request, report, form)
    fields = {name: value for name, value in form.cleaned_data.items() if name != "read"}
    try:
        workflow.take_step(version, "submit", by=request.user, data=StepData(**fields))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        return _page(request, get_report(request.user, report.pk), form, refused)
    text = _("Version %(n)s is signed and submitted. You can withdraw it until a reviewer takes it up.")
    messages.success(request, text % {"n": version.number})
    return redirect(report)


def _page(
    request: UserRequest,
    report: QuarterlyReport,
    form: SignatureForm | None = None,
    refused: Refused | None = None,
    replies: Replies | None = None,
) -> HttpResponse:
    """The page with the revision it shows. Six queries beside those of every page."""
    shown_at = clock.now()
    version = version_at_hand(report)
    sheet, background = read_beside(version)
    items = with_forms(open_items(report), replies)
    pks = [version.pk, *([version.based_on_id] if version.based_on_id else [])]
    sections = differences.read_sections_of(pks, [criterion.criterion for criterion in sheet.criteria])
    evidences = differences.read_evidence_of(pks)
    mine = sections[version.pk]
    filled = {section.code for section in mine if section.is_filled}
    gaps = workflow.missing_before_signing(version, sheet, list(items), filled)
    shown = {gap.sentence for gap in gaps}
    further = [gap for gap in refused.gaps if gap.sentence not in shown] if refused else []
    found = differences.differences(sheet, background, sections, evidences)
    links = evidences[version.pk].links
    changed = {difference.indicator for difference in found if difference.change}
    asked = differences.asked_before(version, items)
    groups = [_group(report, sheet, code, gaps, links) for code in _codes(sheet)]
    others = [_section(report, section) for section in mine]
    missing = missing_papers(sheet, links, partial(_paper_place, report))
    context = {
        "report": report,
        "version": version,
        "groups": groups,
        "sections": others,
        "evidence": _evidence(report, links, len(missing)),
        "gaps": len(gaps),
        "errors": [
            *(replies.errors if replies else []),
            *[(gap_url(report, gap), gap.sentence) for gap in [*further, *gaps]],
        ],
        "items": items,
        "disputed": [criterion for criterion in sheet.criteria if criterion.is_disputed],
        "sums": [(code, sheet.count("claimed", code), sheet.count("computed", code)) for code in Verdict.values],
        "points": points_of(sheet, background, partial(_place, report)),
        "missing": missing,
        "found": [(difference_url(report, difference), difference) for difference in found],
        "changed": len(changed),
        "same": sum(1 for _indicator in sheet.indicators()) - len(changed),
        "outside": differences.places(differences.outside(found, asked)) if asked else [],
        "asked": asked,
        "sent": background.sent_version,
        "meanwhile": changed_since(request, version) if form else [],
        "shown_at": shown_at.isoformat(),
        "judged_by": workflow.judged_by(sheet),
        "last": last_written(sheet, mine, evidences[version.pk], items),
        "returned": returned_sentence(version),
        "form": _signature(request, version, form),
        "can_sign": permissions.can_sign(request.user, version),
        "who": workflow.STEPS[workflow.Action.SUBMIT].who,
    }
    return render(request, "reports/report_check.html", context)


def _signature(request: UserRequest, version: ReportVersion, form: SignatureForm | None) -> SignatureForm:
    """The form with what was typed. What was ticked before was said of another page."""
    if form:
        form.data = {name: value for name, value in form.data.items() if name != "read"}
        return form
    initial = {
        "signer_name": version.signer_name or request.user.full_name,
        "signer_title": version.signer_title or request.user.position,
        "letter_date": clock.today(),
    }
    return SignatureForm(initial=initial | {name: request.POST[name] for name in SIGNATURE if name in request.POST})


# Everything that will be sent


def _codes(sheet: Sheet) -> Iterator[str]:
    return (entry.group.code for entry in sheet.catalogue.groups)


def _group(
    report: QuarterlyReport, sheet: Sheet, code: str, gaps: Iterable[Gap], links: Iterable[EvidenceLink]
) -> GroupRead:
    proving = chips(links)
    criteria = [
        CriterionRead(
            criterion, [IndicatorRead(each, proving.get(each.indicator.pk, [])) for each in criterion.indicators]
        )
        for criterion in sheet.group(code)
    ]
    n = sum(len(criterion.indicators) for criterion in criteria)
    part = Part(
        title=str(criteria[0].sheet.group),
        anchor=f"g{code}",
        contents=ngettext("%(n)s indicator", "%(n)s indicators", n) % {"n": n},
        missing=sum(gap.group == code for gap in gaps),
        url=reverse("reports:group", args=[report.pk, code]),
    )
    return GroupRead(part, criteria)


def _section(report: QuarterlyReport, sheet: SectionSheet) -> SectionRead:
    url = reverse("reports:section", args=[report.pk, sheet.code])
    part = Part(sheet.form.title, f"section-{sheet.code}", contents_of(sheet), int(not sheet.is_filled), url)
    return SectionRead(part, sheet)


def contents_of(sheet: SectionSheet) -> str:
    """What a section holds, counted."""
    if sheet.says_nothing:
        return str(sheet.form.nothing)
    if sheet.form.section == Section.RESOURCES:
        n = len(sheet.entries)
        total = sheet.total("cumulative")
        text = ngettext("%(n)s source", "%(n)s sources", n) % {"n": n}
        return f"{text}, {_said(total)}" if total is not None else text
    n = len(sheet.lines)
    return ngettext("%(n)s line", "%(n)s lines", n) % {"n": n}


def _said(total: object) -> str:
    return _("together %(sum)s since the start of the year") % {"sum": quantity(total, _("million dong"))}  # type: ignore[arg-type]


def _evidence(report: QuarterlyReport, links: list[EvidenceLink], missing: int) -> Part:
    n = len({link.evidence_id for link in links})
    contents = ngettext("%(n)s file", "%(n)s files", n) % {"n": n}
    return Part(_("Evidence"), "points", contents, missing, reverse("reports:evidence", args=[report.pk]))


def last_written(
    sheet: Sheet, sections: Iterable[SectionSheet], evidences: Evidences, items: Iterable[ReviewItem]
) -> tuple[str, datetime] | None:
    """Who wrote the newest of what the page shows, and when."""
    rows = [row for each in sheet.criteria for row in (each.row, *(sub.row for sub in each.indicators)) if row]
    moments: list[tuple[datetime, User | None]] = [(row.updated_at, row.updated_by) for row in rows]
    for section in sections:
        written = [*section.lines, *section.removed, *section.resources.values(), section.nothing_row]
        moments += [(row.updated_at, row.updated_by) for row in written if row]
    moments += [(link.linked_at, link.linked_by) for link in evidences.links]
    moments += [(link.removed_at, link.removed_by) for link in evidences.removed if link.removed_at and link.removed_by]
    moments += [(item.replied_at, item.replied_by) for item in items if item.replied_at and item.replied_by]
    if not moments:
        return None
    at, by = max(moments, key=lambda written: written[0])
    return str(by or ""), at


# What changed meanwhile


def changed_since(request: UserRequest, version: ReportVersion) -> list[Meanwhile]:
    """Who wrote what after the page was shown that came back with another revision, newest first. Seven queries."""
    try:
        shown_at = datetime.fromisoformat(request.POST.get("shown_at", ""))
    except ValueError:
        return []
    if shown_at.tzinfo is None or request.POST.get("revision") == str(version.revision):
        return []
    found = [
        Meanwhile(written.what, written.before, written.after, written.change.by, written.change.at)
        for written in changes_in(version, request.user)
        if written.change.at > shown_at
    ]
    found += [*_evidence_since(version, shown_at), *_answers_since(version, shown_at)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _evidence_since(version: ReportVersion, since: datetime) -> Iterator[Meanwhile]:
    evidences = differences.read_evidence_of([version.pk])[version.pk]
    for link in [*evidences.links, *evidences.removed]:
        what = _("Evidence of %(indicator)s") % {"indicator": link.indicator}
        if link.linked_at > since:
            yield Meanwhile(what, "", link.evidence.title, link.linked_by, link.linked_at)
        if link.removed_at and link.removed_at > since:
            yield Meanwhile(what, link.evidence.title, "", link.removed_by, link.removed_at)


def _answers_since(version: ReportVersion, since: datetime) -> Iterator[Meanwhile]:
    """Every answer with the one before it."""
    before: dict[int, ReviewReply] = {}
    for reply in version.replies.select_related("item", "by").order_by("item", "reply_version"):
        if reply.at > since:
            what = _("Answer to “%(text)s”") % {"text": reply.item.text}
            old = before.get(reply.item_id)
            yield Meanwhile(what, _words(old), _words(reply), reply.by, reply.at)
        before[reply.item_id] = reply


def _words(reply: ReviewReply | None) -> str:
    if reply is None:
        return ""
    return f"{reply.text} ({reply.item.done_label})" if reply.done else reply.text


# Where it is written


def gap_url(report: QuarterlyReport, gap: Gap) -> str:
    """Where a gap is filled in; empty for one that concerns the signature."""
    if gap.group == "items":
        return f"#{gap.anchor}"
    if gap.group == "evidence":
        return reverse("reports:evidence", args=[report.pk])
    if gap.group.startswith("section:"):
        url = reverse("reports:section", args=[report.pk, gap.group.removeprefix("section:")])
        return f"{url}#{gap.anchor}" if gap.anchor else url
    if gap.group:
        return f"{reverse('reports:group', args=[report.pk, gap.group])}#{gap.anchor}"
    return ""


def difference_url(report: QuarterlyReport, difference: Difference) -> str:
    """Where what differs is written."""
    return gap_url(report, Gap("", difference.group, difference.anchor))


def _place(report: QuarterlyReport, group: str, sheet: IndicatorSheet) -> str:
    """Where an indicator is written."""
    return gap_url(report, Gap("", group, f"i{sheet.indicator.code}"))


def _paper_place(report: QuarterlyReport, group: str, sheet: IndicatorSheet) -> str:
    """Where a paper for an indicator is brought."""
    return f"{reverse('reports:evidence_add', args=[report.pk])}?indicator={sheet.indicator.code}"
