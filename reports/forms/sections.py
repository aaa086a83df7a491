"""What the committee types into a section: a form for each line, for each source, and for “nothing to report”.

A row is saved whole or not at all. Its fields are called l<key>-text, r<source>-planned and so on; the columns of
a line come from the table `reports.sections.FORMS`.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from criteria.models import Criterion
from ntm_tracker import clock
from ntm_tracker.fields import DateField, NumberField
from reports.entry import EMPTY_LINE, EMPTY_RESOURCE, LineOf, ResourceOf
from reports.forms.steps import LONGEST
from reports.forms.values import RowForm
from reports.models import ResourceEntry, Section, SectionLine, Source
from reports.sections import COLUMNS, Column, Form, SectionSheet, say_line, say_resources, unit_of

LARGEST = {True: 1_000_000, False: 100_000_000}
"""Beyond a thousand billion dong, or ten thousand hectares, another unit was meant; by whether it is money."""

FURTHEST = 20
"""How many years ahead something may be due."""

LINE_FIELDS = "|".join([*EMPTY_LINE, "nothing", "section", "row_version"])
POSTED = re.compile(rf"l(.{{1,36}})-(?:{LINE_FIELDS})")
NEW_KEY = re.compile(r"[0-9a-f-]{8,36}")

EMPTY_CHOICE = ("", _("choose"))


def new_key(version: int, section: str, user: int, number: int) -> str:
    """The key for one of the lines that a user has not written yet, always the same one."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{version} {section} {user} {number}").hex


def posted_keys(data: Iterable[str]) -> list[str]:
    """The keys of the lines that were posted, in their order."""
    return list(dict.fromkeys(found[1] for name in data if (found := POSTED.fullmatch(name))))


def is_new_key(key: str) -> bool:
    """Whether a line that is not stored may be written under this key."""
    return bool(NEW_KEY.fullmatch(key))


class SectionRowForm(RowForm):
    """A row of a section: a line, a source, or the word that there is nothing to report."""

    row: SectionLine | ResourceEntry | None  # type: ignore[assignment]
    target: LineOf | ResourceOf  # type: ignore[assignment]

    @property
    def section(self) -> Section:
        """The section it belongs to."""
        return self.target.section if isinstance(self.target, LineOf) else Section.RESOURCES

    @property
    def is_blank(self) -> bool:
        """Whether it is a row that does not exist yet and in which nothing was written."""
        return self.row is None and not any(str(self[name].value() or "").strip() for name in self.written)

    @property
    def written(self) -> list[str]:
        """The fields with what people write."""
        raise NotImplementedError

    @property
    def numbers(self) -> list[BoundField]:
        """The fields with numbers, which may have to be asked about."""
        return [self[name] for name in self.written if isinstance(self.fields[name], NumberField)]

    @property
    def cells(self) -> list["Cell"]:
        """The fields with what people write, as the page shows them."""
        raise NotImplementedError


@dataclass(frozen=True)
class Cell:
    """One field on the page: how wide its place is, whether it must be filled in, and the drawn input."""

    field: BoundField
    width: str
    required: bool
    input: SafeString


def cell(field: BoundField, width: str = "", css: str = "", required: bool = False, spoken: str = "") -> Cell:
    """The field with its input drawn in our look; `spoken` names it where its label is not beside it."""
    kind = "form-select" if field.widget_type == "select" else "form-control"
    classes = " ".join(filter(None, [kind, css, "is-invalid" if field.errors else ""]))
    attrs: dict[str, str | bool] = {"class": classes}
    told = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        told.append(f"{field.html_name}-e")
    if told:
        attrs["aria-describedby"] = " ".join(told)
    if spoken:
        attrs["aria-label"] = spoken
    return Cell(field, width, required, field.as_widget(attrs=attrs))


def width_of(column: Column) -> tuple[str, str]:
    """How wide the place of a column is, and how wide its input."""
    if column.name == "unit":
        return "", "w-num"
    return {"text": ("w-100", ""), "line": ("half", ""), "day": ("", "w-date"), "number": ("", "w-num")}.get(
        column.kind, ("", "")
    )


class LineForm(SectionRowForm):
    """One line of a section. Ticked as removed, it is put aside as it was stored."""

    removed = forms.BooleanField(label=_("Remove this line"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        form: Form,
        key: str,
        line: SectionLine | None = None,
        criteria: Sequence[Criterion] = (),
    ) -> None:
        self.form, self.row, self.target = form, line, LineOf(form.section, key)
        self.criteria = {str(criterion.number): criterion for criterion in criteria}
        initial = {name: getattr(line, name) for name in EMPTY_LINE} if line else dict(EMPTY_LINE)
        if line and line.criterion:
            initial["criterion"] = str(line.criterion.number)
        super().__init__(data, prefix=f"l{key}", initial=initial | {"row_version": self._stored_version()})
        for column in form.columns:
            self.fields[column.name] = self._field(column)

    def said(self) -> str:
        return say(say_line(self.row, self.form)) if isinstance(self.row, SectionLine) else ""

    @property
    def named(self) -> str:
        text = str(self["text"].value() or "").strip()
        return f"{self.form.line}: {Truncator(text).chars(40)}" if text else str(self.form.line)

    @property
    def written(self) -> list[str]:
        return [column.name for column in self.form.columns]

    @property
    def cells(self) -> list[Cell]:
        return [cell(self[each.name], *width_of(each), each.required) for each in self.form.columns]

    @property
    def is_blank(self) -> bool:
        """Also one that was begun and removed before it was ever saved."""
        return super().is_blank or (self.row is None and bool(self["removed"].value()))

    def content(self) -> dict[str, Any]:
        stored = {name: getattr(self.row, name) if self.row else empty for name, empty in EMPTY_LINE.items()}
        typed = {name: self.cleaned_data[name] for name in self.written if name in self.cleaned_data}
        return stored | typed | {"removed": self.cleaned_data["removed"]}

    def clean(self) -> dict[str, Any]:
        """What its columns ask for, all of it or nothing; a line that goes away need not be right."""
        cleaned = super().clean()
        if cleaned.get("removed"):
            for name in self.errors.keys() & set(self.written):
                del self.errors[name]
            self.cleaned_data = {"removed": True, "row_version": cleaned.get("row_version")}
            return self.cleaned_data
        for column in self.form.columns:
            if column.required and column.name not in self.errors and not cleaned.get(column.name):
                self.add_error(column.name, str(column.missing))
        if "unit" in self.fields and not cleaned.get("unit"):
            counted = [name for name in ("quantity", "quantity_before") if cleaned.get(name) is not None]
            if counted:
                self.add_error("unit", gettext("Say what is counted: people, copies, hectares …"))
        return cleaned

    def clean_criterion(self) -> Criterion | None:
        return self.criteria.get(self.cleaned_data["criterion"])

    def clean_until(self) -> date | None:
        """A day that people can still plan for."""
        until: date | None = self.cleaned_data["until"]
        if until and until.year > clock.today().year + FURTHEST:
            raise ValidationError(gettext("This day is too far away. Check the year."), code="year")
        return until

    def _field(self, column: Column) -> forms.Field:
        """How a column is typed."""
        common: dict[str, Any] = {"label": column.label, "help_text": column.help, "required": False}
        if column.kind == "choice":
            return forms.ChoiceField(choices=[EMPTY_CHOICE, *self.form.kinds], **common)
        if column.kind == "criterion":
            return forms.ChoiceField(
                choices=[("", "–"), *((n, str(one)) for n, one in self.criteria.items())], **common
            )
        if column.kind == "day":
            return DateField(not_in_future=column.is_past, **common)
        if column.kind == "number":
            return NumberField(min_value=0, max_digits=18, decimal_places=4, **common)
        if column.kind == "text":
            widget = forms.Textarea(attrs={"rows": 2})
            return forms.CharField(max_length=LONGEST, widget=widget, **common)
        stored = SectionLine._meta.get_field(column.name)
        assert isinstance(stored, models.CharField)
        return forms.CharField(max_length=stored.max_length, **common)


class NothingForm(SectionRowForm):
    """Whether the section has nothing to report in the quarter."""

    nothing = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, sheet: SectionSheet) -> None:
        section = sheet.form.section
        self.row, self.target = sheet.nothing_row, LineOf(section, SectionLine.nothing_key(section))
        self.sheet = sheet
        initial = {"nothing": sheet.says_nothing, "row_version": self._stored_version()}
        super().__init__(data, prefix=f"l{self.target.key}", initial=initial)
        self.fields["nothing"].label = str(sheet.form.nothing)

    def said(self) -> str:
        return str(self.sheet.form.nothing) if self.sheet.nothing else ""

    @property
    def named(self) -> str:
        return self.sheet.form.title

    @property
    def written(self) -> list[str]:
        return ["nothing"]

    def content(self) -> dict[str, Any]:
        return {"kind": SectionLine.NOTHING, "removed": not self.cleaned_data["nothing"]}


class ResourceForm(SectionRowForm):
    """The resources of one source."""

    def __init__(self, data: Any = None, *, source: Source, entry: ResourceEntry | None = None) -> None:
        self.source, self.row, self.target = source, entry, ResourceOf(source)
        initial = {name: getattr(entry, name) for name in EMPTY_RESOURCE} if entry else dict(EMPTY_RESOURCE)
        super().__init__(data, prefix=f"r{source.value}", initial=initial | {"row_version": self._stored_version()})
        for name, label in COLUMNS.items():
            self.fields[name] = NumberField(
                label=label,
                required=False,
                min_value=0,
                max_value=LARGEST[source.is_money],
                unit=unit_of(source),
                max_digits=16,
                decimal_places=3,
            )
        self.fields["note"] = forms.CharField(label=_("Note"), required=False, max_length=500)

    def said(self) -> str:
        return say(say_resources(self.row, self.source)) if isinstance(self.row, ResourceEntry) else ""

    @property
    def named(self) -> str:
        return str(self.source.label)

    @property
    def written(self) -> list[str]:
        return list(EMPTY_RESOURCE)

    @property
    def cells(self) -> list[Cell]:
        """The amounts and the note, each named for those who do not see the head of the table."""
        unit = unit_of(self.source)
        names = {name: f"{self.source.label}: {self.fields[name].label}" for name in EMPTY_RESOURCE}
        return [cell(self[name], spoken=said if name == "note" else f"{said} ({unit})") for name, said in names.items()]

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in EMPTY_RESOURCE}

    def as_entry(self) -> ResourceEntry:
        """What the valid form wants the row to say, as a row that is not stored."""
        return ResourceEntry(source=self.source, **self.content())


def say(said: list[tuple[str, str]]) -> str:
    """A row in one sentence: what was written, each with its label, parted by points."""
    return " · ".join(f"{label}: {words}" for label, words in said if words)


def as_line(form: LineForm) -> SectionLine:
    """What the valid form wants the line to say, as a line that is not stored."""
    return SectionLine(section=form.form.section, key=form.target.pk, **form.content())
