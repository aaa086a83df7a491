"""A template as a test fills it in: download, put something into the cells of a row, send."""

import io
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl.cell import Cell

from reports.models import QuarterlyReport
from reports.workbook.layout import Layout, layouts


class Filled:
    """A template, opened as Excel would open it."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))

    def layout(self, title: str) -> Layout:
        return next(layout for layout in layouts() if layout.title == title)

    def cell(self, prefix: str, name: str) -> Cell:
        """The cell of a field, such as ("i11", "value")."""
        for sheet in self.book.worksheets:
            for row in range(1, sheet.max_row + 1):
                if sheet.cell(row, 1).value == prefix:
                    layout = self.layout(sheet.title)
                    letters = {head.name: letter for letter, head in layout.columns} | {"nothing": layout.columns[0][0]}
                    return sheet[f"{letters[name]}{row}"]
        raise LookupError(prefix)

    def address(self, prefix: str, name: str) -> str:
        cell = self.cell(prefix, name)
        return f"{cell.parent.title}!{cell.coordinate}"

    def put(self, prefix: str, name: str, value: Any, number_format: str = "") -> str:
        """Type something into a cell, as the program keeps it; returns the address."""
        cell = self.cell(prefix, name)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
        if number_format:
            cell.number_format = number_format
        return self.address(prefix, name)

    def free_lines(self, code: str) -> list[str]:
        """The prefixes of the lines of a section that are still empty."""
        layout = next(layout for layout in layouts() if layout.code == code)
        sheet = self.book[layout.title]
        letters = [letter for letter, _head in layout.columns]
        found = []
        for row in range(1, sheet.max_row + 1):
            prefix = str(sheet.cell(row, 1).value or "")
            is_line = prefix.startswith("l") and not prefix.startswith("lnothing")
            if is_line and not any(sheet[f"{letter}{row}"].value for letter in letters):
                found.append(prefix)
        return found

    def content(self) -> bytes:
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()


def download(client: Client, report: QuarterlyReport) -> Filled:
    """The template of the draft."""
    response = client.get(reverse("reports:workbook", args=[report.pk]))
    assert response.status_code == 200
    return Filled(response.content)


def send(client: Client, report: QuarterlyReport, content: bytes, name: str = "bao-cao.xlsx") -> Any:
    """Send a file; the answer is the page that shows what it would change, or why it is refused."""
    url = reverse("reports:workbook_upload", args=[report.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def repacked(content: bytes, parts: dict[str, bytes | str]) -> bytes:
    """The same archive with other or more parts, by their names; an empty one is left out."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            if part:
                new.writestr(name, part)
    return stream.getvalue()
