"""What does an uploaded workbook say? Its cells become the fields of the web forms, or sentences about what is wrong.

A number is taken exactly as it was typed, a text as a text; what Excel made something else of (a date, a formula)
is refused with its address and never guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook

from ntm_tracker.numbers import format_number, shortened
from ntm_tracker.templatetags.look import day
from reports.forms.sections import NothingForm, SectionRowForm
from reports.forms.values import RowForm

from .layout import CHOICE, DAY, MARK, NUMBER, TEXT, Draft, Layout, Place, kind_of, layouts
from .package import Refused, open_workbook
from .seal import Seal, refuse_unless_for, unseal
from .template import MARKED, MOST_DIGITS, SEAL_CELL, SEAL_SHEET, choices_of

MOST_ROWS = 2000
"""Far more than a template has: a sheet may have a million empty rows with a format."""


class Unreadable(Exception):
    """A cell that cannot be taken; the message is a sentence."""


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong in the file: the cell, what its row is about, and a sentence."""

    place: Place
    letter: str
    sentence: str
    about: str = ""

    def __str__(self) -> str:
        cell = self.place.address(self.letter)
        return f"{cell} · {self.about}: {self.sentence}" if self.about else f"{cell}: {self.sentence}"


@dataclass
class Read:
    """What a file says: the fields of the forms, where each row stands, and what could not be read.

    `choices` says of rows that two people wrote which one should stay, and `loaded` from which state of them the file
    started, by prefix.
    """

    data: QueryDict
    places: dict[str, Place] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], str] = field(default_factory=dict)
    strays: list[Wrong] = field(default_factory=list)


def read_workbook(file: BinaryIO, draft: Draft) -> Read:
    """The rows of the file that somebody filled in. Raises `Refused` when the file as a whole is not taken."""
    book = open_workbook(file)
    try:
        seal = unseal(_sealed_text(book))
        refuse_unless_for(seal, draft.version)
        read = Read(QueryDict(mutable=True))
        for layout in layouts():
            _read_sheet(book, layout, seal, draft, read)
    except Refused:
        raise
    except Exception as broken:
        # The parts are read while the rows are asked for; openpyxl raises whatever comes up.
        raise Refused(
            _("The file cannot be read. Open it in Excel, save it anew as .xlsx and send it again.")
        ) from broken
    finally:
        book.close()
    return read


def _sealed_text(book: Workbook) -> Any:
    if SEAL_SHEET not in book.sheetnames:
        return ""
    for row in book[SEAL_SHEET][SEAL_CELL:SEAL_CELL]:
        return row[0].value
    return ""


def _read_sheet(book: Workbook, layout: Layout, seal: Seal, draft: Draft, read: Read) -> None:
    """Every row of a sheet that has a prefix, or that somebody wrote beside the rows."""
    title = seal.sheets.get(layout.code, "")
    if title not in book.sheetnames:
        raise Refused(
            _("The sheet “%(title)s” is missing. Download a new template.") % {"title": title or layout.title}
        )
    sheet = book[title]
    layout = Layout(layout.code, title, layout.help, layout.facts, layout.inputs)
    has_begun = False
    for number, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=layout.width), 1):
        place = Place(layout, number)
        prefix = str(cells[0].value or "").strip()
        form = draft.form(prefix, layout.code) if prefix in seal.rows else None
        if not prefix:
            if has_begun:
                _refuse_strays(cells, place, set(), read)
        elif form is None or prefix in read.places:
            text = _("This row is not one of the template: the hidden column A was changed. Download a new template.")
            read.strays.append(Wrong(place, "A", text))
        else:
            has_begun = has_begun or not isinstance(form, NothingForm)
            if has_begun:
                _refuse_strays(cells, place, set(layout.cells(form).values()), read)
            _read_row(cells, form, partial(draft.form, prefix, layout.code), place, seal.rows[prefix], read)


def _refuse_strays(cells: Any, place: Place, own: set[str], read: Read) -> None:
    """What somebody typed beside the cells to fill in would be lost silently."""
    for cell in cells[1 + len(place.layout.facts) :]:
        if cell.value not in (None, "") and cell.column_letter not in own:
            text = _("Nothing is asked for in this cell. Move this to the cell it belongs to, and empty this one.")
            read.strays.append(Wrong(place, cell.column_letter, text))


def _read_row(
    cells: Any, form: RowForm, anew: Callable[[], RowForm | None], place: Place, row_version: int, read: Read
) -> None:
    """The cells of one row as fields of its form. A new line in which nothing was written is left out."""
    prefix = str(form.prefix)
    read.places[prefix] = place
    by_letter = {cell.column_letter: cell for cell in cells if cell.value is not None}
    fields: dict[str, str] = {}
    for name, letter in place.layout.cells(form).items():
        cell = by_letter.get(letter)
        try:
            fields[name] = _as_typed(cell, form, name, anew) if cell else ""
        except Unreadable as reason:
            fields[name] = str(cell.value) if cell else ""
            read.unreadable[prefix, name] = str(reason)
    if isinstance(form, SectionRowForm) and form.row is None and not any(text.strip() for text in fields.values()):
        return
    read.data[f"{prefix}-row_version"] = str(row_version)
    for name, text in fields.items():
        read.data[f"{prefix}-{name}"] = text


def _as_typed(cell: Any, form: RowForm, name: str, anew: Callable[[], RowForm | None]) -> str:
    """The cell as somebody would type it into the field of the web page."""
    if cell.data_type == "f":
        raise Unreadable(_("This cell holds a formula. Type its result, or paste it with “Values only”."))
    if cell.data_type == "e":
        raise Unreadable(_("This cell holds an error of Excel (%(text)s).") % {"text": shortened(str(cell.value))})
    if isinstance(cell.value, bool):
        raise Unreadable(_("Excel took this for TRUE or FALSE. Type it again as a number or a text."))
    bound = form.fields[name]
    kind = kind_of(bound)
    if kind == NUMBER:
        return _number(cell, bound)
    if kind == DAY:
        return _day(cell)
    text = _text(cell)
    if kind == CHOICE:
        return _choice(text, form, name, anew)
    if kind == MARK:
        return _mark(text)
    return _as_in_a_browser(text, kind, form.get_initial_for_field(bound, name))


def _number(cell: Any, bound: forms.Field) -> str:
    """Digits with a dot, which no language reads in two ways; a text goes on as it was typed."""
    value = cell.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date | time) or not isinstance(value, int | float):
        raise Unreadable(_("Excel took this for a date. Type the number again, in a cell with the format “General”."))
    exact = exact_number(value)
    if "%" not in str(cell.number_format):
        return plain_number(exact)
    if getattr(bound, "unit", "") != "%":
        raise Unreadable(
            _("Excel took this for a percentage. Type the number again, in a cell with the format “General”.")
        )
    return f"{plain_number(exact * 100)} %"


def exact_number(value: float | int) -> Decimal:
    """The number that Excel shows: of its 17 digits the last two are noise."""
    exact = Decimal(repr(value))
    if len(exact.normalize().as_tuple().digits) > MOST_DIGITS and isinstance(value, float):
        exact = Decimal(f"{value:.{MOST_DIGITS}g}")
    return exact


def plain_number(exact: Decimal) -> str:
    """A spelling that `parse_number` reads back in both languages."""
    with translation.override("en"):
        return format_number(exact)


def _day(cell: Any) -> str:
    value = cell.value
    if isinstance(value, datetime):
        return day(value.date())
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str):
        return value
    raise Unreadable(_("This is not a date. Type day/month/year, for example 10/01/2015."))


def _text(cell: Any) -> str:
    """The cell as a text; a number or a day that was typed into it as people write it."""
    value = cell.value
    if isinstance(value, str):
        return value.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, datetime) and not value.time():
        return day(value.date())
    if isinstance(value, int | float) and "%" not in str(cell.number_format):
        return format_number(exact_number(value))
    raise Unreadable(
        _("Excel took this for a date, a time or a percentage. Type it again, in a cell with the format “Text”.")
    )


def _as_in_a_browser(text: str, kind: str, stored: Any) -> str:
    """Line ends as browsers send them; a text that only differs in blanks from the stored one is the stored one."""
    if isinstance(stored, str) and stored.split() == text.split():
        return stored
    return "\r\n".join(text.split("\n")) if kind == TEXT else " ".join(text.split("\n"))


def _choice(text: str, form: RowForm, name: str, anew: Callable[[], RowForm | None]) -> str:
    """The code of a word of the list, in whichever language the file was made."""
    wanted = _folded(text)
    if wanted in ("", "–", "-"):
        return ""
    for language, _language in settings.LANGUAGES:
        with translation.override(language):
            spoken = anew()
            choices = choices_of(spoken.fields[name]) if spoken else []
            for code, word in choices:
                if wanted in (_folded(word), _folded(code)):
                    return code
    words = "; ".join(word for code, word in choices_of(form.fields[name]) if code)
    text = shortened(text)
    raise Unreadable(_("“%(text)s” is not in the list. Choose one of: %(words)s.") % {"text": text, "words": words})


def _mark(text: str) -> str:
    wanted = _folded(text)
    if wanted in ("", "-", "–", "0", "không", "no"):
        return ""
    if wanted in (MARKED, "✓", "v", "1", "có", "yes"):
        return "on"
    raise Unreadable(_("Put an %(mark)s, or leave the cell empty.") % {"mark": MARKED})


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
