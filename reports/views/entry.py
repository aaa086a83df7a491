"""Where the committee writes its draft: one page for each group of criteria."""

from collections.abc import Iterable, Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from criteria.models import CriterionGroup
from ntm_tracker.http import UserRequest
from reports import entry, evidence, permissions
from reports.changes import Background, read_beside
from reports.forms.values import ClaimForm, RowForm, ValueForm
from reports.judging import CriterionSheet, Sheet
from reports.models import ReportVersion
from reports.sections import filled_sections
from reports.views.detail import get_report, open_items, returned_sentence, version_at_hand
from reports.views.group_rows import (
    CriterionRow,
    IndicatorRow,
    Typed,
    clash_of,
    criterion_row,
    errors_of,
    slots_of,
)
from reports.views.parts import parts_of
from reports.views.rows import Answer, why_closed


def report_group(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """Values and claims of one group. Rows that are right are saved; the others stay with what was typed."""
    version = version_at_hand(get_report(request.user, pk))
    sheet, background = read_beside(version)
    entry_ = sheet.catalogue.group(code)
    if entry_ is None:
        raise Http404
    refuse_unless_writable(request, version)
    if request.method != "POST":
        return _page(request, sheet, background, entry_.group, Typed())
    forms = list(_forms(sheet.group(code), request.POST))
    typed = _save(request, version, [form for form in forms if form.prefix != request.POST.get("take")])
    _tell(request, typed)
    if typed:
        version = version_at_hand(get_report(request.user, pk))
        return _page(request, *read_beside(version, sheet.catalogue), entry_.group, typed)
    following = request.POST.get("next", "")
    if following == "check":
        return redirect("reports:check", pk)
    if following and sheet.catalogue.group(following):
        return redirect("reports:group", pk, following)
    return redirect("reports:group", pk, code)


def save_one(request: UserRequest, version: ReportVersion, prefix: str) -> Answer:
    """Save one value or claim, and say what of the page looks otherwise now."""
    sheet, background = read_beside(version)
    form = next((form for form in _forms(sheet.criteria, request.POST, prefix) if form.prefix == prefix), None)
    if form is None:
        raise Http404
    typed = _save(request, version, [form])
    sheet, background = read_beside(version, sheet.catalogue)
    criterion, row = _find(sheet, background, typed, prefix)
    state = "conflict" if row.clash else "wrong" if row.form.errors else "saved" if typed.saved else "unchanged"
    answer = Answer(state, _start_of_next(form, row, typed), errors_of(row), slots_of(row))
    if typed.saved:
        answer.slots |= slots_of(criterion, "state", "computed", "reason")
        items = open_items(version.report)
        parts = parts_of(version.report, sheet, filled_sections(version), items, criterion.sheet.group.code)
        answer.slots |= parts.slots()
    return answer


def _start_of_next(form: RowForm, row: IndicatorRow | CriterionRow, typed: Typed) -> int:
    """The row version from which the page goes on: a newer one only when the page has written it itself.

    What somebody else wrote is not in the fields of the page, so they must not start from it unasked.
    """
    stored = row.sheet.row.row_version if row.sheet.row else 0
    return stored if typed.saved or form.loaded is None else form.loaded


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


def _save(request: UserRequest, version: ReportVersion, forms: Sequence[RowForm]) -> Typed:
    """Write the rows that are right; what is left comes back with its clash, if it has one."""
    valid = [form for form in forms if form.is_valid()]
    values = [form.as_write() for form in valid if isinstance(form, ValueForm)]
    claims = [form.as_write() for form in valid if isinstance(form, ClaimForm)]
    try:
        saved = entry.save_rows(version, values, claims, by=request.user)
    except entry.NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    typed = Typed({str(form.prefix): form for form in forms if form.errors}, saved=saved.written)
    late = {(type(conflict.write.target), conflict.write.target.pk): conflict for conflict in saved.conflicts}
    for form in valid:
        if conflict := late.get((type(form.target), form.target.pk)):
            typed.forms[str(form.prefix)] = form
            typed.clashes[str(form.prefix)] = clash_of(form, conflict, request.user)
    return typed


def _tell(request: UserRequest, typed: Typed) -> None:
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


def _find(
    sheet: Sheet, background: Background, typed: Typed, prefix: str
) -> tuple[CriterionRow, IndicatorRow | CriterionRow]:
    """The row of that prefix, and its criterion, as the page would show them."""
    for criterion in sheet.criteria:
        own = [f"c{criterion.criterion.number}", *(f"i{each.indicator.code}" for each in criterion.indicators)]
        if prefix in own:
            row = criterion_row(criterion, typed, background, [], evidence.chips(evidence.links_of(sheet.version)))
            return row, next((each for each in row.indicators if each.prefix == prefix), row)
    raise Http404


def _page(
    request: UserRequest, sheet: Sheet, background: Background, group: CriterionGroup, typed: Typed
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not saved. Two queries beside the sheet's."""
    version = sheet.version
    report = version.report
    items = list(open_items(report))
    chips = evidence.chips(evidence.links_of(version))
    rows = [criterion_row(criterion, typed, background, items, chips) for criterion in sheet.group(group.code)]
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
        "errors": _errors(typed, rows),
    }
    return render(request, "reports/report_group.html", context)


def _errors(typed: Typed, rows: list[CriterionRow]) -> list[tuple[str, str]]:
    """Everything that is wrong, for the summary: where it is, and a sentence."""
    found = []
    for row in rows:
        found += _errors_of(typed, row.prefix, str(row.sheet.criterion))
        for indicator in row.indicators:
            found += _errors_of(typed, indicator.prefix, str(indicator.sheet.indicator))
    return found


def _errors_of(typed: Typed, prefix: str, name: str) -> list[tuple[str, str]]:
    form = typed.forms.get(prefix)
    if form is None:
        return []
    if prefix in typed.clashes:
        text = _("%(row)s: two people wrote this row. Choose which one to keep.")
        return [(f"#{prefix}", text % {"row": name})]
    return [(f"#{prefix}", f"{name}: {error}") for errors in form.errors.values() for error in errors]
