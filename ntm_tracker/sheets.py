"""What does a CSV file say? Rows whose cells are read as text, number, day or code, or refused with file and line.

`write` makes one for Excel.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models

Choice = TypeVar("Choice")


class WrongFile(Exception):
    """A file that is not loaded; the text names the file, the line and the reason."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        place = f"{file}, line {line}" if line else str(file)
        super().__init__(f"{place}: {reason}")


@dataclass(frozen=True)
class Row:
    """One row of a file; every method refuses a cell that does not hold what is asked for."""

    file: Path
    line: int
    cells: Mapping[str, str]

    def wrong(self, reason: str) -> WrongFile:
        return WrongFile(self.file, self.line, reason)

    def text(self, column: str, *, required: bool = True) -> str:
        cell = self.cells[column]
        if required and not cell:
            raise self.wrong(f"{column} is empty.")
        return cell

    def integer(self, column: str) -> int:
        number = self.integer_or_none(column)
        if number is None:
            raise self.wrong(f"{column} is empty.")
        return number

    def integer_or_none(self, column: str) -> int | None:
        cell = self.text(column, required=False)
        if cell and not re.fullmatch(r"[0-9]{1,9}", cell):
            raise self.wrong(f"{column} must be a whole number, not {cell!r}.")
        return int(cell) if cell else None

    def decimal_or_none(self, column: str) -> Decimal | None:
        cell = self.text(column, required=False)
        if cell and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell):
            raise self.wrong(f"{column} must be a number like 12.5, not {cell!r}.")
        return Decimal(cell) if cell else None

    def day(self, column: str) -> date:
        cell = self.text(column)
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
                raise ValueError(cell)
            return date.fromisoformat(cell)
        except ValueError:
            raise self.wrong(f"{column} must be a date like 2013-02-20, not {cell!r}.") from None

    def flag(self, column: str) -> bool:
        return self.one_of(column, {"yes": True, "no": False})

    def one_of(self, column: str, choices: Mapping[str, Choice]) -> Choice:
        """What the code in the cell stands for."""
        return self.known(column, self.text(column), choices)

    def some_of(self, column: str, choices: Mapping[str, Choice]) -> list[Choice]:
        """What the codes in the cell stand for, written with commas between them."""
        codes = [code.strip() for code in self.text(column).split(",")]
        if len(set(codes)) < len(codes):
            raise self.wrong(f"{column} names something twice: {self.cells[column]!r}.")
        return [self.known(column, code, choices) for code in codes]

    def known(self, column: str, code: str, choices: Mapping[str, Choice]) -> Choice:
        if code not in choices:
            raise self.wrong(f"unknown {column} {code!r}; known are: {', '.join(choices) or 'none'}.")
        return choices[code]

    def check(self, instance: models.Model) -> None:
        """Refuse what the columns of the model cannot hold. Its foreign keys are not looked at."""
        foreign = {field.name for field in instance._meta.fields if field.is_relation}
        try:
            instance.clean_fields(exclude=foreign)
        except ValidationError as error:
            column, reasons = next(iter(error.message_dict.items()))
            raise self.wrong(f"{column}: {reasons[0]}") from None


def read(file: Path, columns: Sequence[str], optional: Collection[str] = ("comment",)) -> list[Row]:
    """The rows of a file that has exactly these columns, in any order, in UTF-8. Empty lines are skipped."""
    try:
        data = file.read_bytes()
    except OSError:
        raise WrongFile(file, None, "the file cannot be read.") from None
    try:
        text = unicodedata.normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise WrongFile(file, line, "the text is not UTF-8.") from None
    if "\0" in text:
        raise WrongFile(file, text[: text.index("\0")].count("\n") + 1, "the text holds a NUL character.")
    numbered = list(_numbered(file, text))
    header = [cell.strip() for cell in numbered[0][1]] if numbered else []
    for column in columns:
        if column not in header:
            raise WrongFile(file, 1, f"the column {column!r} is missing.")
    for column in header:
        if column not in columns and column not in optional:
            raise WrongFile(file, 1, f"unknown column {column!r}.")
        if header.count(column) > 1:
            raise WrongFile(file, 1, f"the column {column!r} stands twice.")
    rows = []
    for line, cells in numbered[1:]:
        if len(cells) != len(header):
            raise WrongFile(file, line, f"{len(header)} cells are needed, not {len(cells)}.")
        rows.append(Row(file, line, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    return rows


def write(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as a file that Excel opens with a double click: UTF-8 with its mark, and no cell is a formula."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([_as_text(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _as_text(cell: str) -> str:
    """The cell so that a spreadsheet shows it and does not work it out."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def _numbered(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with the line each begins on: a quoted cell may hold line ends."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise WrongFile(file, line, f"this is not CSV: {error}.") from None
