"""Where the committee writes its draft: one page for each group of criteria."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communes.permissions import is_committee
from criteria.models import CriterionGroup
from ntm_tracker.compact import compact
from ntm_tracker.http import UserRequest
from reports import entry, evidence, permissions
from reports.changes import Background, read_beside
from reports.checks import SoftCheck, by_indicator, soft_checks
from reports.forms.values import ClaimForm, RowForm, ValueForm, prefixes_of
from reports.judging import CriterionSheet, Sheet
from reports.models import ReportVersion, ReviewItem
from reports.sections import filled_sections
from reports.views.detail import get_report, open_items, returned_sentence, version_at_hand
from reports.views.group_rows import (
    CriterionRow,
    IndicatorRow,
    Surroundings,
    both_slots,
    clash_of,
    criterion_row,
)
from reports.views.parts import parts_of
from reports.views.rows import Answer, only_changed, why_closed
from reports.views.typed import Typed, errors_of, save_typed


def report_group(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """Values and claims of one group. Rows that are right are saved; the others stay with what was typed."""
    version = version_at_hand(get_report(request.user, pk))
    sheet, background = read_beside(version)
    entry_ = sheet.catalogue.group(code)
    if entry_ is None:
        raise Http404
    if request.method != "POST" or not is_committee(request.user, version.report.commune):
        refuse_unless_writable(request, version)
        return _page(request, sheet, background, entry_.group, Typed())
    forms = _with_same(request, sheet.group(code), background, list(_forms(sheet.group(code), request.POST)))
    try:
        typed = save_typed(request, version, forms, clash_of)
    except entry.NotAllowed:
        return closed(request, version, forms)
    tell(request, typed)
    if typed:
        version = version_at_hand(get_report(request.user, pk))
        return _page(request, *read_beside(version, sheet.catalogue), entry_.group, typed)
    return redirect(_following(request.POST, sheet, pk, code))


def _following(data: QueryDict, sheet: Sheet, pk: int, code: str) -> str:
    """Where to go when everything is saved: to the next part when that was asked for, else to the same row."""
    following = data.get("next", "")
    if following == "check":
        return reverse("reports:check", args=[pk])
    if following and sheet.catalogue.group(following):
        return reverse("reports:group", args=[pk, following])
    settled = data.get("same") or data.get("take") or ""
    known = (prefix for criterion in sheet.criteria for prefix in prefixes_of(criterion))
    anchor = f"#{settled}" if settled in known else ""
    return reverse("reports:group", args=[pk, code]) + anchor


def save_one(request: UserRequest, version: ReportVersion, prefix: str) -> Answer:
    """Save one value or claim, and say what of the page looks otherwise now."""
    sheet, background = read_beside(version)
    form = next((form for form in _forms(sheet.criteria, request.POST, prefix) if form.prefix == prefix), None)
    if form is None:
        raise Http404
    around = _around(sheet, background)
    before = _find(sheet, around, Typed(), prefix)
    typed = save_typed(request, version, [form], clash_of)
    now, background = read_beside(version, sheet.catalogue)
    after = _find(now, replace(around, checks=_checks(now, background)), typed, prefix)
    row = after.row
    slots, was = both_slots(before.row, row)
    if row.clash:
        was = {}  # the page does not know yet what somebody else has written
    if typed.saved:
        for now_, then in (both_slots(before.criterion, after.criterion), _parts(version, now, sheet, after.criterion)):
            slots, was = slots | now_, was | then
    changed = only_changed(slots, was, prefix, request.POST)
    return Answer(typed.state, typed.start_of_next(form, row.sheet.row), errors_of(row.form), changed)


def _parts(
    version: ReportVersion, now: Sheet, before: Sheet, criterion: CriterionRow
) -> tuple[dict[str, str], dict[str, str]]:
    """The slots of the side panel after a save and before it. Two queries."""
    items, filled = list(open_items(version.report)), filled_sections(version)
    code = criterion.sheet.group.code
    after, was = (parts_of(version.report, sheet, filled, items, code).slots() for sheet in (now, before))
    return {name: compact(html, between_tags=True) for name, html in after.items()}, {
        name: compact(html, between_tags=True) for name, html in was.items()
    }


def refuse_unless_writable(request: UserRequest, version: ReportVersion) -> None:
    """403 with the reason for everybody but the committee, and for the committee when it is no draft."""
    if not permissions.writable_by(request.user, version):
        raise PermissionDenied(why_closed(request.user, version))


def _forms(criteria: Iterable[CriterionSheet], data: QueryDict, prefix: str = "") -> Iterable[RowForm]:
    """The forms of these criteria that were posted; only the one with the prefix when one is given."""
    for criterion in criteria:
        forms: list[RowForm] = [ClaimForm(data, sheet=criterion)]
        forms += [ValueForm(data, sheet=sheet) for sheet in criterion.indicators]
        yield from (form for form in forms if form.is_posted and prefix in ("", form.prefix))


def _with_same(
    request: UserRequest, criteria: Sequence[CriterionSheet], background: Background, forms: list[RowForm]
) -> list[RowForm]:
    """The forms, where the click on “same as last quarter” asks for it made like the quarter accepted last.

    Of an indicator (`i11`) whatever stands in its row gives way; of a criterion (`c11`) only rows are filled in
    which nothing stands, stored or typed. The claim is never taken over: it is said anew every quarter.
    """
    asked = request.POST.get("same", "")
    of_criterion = {
        each.indicator.pk for one in criteria if asked == f"c{one.criterion.number}" for each in one.indicators
    }
    made = []
    for form in forms:
        if isinstance(form, ValueForm) and (accepted := background.accepted(form.sheet)):
            is_free = form.indicator.pk in of_criterion and form.says_nothing
            if form.prefix == asked or is_free:
                form = ValueForm.like(accepted, request.POST, sheet=form.sheet)
        made.append(form)
    return made


def closed(request: UserRequest, version: ReportVersion, forms: Sequence[RowForm]) -> HttpResponse:
    """The report was sent while somebody typed: nothing is saved, and what they typed is shown to be copied."""
    version = version_at_hand(get_report(request.user, version.report_id))
    typed = [(form.named, form.typed()) for form in forms]
    context = {
        "report": version.report,
        "reason": why_closed(request.user, version),
        "typed": [(name, texts) for name, texts in typed if texts],
    }
    return render(request, "reports/report_closed.html", context, status=403)


def tell(request: UserRequest, typed: Typed) -> None:
    """How many rows were saved, and how many were not. The script says how many it has saved before."""
    before = request.POST.get("autosaved", "")
    saved = typed.saved + (int(before) if before.isascii() and before.isdigit() and len(before) < 4 else 0)
    rows = ngettext("%(n)s row is saved.", "%(n)s rows are saved.", saved) % {"n": saved}
    if typed:
        left = len(typed.forms)
        text = ngettext("%(n)s row is not saved yet; see below.", "%(n)s rows are not saved yet; see below.", left)
        messages.warning(request, " ".join([rows, text % {"n": left}] if saved else [text % {"n": left}]))
    elif saved:
        messages.success(request, rows)
    else:
        messages.info(request, _("Nothing was changed."))


def _around(sheet: Sheet, background: Background, items: Sequence[ReviewItem] = ()) -> Surroundings:
    """What stands around the rows. One query."""
    chips = evidence.chips(evidence.links_of(sheet.version))
    return Surroundings(background, _checks(sheet, background), chips, items)


def _checks(sheet: Sheet, background: Background) -> dict[str, SoftCheck]:
    return by_indicator(soft_checks(sheet, background))


class Found(NamedTuple):
    """A row of the page, and the criterion it belongs to, or is."""

    criterion: CriterionRow
    row: IndicatorRow | CriterionRow


def _find(sheet: Sheet, around: Surroundings, typed: Typed, prefix: str) -> Found:
    """The row of that prefix, as the page would show it."""
    for criterion in sheet.criteria:
        if prefix in prefixes_of(criterion):
            row = criterion_row(criterion, typed, around)
            return Found(row, next((each for each in row.indicators if each.prefix == prefix), row))
    raise Http404


def _page(
    request: UserRequest, sheet: Sheet, background: Background, group: CriterionGroup, typed: Typed
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not saved. Three queries beside the sheet's."""
    version = sheet.version
    report = version.report
    items = list(open_items(report))
    around = _around(sheet, background, items)
    rows = [criterion_row(criterion, typed, around) for criterion in sheet.group(group.code)]
    codes = [other.group.code for other in sheet.catalogue.groups]
    following = codes[codes.index(group.code) + 1 :][:1]
    context = {
        "report": report,
        "version": version,
        "group": group,
        "rows": rows,
        "parts": parts_of(report, sheet, filled_sections(version), items, group.code),
        "following": following[0] if following else "",
        "accepted": background.accepted_version,
        "returned": returned_sentence(version),
        "errors": typed.sentences(prefix for row in rows for prefix in prefixes_of(row.sheet)),
    }
    return render(request, "reports/report_group.html", context)
