"""Where the committee writes the sections beside the criteria: one page for each, row by row like the criteria."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from criteria.catalogue import Catalogue, load_catalogue
from criteria.models import Criterion
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import quantity
from reports import entry
from reports.entry import Conflict, LineOf, Write
from reports.forms.sections import (
    LineForm,
    NothingForm,
    ResourceForm,
    SectionRowForm,
    is_new_key,
    new_key,
    posted_keys,
    say,
)
from reports.judging import read_sheet
from reports.models import Period, ReportVersion, ResourceEntry, Section, SectionLine, Source
from reports.sections import COLUMNS, SectionSheet, line_words, read_sections, resource_words, say_line, say_resources
from reports.views.detail import get_report, returned_sentence, version_at_hand
from reports.views.entry import _tell, refuse_unless_writable
from reports.views.group_rows import Clash, Side, Typed, rendered
from reports.views.parts import parts_of
from reports.views.rows import Answer

EMPTY_LINES = 2
MORE_LINES = 3
LONG = 1000
"""From here on a number is said again with its thousands."""


@dataclass
class LineRow:
    """One line on the page: its fields, and what is said of what is stored."""

    form: LineForm
    period: Period
    clash: Clash | None = None

    SLOTS = {
        "ask": "reports/_readings.html",
        "said": "reports/_section_said.html",
        "clash": "reports/_clash.html",
        "remove": "reports/_section_remove.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def line(self) -> SectionLine | None:
        """The stored line, where the fields say nothing else."""
        return self.form.row if isinstance(self.form.row, SectionLine) and not self.form.errors else None

    @property
    def echo(self) -> str:
        """Large numbers as they were understood."""
        line = self.line
        numbers = [line.quantity_before, line.quantity] if line else []
        return ", ".join(quantity(number, line.unit) for number in numbers if line and number and number >= LONG)

    @property
    def words(self) -> list[str]:
        return line_words(self.line, self.period) if self.line else []


@dataclass
class ResourceRow:
    """One source on the page, beside what was accepted for it last."""

    form: ResourceForm
    accepted: ResourceEntry | None
    clash: Clash | None = None

    SLOTS = {
        "ask": "reports/_readings.html",
        "said": "reports/_section_said.html",
        "clash": "reports/_clash.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def source(self) -> Source:
        return self.form.source

    @property
    def entry(self) -> ResourceEntry | None:
        """The stored amounts, where the fields say nothing else."""
        return self.form.row if isinstance(self.form.row, ResourceEntry) and not self.form.errors else None

    @property
    def echo(self) -> str:
        """Large amounts as they were understood."""
        entry_ = self.entry
        if entry_ is None:
            return ""
        large = [name for name in COLUMNS if (getattr(entry_, name) or 0) >= LONG]
        said = dict(zip([*COLUMNS, "note"], say_resources(entry_, self.source), strict=True))
        return "; ".join(f"{said[name][0]}: {said[name][1]}" for name in large)

    @property
    def words(self) -> list[str]:
        return resource_words(self.entry, self.accepted, self.source) if self.entry else []


Row = LineRow | ResourceRow


def report_section(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """The lines of one section, or the resources. Rows that are right are saved; the others stay as typed."""
    version = version_at_hand(get_report(request.user, pk))
    if code not in Section:
        raise Http404
    refuse_unless_writable(request, version)
    if request.method != "POST":
        return _page(request, version, Section(code), Typed())
    catalogue = load_catalogue(version.report.period.criteria_set_id, version.report.commune.province.region)
    sections = read_sections(version, with_accepted=code == Section.RESOURCES)
    forms = list(_forms(sections, Section(code), catalogue, request.POST))
    restored = _restored(_sheet(sections, code), request.POST.get("restore", ""))
    typed = _save(request, version, [form for form in forms if form.prefix != request.POST.get("take")], restored)
    _tell(request, typed)
    if typed:
        return _page(request, version_at_hand(get_report(request.user, pk)), Section(code), typed, catalogue)
    return redirect(_following(request, pk, code))


def save_one(request: UserRequest, version: ReportVersion, prefix: str) -> Answer:
    """Save one line or source, and say what of the page looks otherwise now."""
    report = version.report
    before = read_sections(version, with_accepted=True)
    section = _section_of(before, prefix, request.POST)
    catalogue = load_catalogue(report.period.criteria_set_id, report.commune.province.region)
    forms = _forms(before, section, catalogue, request.POST) if section else []
    form = next((form for form in forms if form.prefix == prefix), None)
    if form is None or section is None:
        raise Http404
    if form.is_blank:
        return Answer("unchanged")
    typed = _save(request, version, [form])
    after = read_sections(version, with_accepted=True)
    sheet, stored = _sheet(after, section), _stored(_sheet(after, section), form)
    state = "conflict" if typed.clashes else "wrong" if typed else "saved" if typed.saved else "unchanged"
    answer = Answer(state, stored.row_version if stored else 0, _errors_by_field(form))
    row = next((row for row in _rows(sheet, report.period, catalogue, typed) if row.prefix == prefix), None)
    if row:
        # The tick to remove it is drawn with the page, but for a line that was new there.
        names = [name for name in row.SLOTS if name != "remove" or (form.row is None and stored)]
        answer.slots |= {f"{prefix}-{name}": rendered(row.SLOTS[name], {"row": row}) for name in names}
    ticked = isinstance(form, NothingForm) and form.is_valid() and form.cleaned_data["nothing"]
    if (ticked or _sheet(before, section).nothing) and not sheet.nothing and sheet.is_started:
        answer.sentence = nothing_taken_back()
        answer.slots["nothing"] = rendered("reports/_section_nothing.html", {"form": NothingForm(sheet=sheet)})
    if section == Section.RESOURCES and typed.saved:
        answer.slots["sums"] = rendered("reports/_section_sums.html", {"section": sheet})
    if _sheet(before, section).is_filled != sheet.is_filled:
        items = report.review_items.filter(resolved_at__isnull=True)
        filled = {sheet.code for sheet in after if sheet.is_filled}
        here = f"section:{section.value}"
        answer.slots |= parts_of(report, read_sheet(version, catalogue), filled, items, here).slots()
    return answer


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
        stored = _stored_lines(sections).get(key)
        code = stored.section if stored else data.get(f"{prefix}-section", "")
    return Section(code) if code in Section else None


def _sheet(sections: list[SectionSheet], code: str) -> SectionSheet:
    return next(sheet for sheet in sections if sheet.code == code)


def _stored_lines(sections: Iterable[SectionSheet]) -> dict[str, SectionLine]:
    """Every line of the report by its key, the removed ones too."""
    return {line.key: line for sheet in sections for line in [*sheet.lines, *sheet.removed]}


def _stored(sheet: SectionSheet, form: SectionRowForm) -> SectionLine | ResourceEntry | None:
    """The row as it is stored now."""
    if isinstance(form, NothingForm):
        return sheet.nothing_row
    if isinstance(form, ResourceForm):
        return sheet.resources.get(form.source.value)
    return _stored_lines([sheet]).get(form.target.pk)


def _criteria(catalogue: Catalogue) -> list[Criterion]:
    return [each.criterion for each in catalogue.criteria]


def _forms(
    sections: list[SectionSheet], section: Section, catalogue: Catalogue, data: QueryDict
) -> Iterable[SectionRowForm]:
    """The forms of the rows that were posted and belong to the section."""
    sheet, stored, criteria = _sheet(sections, section), _stored_lines(sections), _criteria(catalogue)
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


def _save(
    request: UserRequest, version: ReportVersion, forms: Sequence[SectionRowForm], restored: Sequence[Write] = ()
) -> Typed:
    """Write the rows that are right; what is left comes back with its clash, if it has one.

    A section that has content no longer says that there is nothing to report.
    """
    forms = [form for form in forms if not form.is_blank]
    valid = [form for form in forms if form.is_valid()]
    lines = [form.as_write() for form in valid if not isinstance(form, ResourceForm)]
    resources = [form.as_write() for form in valid if isinstance(form, ResourceForm)]
    try:
        saved = entry.save_rows(version, lines=[*lines, *restored], resources=resources, by=request.user)
        if saved.written and (silent := _contradicted(version)):
            entry.save_rows(version, lines=silent, by=request.user)
    except entry.NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    typed = Typed({str(form.prefix): form for form in forms if form.errors}, saved=saved.written)
    late = {conflict.write.target: conflict for conflict in saved.conflicts}
    for form in valid:
        if conflict := late.get(form.target):
            typed.forms[str(form.prefix)] = form
            typed.clashes[str(form.prefix)] = _clash(form, conflict, request.user)
    return typed


def _contradicted(version: ReportVersion) -> list[Write]:
    """The writes that take back “nothing to report” where there is content. Two queries."""
    return [
        Write(
            LineOf(sheet.form.section, sheet.nothing.key),
            sheet.nothing.row_version,
            {"kind": SectionLine.NOTHING, "removed": True},
        )
        for sheet in read_sections(version)
        if sheet.nothing and sheet.is_started
    ]


def _clash(form: SectionRowForm, conflict: Conflict, by: object) -> Clash:
    """Both contents in words, with who wrote them and when."""
    row = conflict.current
    assert isinstance(row, (SectionLine, ResourceEntry))
    mine = type(row)(**conflict.write.content)
    return Clash(
        Side(_in_words(mine, form), "", str(by), clock.now()),
        Side(_in_words(row, form), "", str(row.updated_by), row.updated_at),
        row.row_version,
    )


def _in_words(row: SectionLine | ResourceEntry, form: SectionRowForm) -> str:
    """A row in one sentence, for the choice between two of them."""
    if isinstance(row, SectionLine) and row.removed:
        return _("removed")
    if isinstance(form, LineForm) and isinstance(row, SectionLine):
        said = say(say_line(row, form.form))
    elif isinstance(form, ResourceForm) and isinstance(row, ResourceEntry):
        said = say(say_resources(row, form.source))
    else:
        said = form.said()
    return said or _("empty")


def _rows(sheet: SectionSheet, period: Period, catalogue: Catalogue, typed: Typed) -> list[Row]:
    """The rows of the section as the database has them, with what was typed and not saved."""
    if sheet.form.section == Section.RESOURCES:
        rows: list[Row] = []
        for source in Source:
            form = typed.forms.get(f"r{source.value}") or ResourceForm(source=source, entry=sheet.resources.get(source))
            assert isinstance(form, ResourceForm)
            rows.append(ResourceRow(form, sheet.accepted.get(source), typed.clashes.get(f"r{source.value}")))
        return rows
    criteria = _criteria(catalogue)
    forms = {
        f"l{line.key}": LineForm(form=sheet.form, key=line.key, line=line, criteria=criteria) for line in sheet.lines
    }
    forms |= {prefix: form for prefix, form in typed.forms.items() if isinstance(form, LineForm)}
    return [LineRow(form, period, typed.clashes.get(prefix)) for prefix, form in forms.items()]


def _errors_by_field(form: SectionRowForm) -> dict[str, str]:
    """What is wrong with the fields of a row as HTML, by the names of the fields."""
    return {
        form.add_prefix("row_version" if name == "__all__" else name): rendered(
            "reports/_field_errors.html", {"errors": errors}
        )
        for name, errors in form.errors.items()
    }


def _following(request: UserRequest, pk: int, code: str) -> str:
    """Where to go after everything is saved: on to another part, or back with more empty lines."""
    wanted = request.POST.get("next", "")
    if wanted == "check":
        return reverse("reports:check", args=[pk])
    url = reverse("reports:section", args=[pk, wanted if wanted in Section else code])
    return f"{url}?more=1#new" if request.POST.get("do") == "more" else url


def _page(
    request: UserRequest, version: ReportVersion, section: Section, typed: Typed, catalogue: Catalogue | None = None
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not saved. Six queries beside the report's."""
    report = version.report
    sheet = read_sheet(version, catalogue)
    sections = read_sections(version, with_accepted=section == Section.RESOURCES)
    own = _sheet(sections, section)
    rows = _rows(own, report.period, sheet.catalogue, typed)
    items = list(report.review_items.filter(resolved_at__isnull=True))
    filled = {each.code for each in sections if each.is_filled}
    around = list(Section)
    position = around.index(section)
    context = {
        "report": report,
        "version": version,
        "section": own,
        "rows": rows,
        "new": _new_rows(request, own, report.period, sheet.catalogue),
        "nothing": typed.forms.get(f"l{SectionLine.nothing_key(section)}") or NothingForm(sheet=own),
        "removed": [(line, say(say_line(line, own.form))) for line in own.removed],
        "parts": parts_of(report, sheet, filled, items, f"section:{section.value}"),
        "before": around[position - 1] if position else None,
        "after": around[position + 1] if position + 1 < len(around) else None,
        "returned": returned_sentence(version),
        "errors": _errors(rows, typed),
    }
    return render(request, "reports/report_section.html", context)


def _new_rows(request: UserRequest, sheet: SectionSheet, period: Period, catalogue: Catalogue) -> list[LineRow]:
    """The empty lines to write in; more of them when more were asked for."""
    if not sheet.form.columns:
        return []
    n = EMPTY_LINES + (0 if sheet.lines else 1) + (MORE_LINES if "more" in request.GET else 0)
    criteria = _criteria(catalogue)
    forms = [LineForm(form=sheet.form, key=new_key(), criteria=criteria) for _ in range(n)]
    return [LineRow(form, period) for form in forms]


def _errors(rows: list[Row], typed: Typed) -> list[tuple[str, str]]:
    """Everything that is wrong, for the summary: where it is, and a sentence."""
    found = []
    for n, row in enumerate(rows, 1):
        name = str(row.source.label) if isinstance(row, ResourceRow) else f"{row.form.form.line} {n}"
        if row.clash:
            text = _("%(row)s: two people wrote this row. Choose which one to keep.")
            found.append((f"#{row.prefix}", text % {"row": name}))
        else:
            found += [(f"#{row.prefix}", f"{name}: {error}") for each in row.form.errors.values() for error in each]
    return found
