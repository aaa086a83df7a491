"""The review of a version: three verdicts side by side, what changed, items, return and acceptance.

Everything on the page is one form, so that no button loses what was typed for another: each of them first
saves the verdicts, and what belongs to another button is kept on the page.
"""

from dataclasses import dataclass, field

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communes.permissions import is_ministry
from criteria.models import Criterion, Indicator
from criteria.rules import Verdict
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day
from reports import differences, entry, permissions, workflow
from reports.changes import read_beside
from reports.differences import Difference
from reports.evidence import chips
from reports.forms.review import ItemForm, ReturnForm, VerdictForm
from reports.items import open_ones, read_items
from reports.judging import CriterionSheet, IndicatorSheet, read_sheet
from reports.models import EvidenceLink, QuarterlyReport, ReportVersion, State
from reports.views.check import contents_of
from reports.views.detail import get_report, version_at_hand
from reports.views.points import missing_papers, points_of
from reports.workflow import NotAllowed, Refused, StepData


@dataclass
class Row:
    """One criterion on the page, with the form for its verdict and what is wrong with it."""

    sheet: CriterionSheet
    form: VerdictForm
    mark: str
    before: str
    indicators: list[tuple[IndicatorSheet, str]]
    papers: list[tuple[IndicatorSheet, list[EvidenceLink]]]
    conflict: entry.Conflict | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def row_version(self) -> int:
        """The version of the stored row, as shown."""
        return self.sheet.row.row_version if self.sheet.row else 0

    @property
    def loud(self) -> list[tuple[IndicatorSheet, str]]:
        """The indicators that decide: those not met or without data; all of them where all are met."""
        deciding = [pair for pair in self.indicators if pair[0].verdict in (Verdict.NOT_MET, Verdict.NO_DATA)]
        return deciding or self.indicators

    @property
    def quiet(self) -> list[IndicatorSheet]:
        """The other indicators."""
        loud = [sheet for sheet, _before in self.loud]
        return [sheet for sheet, _before in self.indicators if sheet not in loud]

    @property
    def is_wrong(self) -> bool:
        return bool(self.problems or self.conflict or self.form.errors)

    @property
    def is_open(self) -> bool:
        """Whether the folded part has something to show."""
        row = self.sheet.row
        return self.is_wrong or bool(row and (row.verified_reason or row.fragile))


@dataclass
class Typed:
    """What came with a POST and must not be lost: the forms as they stand after it, and what is wrong."""

    verdicts: dict[int, VerdictForm] = field(default_factory=dict)
    conflicts: dict[int, entry.Conflict] = field(default_factory=dict)
    item: ItemForm | None = None
    giving_back: ReturnForm | None = None
    refused: Refused | None = None


def report_review(request: UserRequest, pk: int) -> HttpResponse:
    """The review page; a POST saves the verdicts, and then returns or accepts where that was pressed."""
    report, version = _get(request, pk)
    if request.method != "POST":
        return _page(request, report, version, Typed())
    action = request.POST.get("do", "save")
    typed = _save(request, version, must=action != "return")
    if typed.verdicts:
        return _page(request, report, version, typed)
    if action == "return":
        return _give_back(request, report, version, typed)
    if action == "accept":
        return _accept(request, report, version, typed)
    messages.success(request, _("The verdicts are saved."))
    return _back(request, report, version, "review")


@require_POST
def item_raise(request: UserRequest, pk: int) -> HttpResponse:
    """Raise an item; the verdicts typed on the same page are saved first."""
    report, version = _get(request, pk)
    typed = _save(request, version, must=False)
    form = ItemForm(request.POST, sheet=read_sheet(version))
    if not form.is_valid():
        typed.item = form
        return _page(request, report, version, typed)
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
    if typed.verdicts:
        return _page(request, report, version, typed)
    return _back(request, report, version, "items", item_done=True)


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
    if typed.verdicts:
        return _page(request, report, version, typed)
    return _back(request, report, version, "items")


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
        return _page(request, report, version, typed)
    data = StepData(reason=form.cleaned_data["reason"], respond_by=form.cleaned_data["respond_by"])
    try:
        workflow.take_step(version, "return", by=request.user, data=data)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        typed.refused = refused
        return _page(request, report, version, typed)
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
        return _page(request, report, version, typed)
    messages.success(request, _("The report is accepted; its figures are official from now on."))
    return redirect(report)


def _back(
    request: UserRequest, report: QuarterlyReport, version: ReportVersion, anchor: str, *, item_done: bool = False
) -> HttpResponse:
    """To the page again by a redirect, unless text for another button was typed: then the page with that text."""
    has_item = bool(request.POST.get("text", "").strip()) and not item_done
    if has_item or request.POST.get("reason", "").strip():
        return _page(request, report, version, Typed(), item_done=item_done)
    return redirect(f"{reverse('reports:review', args=[report.pk])}#{anchor}")


def _page(
    request: UserRequest,
    report: QuarterlyReport,
    version: ReportVersion,
    typed: Typed,
    *,
    item_done: bool = False,
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not yet saved. Six queries beside the usual."""
    user = request.user
    sheet, background = read_beside(version)
    pks = [version.pk, *([version.based_on_id] if version.based_on_id else [])]
    sections = differences.read_sections_of(pks, [criterion.criterion for criterion in sheet.criteria])
    evidences = differences.read_evidence_of(pks)
    links = evidences[version.pk].links
    proving = chips(links)
    problems = _problems(typed.refused)
    rows = [
        Row(
            criterion,
            typed.verdicts.get(criterion.criterion.pk) or VerdictForm(sheet=criterion),
            background.mark(criterion),
            background.before(criterion),
            [(sheet, background.accepted_text(sheet.indicator.code)) for sheet in criterion.indicators],
            [(sheet, proving[sheet.indicator.pk]) for sheet in criterion.indicators if sheet.indicator.pk in proving],
            typed.conflicts.get(criterion.criterion.pk),
            problems.get(f"c{criterion.criterion.number}", []),
        )
        for criterion in sheet.criteria
    ]
    kept = {name: request.POST[name] for name in ("reason", "respond_by") if name in request.POST}
    new_item = {name: request.POST[name] for name in ("about", "kind", "text") if name in request.POST}
    items = read_items(report)
    open_now = open_ones(items)
    found = differences.differences(sheet, background, sections, evidences)
    asked = differences.asked_before(version, items)
    outside = differences.outside(found, asked)
    steps = workflow.steps_for(user, version)
    context = {
        "report": report,
        "version": version,
        "sheet": sheet,
        "cases": [row for row in rows if row.sheet.is_disputed],
        "rest": [row for row in rows if not row.sheet.is_disputed],
        "rest_is_open": any(row.is_wrong for row in rows if not row.sheet.is_disputed),
        "changes": background.changes(sheet),
        "sent": background.sent_version,
        "accepted": background.accepted_version,
        "asked": asked,
        "asked_of_all": any(item.criterion is None for item in asked),
        "outside": [(_place_of(difference), difference) for difference in outside],
        "inside": [(_place_of(difference), difference) for difference in found if difference not in outside],
        "points": points_of(sheet, background, _place),
        "missing": missing_papers(sheet, links, _place),
        "sections": [(section, contents_of(section)) for section in sections[version.pk]],
        "papers": [row for row in rows if row.papers],
        "items": open_now,
        "resolved": [item for item in items if not item.is_open],
        "item_form": typed.item or ItemForm(initial={} if item_done else new_item, sheet=sheet),
        "return_form": typed.giving_back or ReturnForm(initial=kept),
        "can_verify": permissions.can_verify(user, version),
        "can_raise": permissions.can_raise_item(user, version),
        "steps": steps,
        "can_return": "return" in steps,
        "obstacles": workflow.missing_before_acceptance(version, sheet, open_now),
        "errors": _errors(typed, rows),
    }
    return render(request, "reports/report_review.html", context)


def _problems(refused: Refused | None) -> dict[str, list[str]]:
    """The sentences of a refusal by the place they belong to."""
    found: dict[str, list[str]] = {}
    for gap in refused.gaps if refused else []:
        found.setdefault(gap.anchor, []).append(gap.sentence)
    return found


def _errors(typed: Typed, rows: list[Row]) -> list[tuple[str, str]]:
    """Everything that is wrong, for the summary: where it is, and a sentence."""
    found = []
    for row in rows:
        place = f"#c{row.sheet.criterion.number}"
        if row.conflict:
            text = _("%(criterion)s: somebody else changed this verdict meanwhile.")
            found.append((place, text % {"criterion": row.sheet.criterion}))
        for errors in row.form.errors.values() if row.form.is_bound else []:
            found += [(place, f"{row.sheet.criterion}: {error}") for error in errors]
    for form in (typed.item, typed.giving_back):
        for name, errors in form.errors.items() if form else []:
            found += [(f"#id_{name}", str(error)) for error in errors]
    for gap in typed.refused.gaps if typed.refused else []:
        found.append((f"#{gap.anchor}" if gap.anchor else "", gap.sentence))
    return found


def _place(group: str, sheet: IndicatorSheet) -> str:
    """Where the criterion of an indicator is on the page."""
    return f"#c{sheet.indicator.criterion.number}"


def _place_of(difference: Difference) -> str:
    """Where on the page what differs is read in full."""
    if difference.section:
        return f"#{difference.group.replace(':', '-')}"
    return f"#c{difference.criterion}"
