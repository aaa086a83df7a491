"""Where the committee writes the sections beside the criteria: one page for each, row by row like the criteria."""

import re
from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from communes.permissions import is_committee
from criteria.catalogue import Catalogue, load_catalogue
from ntm_tracker.compact import compact
from ntm_tracker.http import UserRequest
from reports import entry
from reports.entry import LineOf, Write
from reports.forms.sections import (
    LineForm,
    NothingForm,
    ResourceForm,
    SectionRowForm,
    is_new_key,
    posted_keys,
    say,
)
from reports.judging import read_sheet
from reports.models import ReportVersion, ResourceEntry, Section, SectionLine, Source
from reports.sections import SectionSheet, read_sections, say_line
from reports.views.detail import get_report, open_items, returned_sentence, version_at_hand
from reports.views.entry import closed, refuse_unless_writable, tell
from reports.views.parts import parts_of
from reports.views.rows import Answer
from reports.views.section_rows import (
    clash_of,
    criteria_of,
    new_rows,
    row_of,
    rows_of,
    stored_lines,
)
from reports.views.typed import Typed, errors_of, rendered, save_typed

POSTED_ROW = re.compile(r"[lr][0-9a-z_-]{1,40}")


def report_section(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """The lines of one section, or the resources. Rows that are right are saved; the others stay as typed."""
    version = version_at_hand(get_report(request.user, pk))
    if code not in Section:
        raise Http404
    section = Section(code)
    if request.method != "POST" or not is_committee(request.user, version.report.commune):
        refuse_unless_writable(request, version)
        return _page(request, version, section, Typed())
    catalogue = load_catalogue(version.report.period.criteria_set_id, version.report.commune.province.region)
    sections = read_sections(version)
    forms = [form for form in _forms(sections, section, catalogue, request.POST) if not form.is_blank]
    restored = _restored(_sheet(sections, section), request.POST.get("restore", ""))
    try:
        typed = save_typed(request, version, forms, clash_of, restored)
        is_taken_back = typed.saved > 0 and entry.take_nothing_back(version, section, by=request.user)
    except entry.NotAllowed:
        return closed(request, version, forms)
    tell(request, typed)
    if is_taken_back:
        messages.info(request, nothing_taken_back())
    if typed:
        return _page(request, version_at_hand(get_report(request.user, pk)), section, typed, catalogue)
    return redirect(_following(request.POST, pk, section))


def save_one(request: UserRequest, version: ReportVersion, prefix: str) -> Answer:
    """Save one line or source, and say what of the page looks otherwise now."""
    report = version.report
    before = read_sections(version, with_accepted=True)
    section = _section_of(before, prefix, request.POST)
    if section is None:
        raise Http404
    catalogue = load_catalogue(report.period.criteria_set_id, report.commune.province.region)
    form = next((form for form in _forms(before, section, catalogue, request.POST) if form.prefix == prefix), None)
    if form is None:
        raise Http404
    if form.is_blank:
        return Answer("unchanged")
    typed = save_typed(request, version, [form], clash_of)
    is_taken_back = typed.saved > 0 and entry.take_nothing_back(version, section, by=request.user)
    after = read_sections(version, with_accepted=True)
    stored = _stored(_sheet(after, section), form)
    answer = Answer(typed.state, typed.start_of_next(form, stored), errors_of(form))
    answer.slots = _changed(version, section, before, after, catalogue, form, typed)
    if is_taken_back:
        answer.sentence = nothing_taken_back()
    return answer


def _changed(
    version: ReportVersion,
    section: Section,
    before: list[SectionSheet],
    after: list[SectionSheet],
    catalogue: Catalogue,
    form: SectionRowForm,
    typed: Typed,
) -> dict[str, str]:
    """The parts of the page that look otherwise after a row was saved, by their names. Four queries at most."""
    was, now = _sheet(before, section), _sheet(after, section)
    slots: dict[str, str] = {}
    if row := row_of(now, version.report.period, catalogue, form, typed):
        # The tick to remove a line is drawn with the page, but for a line that was new there.
        names = [name for name in row.SLOTS if name != "remove" or (form.row is None and typed.saved)]
        slots |= {f"{row.prefix}-{name}": rendered(row.SLOTS[name], {"row": row}) for name in names}
    if was.says_nothing != now.says_nothing or isinstance(form, NothingForm):
        slots["nothing"] = rendered("reports/_section_nothing.html", {"form": NothingForm(sheet=now)})
    if section == Section.RESOURCES and was.sums != now.sums:
        slots["sums"] = rendered("reports/_section_sums.html", {"section": now})
    if was.is_filled != now.is_filled:
        sheet, items = read_sheet(version, catalogue), list(open_items(version.report))
        parts = [
            parts_of(version.report, sheet, _filled(sections), items, f"section:{section.value}").slots()
            for sections in (before, after)
        ]
        slots |= {name: compact(html, between_tags=True) for name, html in parts[1].items() if html != parts[0][name]}
    return slots


def nothing_taken_back() -> str:
    """Why the tick “nothing to report” is gone."""
    return _("The section has content, so it no longer says that there is nothing to report.")


def _section_of(sections: list[SectionSheet], prefix: str, data: QueryDict) -> Section | None:
    """The section a row belongs to: a line that is not stored yet says it itself."""
    if prefix.startswith("r"):
        return Section.RESOURCES
    key = prefix[1:]
    if key.startswith(f"{SectionLine.NOTHING}-"):
        code = key.removeprefix(f"{SectionLine.NOTHING}-")
    else:
        stored = stored_lines(sections).get(key)
        code = stored.section if stored else data.get(f"{prefix}-section", "")
    return Section(code) if code in Section else None


def _sheet(sections: list[SectionSheet], code: str) -> SectionSheet:
    return next(sheet for sheet in sections if sheet.code == code)


def _stored(sheet: SectionSheet, form: SectionRowForm) -> SectionLine | ResourceEntry | None:
    """The row as it is stored now."""
    if isinstance(form, NothingForm):
        return sheet.nothing_row
    if isinstance(form, ResourceForm):
        return sheet.resources.get(form.source.value)
    return stored_lines([sheet]).get(form.target.pk)


def _filled(sections: Iterable[SectionSheet]) -> set[str]:
    """The codes of the sections that are complete."""
    return {sheet.code for sheet in sections if sheet.is_filled}


def _forms(
    sections: list[SectionSheet], section: Section, catalogue: Catalogue, data: QueryDict
) -> Iterable[SectionRowForm]:
    """The forms of the rows that were posted and belong to the section."""
    sheet, stored, criteria = _sheet(sections, section), stored_lines(sections), criteria_of(catalogue)
    for key in posted_keys(data):
        line = stored.get(key)
        if key == SectionLine.nothing_key(section):
            yield NothingForm(data, sheet=sheet)
        elif sheet.form.columns and (line.section == section if line else is_new_key(key)):
            yield LineForm(data, form=sheet.form, key=key, line=line, criteria=criteria)
    if section == Section.RESOURCES:
        forms = (ResourceForm(data, source=source, entry=sheet.resources.get(source)) for source in Source)
        yield from (form for form in forms if form.is_posted)


def _restored(sheet: SectionSheet, wanted: str) -> list[Write]:
    """The write that brings a removed line back; it is named by key and row version."""
    key, _colon, row_version = wanted.rpartition(":")
    line = next((line for line in sheet.removed if line.key == key), None)
    if line is None or not row_version.isdecimal():
        return []
    content = {name: getattr(line, name) for name in entry.EMPTY_LINE} | {"removed": False}
    return [Write(LineOf(sheet.form.section, key), int(row_version), content)]


def _following(data: QueryDict, pk: int, section: Section) -> str:
    """Where to go after everything is saved: on to another part, or back, with more empty lines if wanted."""
    wanted = data.get("next", "")
    if wanted == "check":
        return reverse("reports:check", args=[pk])
    if wanted in Section:
        return reverse("reports:section", args=[pk, wanted])
    url = reverse("reports:section", args=[pk, section.value])
    if data.get("do") == "more":
        return f"{url}?more=1#new"
    taken = str(data.get("take", ""))
    return f"{url}#{taken}" if POSTED_ROW.fullmatch(taken) else url


def _page(
    request: UserRequest, version: ReportVersion, section: Section, typed: Typed, catalogue: Catalogue | None = None
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not saved. Six queries beside the report's."""
    report = version.report
    sheet = read_sheet(version, catalogue)
    sections = read_sections(version, with_accepted=section == Section.RESOURCES)
    own = _sheet(sections, section)
    rows = rows_of(own, report.period, sheet.catalogue, typed)
    around = list(Section)
    position = around.index(section)
    context = {
        "report": report,
        "version": version,
        "section": own,
        "rows": rows,
        "new": new_rows(own, version, sheet.catalogue, typed, request.user, more="more" in request.GET),
        "nothing": typed.forms.get(f"l{SectionLine.nothing_key(section)}") or NothingForm(sheet=own),
        "removed": [(line, say(say_line(line, own.form))) for line in own.removed],
        "parts": parts_of(report, sheet, _filled(sections), open_items(report), f"section:{section.value}"),
        "before": around[position - 1] if position else None,
        "after": around[position + 1] if position + 1 < len(around) else None,
        "returned": returned_sentence(version),
        "errors": typed.sentences(row.prefix for row in rows),
    }
    return render(request, "reports/report_section.html", context)
