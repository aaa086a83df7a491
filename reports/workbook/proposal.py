"""What would an uploaded workbook change? Compared by the same forms as the pages, before anything is saved.

A proposal has no storage of its own: the page that shows it carries the changed rows as hidden fields of the same
names, and the confirmation is compared anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from communes.models import User
from ntm_tracker.templatetags.look import day, quantity
from reports import entry
from reports.forms.sections import ResourceForm, SectionRowForm
from reports.forms.values import RowForm, ValueForm
from reports.reading import say_value
from reports.sections import unit_of

from .layout import CHOICE, DAY, MARK, NUMBER, Draft, Place, kind_of, layouts
from .reading import Read, Wrong
from .template import word_of

FILE, THEIRS = "file", "theirs"
POSTED = "at-"
"""The field that says where a row stands in the file: at-i11 is criteria!12."""


@dataclass(frozen=True)
class CellChange:
    """A cell that differs: its address (G12), what it is about, what stands there now, what the file says."""

    address: str
    label: str
    before: str
    after: str


@dataclass
class RowChange:
    """A row of the report that the file changes; `current` is somebody else's where both wrote it."""

    prefix: str
    name: str
    form: RowForm
    place: Place
    cells: list[CellChange]
    loaded: str
    current: Any = None
    choice: str = ""

    @property
    def sheet(self) -> str:
        return self.place.layout.title

    @property
    def author(self) -> str:
        return str(self.current.updated_by or "")

    @property
    def at(self) -> datetime:
        at: datetime = self.current.updated_at
        return at

    @property
    def is_new(self) -> bool:
        """Whether this state of somebody else's was not shown before."""
        return str(self.form.data.get(f"seen-{self.prefix}", "")) != str(self.current.row_version)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The hidden fields that carry this row to the confirmation."""
        names = [f"{self.prefix}-{name}" for name in self.place.layout.cells(self.form)]
        found = [(f"{self.prefix}-row_version", self.loaded)]
        found += [(name, str(self.form.data.get(name, ""))) for name in names]
        found.append((f"{POSTED}{self.prefix}", f"{self.place.layout.code}!{self.place.row}"))
        if self.current is not None:
            found.append((f"seen-{self.prefix}", str(self.current.row_version)))
        return [(name, value) for name, value in found if value]


@dataclass
class Proposal:
    """Everything a file would change, and everything that stands in the way.

    Rows that two people wrote are in conflict until it is said which one should stay; then they are decided.
    """

    changes: list[RowChange] = field(default_factory=list)
    decided: list[RowChange] = field(default_factory=list)
    conflicts: list[RowChange] = field(default_factory=list)
    errors: list[Wrong] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.all_rows or self.errors)

    @property
    def can_be_confirmed(self) -> bool:
        return not self.errors and bool(self.all_rows)

    @property
    def written_twice(self) -> list[RowChange]:
        """The rows that somebody else wrote too, decided or not."""
        return sorted([*self.conflicts, *self.decided], key=lambda row: row.place.order)

    @property
    def all_rows(self) -> list[RowChange]:
        return [*self.written_twice, *self.changes]

    @property
    def rows(self) -> int:
        """How many rows say something else."""
        return len(self.all_rows)

    @property
    def sheets(self) -> list[tuple[str, list[RowChange]]]:
        """The changes under the titles of their sheets."""
        found: dict[str, list[RowChange]] = {}
        for change in self.changes:
            found.setdefault(change.sheet, []).append(change)
        return list(found.items())

    @property
    def is_newly_in_conflict(self) -> bool:
        """Whether somebody wrote a row after this was shown the last time."""
        return any(row.is_new for row in self.conflicts)


def propose(draft: Draft, read: Read) -> Proposal:
    """What the file would change. Up to eight queries."""
    proposal = Proposal(errors=list(read.strays))
    forms = _forms(draft, read)
    for form in forms:
        proposal.errors += _errors(draft, form, read)
    valid = [form for form in forms if not form.errors and not _is_unreadable(form, read)]
    _compare(draft, valid, read, proposal)
    proposal.errors.sort(key=lambda wrong: wrong.place.order)
    return proposal


def posted(draft: Draft, data: QueryDict) -> Read:
    """The rows that a confirmation carries, as if they were read from the file again."""
    sheets = {layout.code: layout for layout in layouts()}
    kept = data.copy()
    read = Read(kept)
    for name in data:
        if not name.startswith(POSTED):
            continue
        code, _mark, row = str(data.get(name)).partition("!")
        layout, prefix = sheets.get(code), name.removeprefix(POSTED)
        if layout is None or not row.isdecimal() or draft.form(prefix, code) is None:
            continue
        read.places[prefix] = Place(layout, int(row[:7]))
        seen, choice = data.get(f"seen-{prefix}"), data.get(f"choice-{prefix}")
        if seen and choice in (FILE, THEIRS):
            kept[f"{prefix}-row_version"] = str(seen)
            read.choices[prefix] = str(choice)
            read.loaded[prefix] = str(data.get(f"{prefix}-row_version", ""))
    return read


def apply(draft: Draft, proposal: Proposal, *, by: User) -> entry.Saved:
    """Write all of it or nothing.

    Where somebody else's row should stay, the file's is written and theirs again, so that both are in the history.
    A section that has content then no longer says that there is nothing to report.
    """
    taken = [row.form.as_write() for row in proposal.all_rows if row.choice != THEIRS]
    left = [row.form.as_write() for row in proposal.all_rows if row.choice == THEIRS]
    with transaction.atomic():
        saved = entry.save_rows(draft.version, **entry.by_kind(taken), by=by, all_or_nothing=True)
        if saved.conflicts:
            return saved
        for write in left:
            entry.give_way(draft.version, write, by=by)
        entry.take_nothing_back(draft.version, by=by)
    return saved


def _forms(draft: Draft, read: Read) -> list[RowForm]:
    """A bound form for each row that was read."""
    found = []
    for prefix, place in read.places.items():
        if f"{prefix}-row_version" not in read.data:
            continue
        form = draft.form(prefix, place.layout.code, read.data)
        if form and not (isinstance(form, SectionRowForm) and form.is_blank):
            found.append(form)
    return found


def _is_unreadable(form: RowForm, read: Read) -> bool:
    return any(prefix == form.prefix for prefix, _name in read.unreadable)


def _errors(draft: Draft, form: RowForm, read: Read) -> list[Wrong]:
    """Every sentence about a row, with its cell; what concerns the whole row is said at its first one."""
    prefix, name = str(form.prefix), draft.name(form)
    place = read.places[prefix]
    cells = place.layout.cells(form)
    found = []
    for field_name, letter in cells.items():
        sentence = read.unreadable.get((prefix, field_name))
        sentences = [sentence] if sentence else _sentences(form, field_name)
        found += [Wrong(place, letter, text, name) for text in sentences]
    first = next(iter(cells.values()))
    return found or [Wrong(place, first, str(text), name) for text in form.non_field_errors()]


def _sentences(form: RowForm, name: str) -> list[str]:
    """What is wrong with a field; a question is answered by typing one of its readings."""
    sentences = [str(text) for text in form.errors.get(name, [])]
    spellings = [reading.spelling for reading in getattr(form[name], "readings", ())]
    if not spellings:
        return sentences
    names = {"first": spellings[0], "second": spellings[-1]}
    return [" ".join([*sentences, _("Type %(first)s or %(second)s.") % names])]


def _compare(draft: Draft, forms: list[RowForm], read: Read, proposal: Proposal) -> None:
    """Which rows the forms would change, and which of them somebody else changed meanwhile."""
    rows = [_row_change(draft, form, read) for form in forms]
    by_target: dict[entry.Target, RowChange] = {row.form.target: row for row in rows if row.cells}
    writes = entry.by_kind(row.form.as_write() for row in by_target.values())
    compared = entry.compare_rows(draft.version, **writes)
    for write in compared.changes:
        row = by_target[write.target]
        if row.prefix in read.choices and row.form.row:
            row.current, row.choice = row.form.row, read.choices[row.prefix]
            proposal.decided.append(row)
        else:
            proposal.changes.append(row)
    for conflict in compared.conflicts:
        row = by_target[conflict.write.target]
        row.current = conflict.current
        proposal.conflicts.append(row)
    proposal.changes.sort(key=lambda row: row.place.order)


def _row_change(draft: Draft, form: RowForm, read: Read) -> RowChange:
    prefix = str(form.prefix)
    place = read.places[prefix]
    loaded = read.loaded.get(prefix) or str(read.data.get(f"{prefix}-row_version", ""))
    return RowChange(prefix, draft.name(form), form, place, list(_cells(form, place)), loaded)


def _cells(form: RowForm, place: Place) -> Iterable[CellChange]:
    """The fields of a row that say something else than what is stored."""
    for name, letter in place.layout.cells(form).items():
        before = _say(form, name, form.get_initial_for_field(form.fields[name], name))
        after = _say(form, name, form.fields[name].to_python(form.data.get(form.add_prefix(name))))
        if before != after:
            label = str(form.fields[name].label or "") if name != "value" else pgettext("column", "Value")
            yield CellChange(letter + str(place.row), label, before, after)
    if isinstance(form, ValueForm) and form.takes_parts and form.cleaned_data.get("numerator") is not None:
        before = say_value(form.row, form.indicator, form.sheet.level) if form.row else ""  # type: ignore[arg-type]
        after = say_value(form.as_row(), form.indicator, form.sheet.level)
        if before != after:
            yield CellChange("", _("Percentage, computed"), before, after)


def _say(form: RowForm, name: str, content: Any) -> str:
    """The content of a field in words; empty for nothing."""
    if content in (None, ""):
        return ""
    bound = form.fields[name]
    kind = kind_of(bound)
    if kind == CHOICE:
        return word_of(bound, content)
    if kind == NUMBER:
        exact = Decimal(content).normalize()
        return quantity(exact, _unit(form, name), max(0, -int(exact.as_tuple().exponent)))
    if kind == DAY:
        return day(content)
    if kind == MARK:
        return pgettext("answer", "Yes") if content else ""
    return str(content)


def _unit(form: RowForm, name: str) -> str:
    if isinstance(form, ValueForm) and name == "value":
        return str(form.indicator.unit)
    return unit_of(form.source) if isinstance(form, ResourceForm) else ""
