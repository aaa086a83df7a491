"""Which files are not even opened? Whatever is no sound workbook, could grow, or contains more than cells."""

import io
import re
from typing import Any
from unittest import mock
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import openpyxl
import pytest
from django.utils import translation

from reports.workbook import package
from reports.workbook.package import Refused, open_workbook

from .workbook_file import repacked

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;">]>'
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&lol1;</t></si></sst>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&file;</t></si></sst>'
)


@pytest.fixture
def template() -> bytes:
    """A sound workbook."""
    book = openpyxl.Workbook()
    book.create_sheet("Tiêu chí")["B2"] = 22.5
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def refuses(content: bytes, reason: str) -> bool:
    """Whether the file is refused with this reason."""
    with translation.override("en"), pytest.raises(Refused, match=re.escape(reason)):
        open_workbook(io.BytesIO(content))
    return True


def test_a_sound_workbook_is_opened(template: bytes) -> None:
    book = open_workbook(io.BytesIO(template))

    assert book["Tiêu chí"]["B2"].value == 22.5


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"Mot van ban", "This is no Excel file."),
        (b"%PDF-1.7\n...", "This is no Excel file."),
        (OLD_OFFICE, "locked with a password, or saved as .xls"),
        (b"PK\x03\x04" + bytes(400), "damaged or not complete"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes, reason: str) -> None:
    assert refuses(content, reason)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(template: bytes, share: float) -> None:
    assert refuses(template[: int(len(template) * share)], "damaged or not complete")


def test_a_file_with_damaged_bytes_is_refused(template: bytes) -> None:
    middle = len(template) // 2
    damaged = (
        template[:middle] + bytes(byte ^ 0x55 for byte in template[middle : middle + 200]) + template[middle + 200 :]
    )

    assert refuses(damaged, "damaged or not complete")


def test_a_file_with_broken_xml_is_refused(template: bytes) -> None:
    broken = repacked(template, {"xl/worksheets/sheet2.xml": "<worksheet><sheetData><row>"})

    assert refuses(broken, "damaged or not complete")


def test_a_file_without_its_parts_is_refused(template: bytes) -> None:
    assert refuses(repacked(template, {"xl/workbook.xml": ""}), "This is no Excel file.")


def test_a_large_file_is_refused_before_it_is_opened(template: bytes) -> None:
    large = template + bytes(package.LARGEST_FILE)

    with mock.patch.object(package, "ZipFile", side_effect=AssertionError("was opened")):
        assert refuses(large, "larger than 5 MB")


def zip_of(size: int, name: str) -> bytes:
    """An archive with a part that unpacks to so many bytes."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open(name, "w") as part:
            for _ in range(size // 65536):
                part.write(b" " * 65536)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("megabytes", "name"),
    [
        (100, "xl/worksheets/sheet1.xml"),
        (100, "xl/media/a.png"),
        (15, "xl/worksheets/sheet1.xml"),  # a thousand times as large as it is packed
        (15, "xl/sharedStrings.xml"),
        (3, "xl/styles.xml"),
    ],
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(megabytes: int, name: str) -> None:
    bomb = zip_of(megabytes * 1024 * 1024, name)
    assert len(bomb) < 1024 * 1024

    with mock.patch.object(package, "parseString", side_effect=AssertionError("was unpacked")):
        assert refuses(bomb, "unpack to an enormous size")


def test_a_bomb_that_hides_its_size_gives_no_more_than_it_says() -> None:
    bomb = bytearray(zip_of(50 * 1024 * 1024, "xl/worksheets/sheet1.xml"))
    size = (50 * 1024 * 1024).to_bytes(4, "little")
    assert bomb.count(size) >= 1
    lying = bytes(bomb).replace(size, (1000).to_bytes(4, "little"))

    assert refuses(lying, "damaged or not complete")


def test_a_file_with_thousands_of_parts_is_refused(template: bytes) -> None:
    many = repacked(template, {f"xl/worksheets/part{n}.xml": "<a/>" for n in range(package.MOST_PARTS)})

    assert refuses(many, "unpack to an enormous size")


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, BOMB.encode("utf-16"), "<!DOCTYPE sst><sst/>"])
@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "docProps/app.xml", "xl/_rels/workbook.xml.rels"])
def test_entities_are_refused_in_every_part(template: bytes, content: Any, part: str) -> None:
    assert refuses(repacked(template, {part: content}), "declares XML entities")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("xl/vbaProject.bin", "contains macros"),
        ("xl/macrosheets/sheet1.xml", "contains macros"),
        ("xl/activeX/activeX1.xml", "contains macros"),
        ("xl/externalLinks/externalLink1.xml", "links to other workbooks"),
        ("xl/connections.xml", "connections to other data"),
        ("xl/embeddings/oleObject1.bin", "contains other files"),
    ],
)
def test_what_no_template_contains_is_refused(template: bytes, part: str, reason: str) -> None:
    assert refuses(repacked(template, {part: "<a/>"}), reason)


def test_a_workbook_that_says_it_has_macros_is_refused(template: bytes) -> None:
    with ZipFile(io.BytesIO(template)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert main in types
    macros = types.replace(main, "application/vnd.ms-excel.sheet.macroEnabled.main+xml")

    assert refuses(repacked(template, {"[Content_Types].xml": macros}), "contains macros")


def test_other_kinds_of_workbooks_are_named() -> None:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    assert refuses(stream.getvalue(), "This is an OpenDocument file.")

    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.bin", b"...")
    assert refuses(stream.getvalue(), "(.xlsb)")
