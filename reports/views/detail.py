"""One report: how it stands now, everything that happened to it, and each of its versions."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from communes.models import User
from communes.permissions import is_insider, is_ministry
from criteria.catalogue import Catalogue
from criteria.models import CriterionGroup
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day
from reports import permissions, rounds, summaries, workflow
from reports.forms.replies import Replies, with_forms
from reports.items import read_items
from reports.judging import CriterionSheet, Sheet, read_sheet
from reports.lateness import deadline, extensions, respond_sentence
from reports.models import (
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ReviewItem,
    State,
)
from reports.sections import read_sections
from reports.traces import read_traces
from reports.views.parts import parts_of, resume
from reports.work import is_returned
from reports.writing import changes_in, sees_verified

LATEST_EVENTS = 6
CHANGES_PER_PAGE = 50


@dataclass(frozen=True)
class Group:
    """The criteria of one group with how far they are."""

    group: CriterionGroup
    criteria: list[CriterionSheet]

    @property
    def filled(self) -> int:
        return sum(sheet.is_filled for sheet in self.criteria)

    @property
    def is_filled(self) -> bool:
        return self.filled == len(self.criteria)


@dataclass(frozen=True)
class Button:
    """A step the user can take now: where it leads, and whether it is the next one to take."""

    url: str
    label: str | Promise
    is_main: bool = False


def report_detail(request: UserRequest, pk: int) -> HttpResponse:
    """How the report stands and what the reader can do now."""
    return render_detail(request, get_report(request.user, pk))


def render_detail(request: UserRequest, report: QuarterlyReport, replies: Replies | None = None) -> HttpResponse:
    """The report page; `replies` that could not be saved stay as typed. Seven queries beside those of every page."""
    user = request.user
    version = version_at_hand(report)
    sheet = read_sheet(version)
    events = rounds.events_of(report)
    writable = permissions.writable_by(user, version)
    items = open_items(report)
    if writable:
        with_forms(items, replies)
    traces = read_traces(version)
    parts = parts_of(report, sheet, traces.filled_sections, items, others=traces.others_now(user))
    context = {
        "report": report,
        "version": version,
        "sheet": sheet,
        "groups": by_group(sheet),
        "parts": parts,
        "resume": resume(parts, traces.latest_of(user)) if writable else None,
        "latest": traces.latest,
        "deadline": deadline(report),
        "course": rounds.read(report, events),
        "extensions": extensions(report),
        "returned": returned_sentence(version),
        "return_reason": _return_reason(version, events),
        "writable": writable,
        "buttons": buttons(user, version),
        "whose_turn": _("It is your committee's turn to write.") if writable else whose_turn(version),
        "can_extend": permissions.can_extend(user, report) and report.first_submitted_at is None,
        "can_urge": not workflow.why_not_urge(user, report),
        "can_review": is_ministry(user, report.commune) and version.state in (State.SUBMITTED, State.IN_REVIEW),
        "items": items,
        "lost_something": any(event.action == "regression" for event in events),
        "errors": replies.errors if replies else [],
        "events": events[:LATEST_EVENTS],
        "versions": versions_of(report, events),
        "shows_verified": sees_verified(user, version),
    }
    return render(request, "reports/report_detail.html", context)


def report_resume(request: UserRequest, pk: int) -> HttpResponse:
    """Leads to where the user goes on writing: the row they wrote last, or what is left to write."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    if not permissions.writable_by(request.user, version):
        return redirect(report)
    traces = read_traces(version)
    parts = parts_of(report, read_sheet(version), traces.filled_sections, open_items(report))
    further = resume(parts, traces.latest_of(request.user))
    return redirect(further.url if further else reverse("reports:check", args=[pk]))


def report_history(request: UserRequest, pk: int) -> HttpResponse:
    """Everything that happened, newest first, and who changed which value in one version."""
    report = get_report(request.user, pk)
    events = rounds.events_of(report)
    versions = versions_of(report, events)
    wanted = request.GET.get("version", "")
    version = next((v for v in versions if str(v.number) == wanted), versions[0])
    changes = changes_in(version, request.user)
    context = {
        "report": report,
        "events": events,
        "versions": versions,
        "version": version,
        "page": Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "reports/report_history.html", context)


def report_version(request: UserRequest, pk: int, number: int) -> HttpResponse:
    """One version to read. What is or was official is open to everybody signed in."""
    versions = ReportVersion.objects.visible_to(request.user).select_related(
        "report__commune__province__region", "report__period__criteria_set", "holder", "submitted_by"
    )
    version = get_object_or_404(summaries.with_issue(versions), report=pk, number=number)
    report = version.report
    insider = is_insider(request.user, report.commune)
    sheet = read_sheet(version)
    context = {
        "report": report,
        "version": version,
        "sheet": sheet,
        "groups": by_group(sheet),
        "sections": read_sections(version),
        "insider": insider,
        "in_force": report.in_force_id == version.pk,
        "items": read_items(report, version=version) if insider else [],
        "shows_verified": sees_verified(request.user, version),
    }
    return render(request, "reports/report_version.html", context)


def get_report(user: User, pk: int) -> QuarterlyReport:
    """A report that `user` follows, with everything its pages print; 404 for everybody else. One query."""
    return get_object_or_404(QuarterlyReport.objects.visible_to(user).for_page().with_due(), pk=pk)


def version_at_hand(report: QuarterlyReport) -> ReportVersion:
    """The version in work, else the accepted one, knowing its report."""
    version = report.working or report.in_force
    if version is None:
        raise Http404
    version.report = report
    return version


def by_group(sheet: Sheet) -> list[Group]:
    """The criteria under the headings of their groups."""
    catalogue: Catalogue = sheet.catalogue
    return [Group(entry.group, sheet.group(entry.group.code)) for entry in catalogue.groups]


def buttons(user: User, version: ReportVersion) -> list[Button]:
    """The steps the user can take, from the table that is enforced."""
    pk = version.report_id
    found = []
    for action, step in workflow.steps_for(user, version).items():
        page = {"submit": "reports:check", "return": "reports:review", "accept": "reports:review"}.get(action)
        url = reverse(page, args=[pk]) if page else reverse("reports:step", args=[pk, action])
        found.append(Button(url, step.label, action in ("submit", "take_up", "accept")))
    return found


WHOSE_TURN = {
    State.DRAFT: gettext_lazy("The provincial committee is writing this version."),
    State.SUBMITTED: gettext_lazy("The report waits for a reviewer of the ministry to take it up."),
    State.IN_REVIEW: gettext_lazy("%(holder)s has been reviewing this version since %(since)s."),
    State.ACCEPTED: gettext_lazy("The report is accepted; nothing is left to do."),
}


def whose_turn(version: ReportVersion) -> str:
    """Who has to act next, for those who can do nothing now."""
    return str(WHOSE_TURN[State(version.state)]) % {"holder": version.holder, "since": day(version.held_since)}


def returned_sentence(version: ReportVersion) -> str:
    """By when a returned report must be answered; empty when it was not returned."""
    if not is_returned(version):
        return ""
    assert version.based_on is not None
    assert version.based_on.respond_by is not None
    return respond_sentence(version.based_on.respond_by, clock.today())


def _return_reason(version: ReportVersion, events: list[ReportEvent]) -> str:
    """Why the version this draft answers to was returned."""
    notes = [event.note for event in events if event.action == "return" and event.version_id == version.based_on_id]
    return notes[0] if notes else ""


def open_items(report: QuarterlyReport) -> list[ReviewItem]:
    """What the reviewer has not resolved, with everything that was answered. One query."""
    return read_items(report, resolved_at__isnull=True)


def versions_of(report: QuarterlyReport, events: Iterable[ReportEvent]) -> list[ReportVersion]:
    """Every version, newest first. No query: each one but the one in work has left a trace in the events."""
    found = {event.version.pk: event.version for event in events if event.version}
    for version in (report.working, report.in_force):
        if version:
            found[version.pk] = version
    for version in found.values():
        version.report = report
    return sorted(found.values(), key=lambda version: -version.number)
