"""Which sheets, rows and columns has the workbook? The one answer for writing it and for reading it.

Every row to fill in stands for one form of the web pages. Its prefix stands in the hidden column A, what only
informs follows, then come the cells to fill in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from openpyxl.utils import get_column_letter

from criteria.models import Criterion
from ntm_tracker.fields import DateField, NumberField
from ntm_tracker.numbers import shortened
from reports.changes import Background
from reports.forms.sections import LineForm, NothingForm, ResourceForm, is_new_key
from reports.forms.values import ClaimForm, RowForm, ValueForm
from reports.judging import CriterionSheet, IndicatorSheet, Sheet, read_sheet
from reports.models import ReportVersion, Section, SectionLine, Source
from reports.reading import say_threshold
from reports.sections import COLUMNS, FORMS, Label, SectionSheet, read_sections, unit_of

CRITERIA = "criteria"
EMPTY_LINES = 15

NUMBER, TEXT, LINE, CHOICE, DAY, MARK = "number", "text", "line", "choice", "day", "mark"


@dataclass(frozen=True)
class Head:
    """A column: its heading and its width in letters."""

    label: Label
    width: int


@dataclass(frozen=True)
class Input(Head):
    """A column to fill in: which field of the row's form it is."""

    name: str


@dataclass(frozen=True)
class Layout:
    """The columns of one sheet: the hidden prefix, what informs, what is filled in."""

    code: str
    title: str
    help: str
    facts: tuple[Head, ...]
    inputs: tuple[Input, ...]

    @property
    def columns(self) -> list[tuple[str, Input]]:
        """The columns to fill in with their letters."""
        return [(get_column_letter(place), head) for place, head in enumerate(self.inputs, 2 + len(self.facts))]

    @property
    def width(self) -> int:
        """How many columns it has, the hidden one included."""
        return 1 + len(self.facts) + len(self.inputs)

    def cells(self, form: RowForm) -> dict[str, str]:
        """The letters of the cells that a row with this form has to fill in, by field."""
        if isinstance(form, NothingForm):
            return {"nothing": self.columns[0][0]}
        return {head.name: letter for letter, head in self.columns if head.name in form.fields}


@dataclass(frozen=True)
class Place:
    """Where a row stands in a file."""

    layout: Layout
    row: int

    def address(self, letter: str) -> str:
        """A cell of the row, as people call it: Tiêu chí!G12."""
        return f"{self.layout.title}!{letter}{self.row}"

    @property
    def order(self) -> tuple[int, int]:
        """By sheets, then by rows."""
        return [CRITERIA, *Section.values].index(self.layout.code), self.row


@dataclass(frozen=True)
class Row:
    """One row of a sheet: a heading without a form, or a form with what informs about it."""

    facts: tuple[str, ...]
    form: RowForm | None = None
    hint: str = ""


def layouts() -> list[Layout]:
    """Every sheet to fill in, in its order and in the reader's language."""
    return [_criteria_layout(), *(_section_layout(section) for section in Section)]


def mark_of(sheets: list[Layout]) -> str:
    """A short text that changes when a sheet or a column is added, moved or removed."""
    columns = [(sheet.code, len(sheet.facts), [head.name for head in sheet.inputs]) for sheet in sheets]
    return sha256(repr(columns).encode()).hexdigest()[:12]


def _criteria_layout() -> Layout:
    return Layout(
        CRITERIA,
        _("Criteria"),
        _("Fill in the yellow cells. A number that is not there needs the reason why, in the two columns beside it."),
        (
            Head(pgettext_lazy("column", "Code"), 7),
            Head(gettext_lazy("Criterion, indicator"), 44),
            Head(gettext_lazy("Threshold"), 30),
            Head(gettext_lazy("Accepted last"), 18),
            Head(gettext_lazy("Unit"), 12),
        ),
        (
            Input(pgettext_lazy("column", "Value"), 16, "value"),
            Input(gettext_lazy("Number counted"), 12, "numerator"),
            Input(gettext_lazy("Out of (total)"), 12, "denominator"),
            Input(gettext_lazy("Why there is no value"), 18, "absence"),
            Input(gettext_lazy("Reason"), 28, "absence_reason"),
            Input(gettext_lazy("Note"), 28, "note"),
            Input(gettext_lazy("Your explanation"), 28, "explanation"),
            Input(gettext_lazy("Your own assessment"), 18, "claimed"),
            Input(gettext_lazy("Why your assessment differs from the computed verdict"), 32, "claim_reason"),
        ),
    )


WIDTHS = {"choice": 22, "criterion": 30, "text": 48, "line": 20, "day": 13, "number": 13}


def _section_layout(section: Section) -> Layout:
    form = FORMS[section]
    title = sheet_title(form.title)
    if section == Section.RESOURCES:
        amounts = tuple(Input(label, 20, name) for name, label in COLUMNS.items())
        sources = (Head(gettext_lazy("Source"), 40), Head(gettext_lazy("Unit"), 14))
        note = Input(gettext_lazy("Note"), 40, "note")
        return Layout(section, title, str(form.help), sources, (*amounts, note))
    columns = tuple(Input(column.label, WIDTHS[column.kind], column.name) for column in form.columns)
    removed = Input(gettext_lazy("Remove this line"), 12, "removed")
    facts = (Head(pgettext_lazy("ordinal", "No"), 6),)
    return Layout(section, title, str(form.help), facts, (*columns, removed))


def sheet_title(title: str) -> str:
    """A title as Excel takes it: at most 31 letters, none of them with a meaning in addresses."""
    return "".join(letter for letter in title if letter not in "[]:*?/\\'!")[:31].strip()


@dataclass
class Draft:
    """Everything a draft says, with the form of each of its rows. Five queries."""

    version: ReportVersion
    sheet: Sheet = field(init=False)
    sections: dict[str, SectionSheet] = field(init=False)

    def __post_init__(self) -> None:
        self.sheet = read_sheet(self.version)
        self.sections = {section.code: section for section in read_sections(self.version)}
        self._values: dict[str, IndicatorSheet] = {f"i{one.indicator.code}": one for one in self.sheet.indicators()}
        self._claims: dict[str, CriterionSheet] = {f"c{one.criterion.number}": one for one in self.sheet.criteria}
        self._sources = {f"r{source.value}": source for source in Source}
        self._lines: dict[str, SectionLine] = {
            f"l{line.key}": line for section in self.sections.values() for line in (*section.lines, *section.removed)
        }
        self._nothing = {f"l{SectionLine.nothing_key(code)}": section for code, section in self.sections.items()}

    @property
    def criteria(self) -> list[Criterion]:
        return [one.criterion for one in self.sheet.criteria]

    def form(self, prefix: str, code: str, data: Any = None) -> RowForm | None:
        """The form of a row, bound to `data`; `code` is its sheet. None when there is no such row."""
        if prefix in self._values:
            return ValueForm(data, sheet=self._values[prefix])
        if prefix in self._claims:
            return ClaimForm(data, sheet=self._claims[prefix])
        if prefix in self._sources:
            source = self._sources[prefix]
            return ResourceForm(data, source=source, entry=self.sections[Section.RESOURCES].resources.get(source))
        if prefix in self._nothing:
            return NothingForm(data, sheet=self._nothing[prefix])
        line = self._lines.get(prefix)
        section = line.section if line else code
        if section not in FORMS or section == Section.RESOURCES:
            return None
        if line is None and not (prefix.startswith("l") and is_new_key(prefix[1:])):
            return None
        return LineForm(data, form=FORMS[Section(section)], key=prefix[1:], line=line, criteria=self.criteria)

    def name(self, form: RowForm) -> str:
        """What a row is called in a sentence."""
        if isinstance(form, ValueForm):
            return str(form.indicator)
        if isinstance(form, ClaimForm):
            return str(form.sheet.criterion)
        if isinstance(form, ResourceForm):
            return str(form.source.label)
        section = form.target.section  # type: ignore[union-attr]
        if isinstance(form, LineForm):
            text = shortened(str(form["text"].value() or ""))
            return f"{FORMS[section].line}: {text}" if text else str(FORMS[section].line)
        return str(FORMS[section].title)

    def nothing(self, layout: Layout) -> NothingForm | None:
        """The form that says that a section has nothing to report; None for the criteria."""
        section = self.sections.get(layout.code)
        return NothingForm(sheet=section) if section else None

    def rows(self, layout: Layout) -> Iterator[Row]:
        """The rows of a sheet as the draft stands; for lines some empty ones with new keys."""
        if layout.code == CRITERIA:
            yield from self._criteria_rows()
        elif layout.code == Section.RESOURCES:
            yield from self._resource_rows()
        else:
            yield from self._line_rows(layout)

    def _criteria_rows(self) -> Iterator[Row]:
        """Two queries: what was accepted last."""
        background = Background(self.version)
        for group in self.sheet.catalogue.groups:
            yield Row(("", str(group.group)))
            for criterion in self.sheet.group(group.group.code):
                yield Row((str(criterion.criterion.number), criterion.criterion.name), ClaimForm(sheet=criterion))
                for one in criterion.indicators:
                    yield self._indicator_row(one, background)

    def _indicator_row(self, one: IndicatorSheet, background: Background) -> Row:
        indicator, threshold = one.indicator, one.threshold
        said = say_threshold(threshold, indicator)
        decision = f"{said} ({threshold.decision})" if threshold else ""
        before = background.accepted_text(indicator.code)
        if before and background.accepted_version:
            before = f"{before} ({background.accepted_version.report.period})"
        facts = (indicator.code, indicator.name, decision, before, str(indicator.unit))
        return Row(facts, ValueForm(sheet=one), said)

    def _resource_rows(self) -> Iterator[Row]:
        section = self.sections[Section.RESOURCES]
        for source in Source:
            form = ResourceForm(source=source, entry=section.resources.get(source))
            yield Row((str(source.label), unit_of(source)), form, unit_of(source))

    def _line_rows(self, layout: Layout) -> Iterator[Row]:
        section = self.sections[layout.code]
        lines = [*section.lines, *[None] * EMPTY_LINES]
        for place, line in enumerate(lines, 1):
            key = line.key if line else uuid4().hex
            yield Row((str(place),), LineForm(form=section.form, key=key, line=line, criteria=self.criteria))


def kind_of(bound: forms.Field) -> str:
    """How a field is typed into a cell."""
    if isinstance(bound, NumberField):
        return NUMBER
    if isinstance(bound, DateField):
        return DAY
    if isinstance(bound, forms.ChoiceField):
        return CHOICE
    if isinstance(bound, forms.BooleanField):
        return MARK
    return TEXT if isinstance(bound.widget, forms.Textarea) else LINE
