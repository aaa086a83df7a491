"""The workbook that is sent out: a draft as it stands, with thresholds and hints, to be filled in offline.

Only the cells to fill in can be changed. What people typed is always text here, never a formula.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import quote_sheetname
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ntm_tracker import clock
from ntm_tracker.numbers import format_number
from ntm_tracker.templatetags.look import day, moment
from reports.forms.sections import NothingForm
from reports.forms.values import ClaimForm, RowForm
from reports.models import Section

from .layout import CHOICE, CRITERIA, DAY, MARK, NUMBER, TEXT, Draft, Layout, Row, kind_of, layouts
from .seal import seal_of

SEAL_SHEET = "_ntm"
SEAL_CELL = "A2"
MARKED = "x"
LINE_HEIGHT, MOST_LINES = 14.5, 12
"""In points; a row is never higher than the screen."""

MOST_DIGITS = 15
"""Excel keeps no more of a number; a longer one is written as text."""

INK, BRAND, EDGE, SUNKEN, YELLOW, MUTED = "16202A", "10364F", "9AA5AE", "EAEEF1", "FFF9DB", "5B6875"
PLAIN = Font(name="Arial", size=11, color=INK)
BOLD = Font(name="Arial", size=11, color=INK, bold=True)
SMALL = Font(name="Arial", size=10, color=MUTED)
TITLE = Font(name="Arial", size=16, color=BRAND, bold=True)
HEADING = Font(name="Arial", size=11, color="FFFFFF", bold=True)
WRAPPED = Alignment(wrap_text=True, vertical="top")
LINE = Side(style="thin", color=EDGE)
FRAME = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
FILL_BRAND, FILL_SUNKEN, FILL_INPUT = (PatternFill("solid", fgColor=color) for color in (BRAND, SUNKEN, YELLOW))

# "General" for numbers: where Excel takes 12.5 for a date or 12,4 % for 0.124, the cell shows it and reading sees it.
FORMATS = {NUMBER: "General", DAY: "dd/mm/yyyy"}
AS_TEXT = "@"


def write_template(draft: Draft) -> bytes:
    """The workbook for a draft in the reader's language. Two queries beside the draft's."""
    book = Workbook()
    guide, hidden = book.active, book.create_sheet(SEAL_SHEET)
    assert isinstance(guide, Worksheet)
    lists = _Lists(hidden)
    rows: dict[str, int] = {}
    sheets = layouts()
    for layout in sheets:
        _Writer(book.create_sheet(layout.title), layout, draft, lists).write(rows)
    _write_guide(guide, draft, sheets)
    titles = {layout.code: layout.title for layout in sheets}
    hidden["A1"] = _("This sheet belongs to the site. Please leave it as it is.")
    _write_text(hidden[SEAL_CELL], seal_of(draft.version, titles, rows).signed())
    hidden.sheet_state = "veryHidden"
    hidden.protection.sheet = True
    book.move_sheet(hidden, len(book.sheetnames))
    book.security = WorkbookProtection(lockStructure=True)
    book.properties.title = str(draft.version)
    book.properties.creator = ""
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


class _Lists:
    """The choices of the drop-downs: each list once, in a column of the hidden sheet."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.addresses: dict[tuple[str, ...], str] = {}

    def address(self, choices: Iterable[str]) -> str:
        """Where these choices stand, as a formula for a drop-down."""
        words = tuple(choices)
        if words not in self.addresses:
            column = 3 + len(self.addresses)
            for place, word in enumerate(words, 1):
                _write_text(self.sheet.cell(place, column), word)
            letter = self.sheet.cell(1, column).column_letter
            self.addresses[words] = f"{quote_sheetname(self.sheet.title)}!${letter}$1:${letter}${len(words)}"
        return self.addresses[words]


class _Writer:
    """Writes one sheet to fill in."""

    def __init__(self, sheet: Worksheet, layout: Layout, draft: Draft, lists: _Lists) -> None:
        self.sheet, self.layout, self.draft, self.lists = sheet, layout, draft, lists
        self.place = 0
        self.validations: dict[tuple[Any, ...], DataValidation] = {}

    def write(self, rows: dict[str, int]) -> None:
        """The whole sheet; the prefixes of its rows with their versions go into `rows`."""
        _write_text(self._next("B"), self.layout.title, TITLE)
        self.sheet.row_dimensions[self.place].height = 24
        _write_text(self._next("B"), self._line_of_the_report(), SMALL)
        _write_text(self._next("B"), self.layout.help, PLAIN)
        if nothing := self.draft.nothing(self.layout):
            self._write_nothing(nothing, rows)
        self.place += 1
        header = self._write_header()
        for row in self.draft.rows(self.layout):
            self._write_row(row, rows)
        self._finish(header)

    def _next(self, letter: str) -> Cell:
        self.place += 1
        return self.sheet[f"{letter}{self.place}"]

    def _line_of_the_report(self) -> str:
        words = str(self.draft.version)
        return " · ".join([words, _("Illustrative figures")]) if settings.DEMO_TODAY else words

    def _write_nothing(self, form: NothingForm, rows: dict[str, int]) -> None:
        """The word that there is nothing to report, with its cell before it."""
        letter = self.layout.columns[0][0]
        label = self._next(self.layout.columns[1][0])
        _write_text(label, _("← %(mark)s: %(nothing)s") % {"mark": MARKED, "nothing": form.fields["nothing"].label})
        self._write_form(form, rows)
        label.alignment = Alignment(vertical="top")
        self.sheet[f"{letter}{self.place}"].alignment = Alignment(horizontal="center", vertical="top")

    def _write_header(self) -> int:
        """The headings; returns their row."""
        self.place += 1
        heads = [*self.layout.facts, *self.layout.inputs]
        self.sheet.column_dimensions["A"].hidden = True
        for column, head in enumerate(heads, 2):
            cell = self.sheet.cell(self.place, column)
            _write_text(cell, str(head.label), HEADING)
            cell.fill, cell.alignment, cell.border = FILL_BRAND, Alignment(wrap_text=True, vertical="center"), FRAME
            self.sheet.column_dimensions[cell.column_letter].width = head.width
        self._set_height()
        return self.place

    def _write_row(self, row: Row, rows: dict[str, int]) -> None:
        """What informs about the row, and its cells to fill in."""
        self.place += 1
        is_heading = row.form is None or isinstance(row.form, ClaimForm)
        for column in range(2, self.layout.width + 1):
            cell = self.sheet.cell(self.place, column)
            cell.border = FRAME
            if is_heading:
                cell.fill = FILL_SUNKEN
        for column, fact in enumerate(row.facts, 2):
            _write_text(self.sheet.cell(self.place, column), fact, BOLD if is_heading else PLAIN)
        if row.form:
            self._write_form(row.form, rows, row.hint)
        self._set_height(1 if self.layout.code in (CRITERIA, Section.RESOURCES) else 2)

    def _set_height(self, lines: int = 1) -> None:
        """High enough for what stands in the row: a program that only shows the file does not work it out."""
        for column, head in enumerate([*self.layout.facts, *self.layout.inputs], 2):
            text = str(self.sheet.cell(self.place, column).value or "")
            lines = max(lines, sum(-(-len(part) // max(head.width - 1, 1)) for part in text.split("\n")))
        self.sheet.row_dimensions[self.place].height = LINE_HEIGHT * min(lines, MOST_LINES) + 3

    def _write_form(self, form: RowForm, rows: dict[str, int], hint: str = "") -> None:
        prefix = str(form.prefix)
        rows[prefix] = form.row.row_version if form.row else 0
        _write_text(self.sheet.cell(self.place, 1), prefix)
        for name, letter in self.layout.cells(form).items():
            cell = self.sheet[f"{letter}{self.place}"]
            field = form.fields[name]
            self._write_input(cell, field, form.get_initial_for_field(field, name))
            self._guide(cell, field, hint)

    def _write_input(self, cell: Cell, field: forms.Field, stored: Any) -> None:
        """A cell that can be changed, with what stands there now."""
        kind = kind_of(field)
        _write_text(cell, "")
        cell.number_format = FORMATS.get(kind, AS_TEXT)
        cell.fill, cell.border, cell.protection = FILL_INPUT, FRAME, Protection(locked=False)
        if kind == NUMBER:
            _write_number(cell, stored)
        elif kind == DAY and isinstance(stored, date):
            cell.value = stored
            cell.number_format = FORMATS[DAY]
        elif kind == MARK:
            _write_text(cell, MARKED if stored else "")
        elif kind == CHOICE:
            _write_text(cell, word_of(field, stored))
        elif stored is not None and kind != DAY:
            _write_text(cell, str(stored))

    def _guide(self, cell: Cell, field: forms.Field, hint: str) -> None:
        """A drop-down where there is a choice, and a message beside the cell when it is entered."""
        kind = kind_of(field)
        words: tuple[str, ...] = ()
        if kind == CHOICE:
            words = tuple(word for code, word in choices_of(field) if code)
        elif kind == MARK:
            words = (MARKED,)
        title, text = str(field.label or "")[:32], _message(field, kind, hint)[:255]
        key = (words, title, text)
        if key not in self.validations:
            self.validations[key] = self._validation(words, title, text)
            self.sheet.add_data_validation(self.validations[key])
        self.validations[key].add(cell)

    def _validation(self, words: tuple[str, ...], title: str, text: str) -> DataValidation:
        if not words:
            return DataValidation(promptTitle=title, prompt=text, showInputMessage=True)
        return DataValidation(
            type="list",
            formula1=self.lists.address(words),
            allow_blank=True,
            promptTitle=title,
            prompt=text,
            showInputMessage=True,
            showErrorMessage=True,
            errorTitle=title,
            error=_("Choose one of the list, or leave the cell empty."),
        )

    def _finish(self, header: int) -> None:
        """What stays in view, what is printed, what is protected."""
        sheet = self.sheet
        wide = self.layout.code == CRITERIA
        sheet.freeze_panes = f"{'D' if wide else 'C'}{header + 1}"
        sheet.print_title_rows = f"{header}:{header}"
        if wide:
            sheet.print_title_cols = "B:C"
        _set_up_page(sheet, str(self.draft.version), 2 if wide else 1)
        sheet.protection.sheet = True
        sheet.protection.formatColumns = sheet.protection.formatRows = False  # False: these may be done


def choices_of(field: forms.Field) -> list[tuple[str, str]]:
    """The choices of a field: code and word, capital letter first."""
    assert isinstance(field, forms.ChoiceField)
    return [(str(code), _capital(str(word))) for code, word in list(field.choices)]  # type: ignore[arg-type]


def word_of(field: forms.Field, code: Any) -> str:
    """The word for a stored code; empty for none."""
    return dict(choices_of(field)).get(str(code), "") if code not in (None, "") else ""


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _message(field: forms.Field, kind: str, hint: str) -> str:
    """What is said beside a cell to fill in."""
    parts = [hint] if hint and kind in (NUMBER, CHOICE) else []
    if kind == NUMBER:
        text = _("Type digits, for example %(example)s. Leave it empty where there is no figure; 0 is a figure.")
        parts.append(text % {"example": format_number(Decimal("12.5"))})
    elif kind == DAY:
        parts.append(_("Type day/month/year, for example 05/12/2014."))
    elif kind == CHOICE:
        parts.append(_("Choose one of the list."))
    elif kind == MARK:
        parts.append(_("Put an x, or leave it empty."))
    elif kind == TEXT:
        parts.append(_("Alt+Enter begins a new line."))
    else:
        parts.append(_("At most %(n)s letters.") % {"n": getattr(field, "max_length", None) or 500})
    return "\n".join([*parts, str(field.help_text or "")]).strip()


def _write_text(cell: Cell, text: str, font: Font = PLAIN) -> None:
    """A text that stays one, even when it begins with "="."""
    cell.font, cell.alignment = font, WRAPPED if font in (PLAIN, BOLD) and cell.row > 3 else Alignment(vertical="top")
    clean = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n"))
    if not clean:
        return
    cell.value = clean
    cell.data_type = "s"
    cell.quotePrefix = clean[0] in "=+-@'"


def _write_number(cell: Cell, stored: Any) -> None:
    """A number as exactly as Excel can keep it, else as text."""
    if not isinstance(stored, Decimal):
        return
    exact = stored.normalize()
    if len(exact.as_tuple().digits) > MOST_DIGITS:
        _write_text(cell, f"{exact:f}")
        return
    cell.value = int(exact) if exact == exact.to_integral_value() else float(exact)


def _set_up_page(sheet: Worksheet, footer: str, pages: int = 1) -> None:
    """A4 across, so many pages wide, with the report's name and page numbers."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter.left.text = footer.replace("&", "&&")
    sheet.oddFooter.right.text = "&P/&N"


def _write_guide(sheet: Worksheet, draft: Draft, sheets: list[Layout]) -> None:
    """The first sheet: what the file is, and how it is filled in and sent back."""
    version = draft.version
    sheet.title = _("How to")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 90
    _write_text(sheet["A1"], _("Report to fill in offline"), TITLE)
    sheet.row_dimensions[1].height = 26
    facts = [
        (_("Report"), str(version.report)),
        (_("Version"), str(version.number)),
        (_("Made at"), moment(clock.now())),
    ]
    if settings.DEMO_TODAY:
        words = _("All figures are illustrative; today is assumed to be %(day)s.")
        facts.append((_("Demonstration"), words % {"day": day(settings.DEMO_TODAY)}))
    steps = [
        _("Fill in the yellow cells of the sheets %(first)s to %(last)s. All other cells are locked.")
        % {"first": sheets[0].title, "last": sheets[-1].title},
        _(
            "A number is typed with digits only: %(example)s. Zero is a figure. Where there is none, leave the cell "
            "empty and say why beside it."
        )
        % {"example": format_number(Decimal("12.5"))},
        _(
            "Where both are known, give the number counted and the total instead of the percentage; the site computes "
            "it."
        ),
        _("Choose from the lists. Do not type formulas: a cell with a formula is refused. Paste with “Values only”."),
        _("A line of a section that should go is marked with x under “Remove this line”. Unused lines stay empty."),
        _("Save as .xlsx and send the file on the page of the report. You see every change before anything is saved."),
        _("If somebody changes the same row on the site meanwhile, you will be asked which of the two should stay."),
    ]
    place = 3
    for name, words in facts:
        _write_text(sheet[f"A{place}"], name, BOLD)
        _write_text(sheet[f"B{place}"], words)
        place += 1
    for number, words in enumerate(steps, 1):
        place += 1
        _write_text(sheet[f"A{place}"], str(number), BOLD)
        sheet[f"A{place}"].alignment = Alignment(horizontal="right", vertical="top")
        _write_text(sheet[f"B{place}"], words)
        sheet.row_dimensions[place].height = LINE_HEIGHT * -(-len(words) // 85) + 4
    _set_up_page(sheet, str(version))
    sheet.protection.sheet = True
