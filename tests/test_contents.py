"""Is a file known by its content, whatever its name says, and is everything else refused with the reason?"""

import io
import struct
import zlib
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ntm_tracker.contents import EXCEL, JPEG, PDF, PNG, WEBP, WORD, Unacceptable, clean_name, in_megabytes, recognise
from tests.factories import PDF as A_PDF

pytestmark = pytest.mark.usefixtures("english")


def picture(kind: str) -> bytes:
    """A small picture of that type, with enough detail that its end is missed when it is cut."""
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, kind)
    return file.getvalue()


def office(main: str = "word/document.xml", **parts: bytes | str) -> bytes:
    """A Word or Excel file of the fewest parts; `parts` are further ones, with `__` for "/" and `_` for "."."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(main, "<document/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


def locked(content: bytes) -> bytes:
    """The same archive with every part marked as encrypted."""
    return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


def enormous_png() -> bytes:
    """The head of a picture of 400 million pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"


def look(content: bytes, name: str = "file") -> object:
    return recognise(SimpleUploadedFile("file", content), name)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (A_PDF, "a.pdf", PDF),
        (A_PDF, "A.PDF", PDF),
        (A_PDF, "no ending", PDF),
        (picture("JPEG"), "a.jpeg", JPEG),
        (picture("PNG"), "a.png", PNG),
        (picture("WEBP"), "a.webp", WEBP),
        (office(), "a.docx", WORD),
        (office("xl/workbook.xml"), "a.xlsx", EXCEL),
    ],
)
def test_a_type_that_is_taken_is_known_by_its_content(content: bytes, name: str, expected: object) -> None:
    assert look(content, name) == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\0\0\0 \n", "The file is empty"),
        (A_PDF[:20], "damaged or not complete"),
        (picture("JPEG")[:-300], "damaged or not complete"),
        (picture("PNG")[:-300], "damaged or not complete"),
        (picture("WEBP")[:-300], "damaged or not complete"),
        (b"\xff\xd8\xff and no photo", "damaged or not complete"),
        (enormous_png(), "larger than 100 million pixels"),
        (office()[:-30], "damaged or not complete"),
        (b"PK\x03\x04 and no archive", "damaged or not complete"),
        (office("readme.txt"), "This is an archive"),
        (office(word__vbaProject_bin=b"x"), "contains macros.*as .docx"),
        (office("xl/workbook.xml", xl__macrosheets__sheet1_xml="x"), "contains macros.*as .xlsx"),
        (office(word__big_xml=b"0" * (301 * 1024 * 1024)), "enormous size"),
        (locked(office()), "locked with a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Save it without a password as .docx"),
        (b"MZ\x90\0", "This is a program"),
        (b"\x7fELF\x02", "This is a program"),
        (b"#!/bin/sh\n", "This is a program"),
        (b"Rar!\x1a\x07", "This is an archive"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "web page or an SVG"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><script>1</script>", "web page or an SVG"),
        (b"\xff\xfe<\0h\0t\0m\0l\0", "web page or an SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "Save it as JPEG"),
        (b"Bi\xc3\xaan b\xe1\xba\xa3n", "not taken. Send a PDF"),
        (b"GIF89a", "not taken. Send a PDF"),
    ],
)
def test_everything_else_is_refused_with_the_reason(content: bytes, sentence: str) -> None:
    with pytest.raises(Unacceptable, match=sentence):
        look(content)


def test_macros_are_seen_in_the_list_of_types_too() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "application/vnd.ms-word.document.macroEnabled.main+xml")
        archive.writestr("word/document.xml", "<document/>")

    with pytest.raises(Unacceptable, match="contains macros"):
        look(file.getvalue(), "a.docm")


def test_an_archive_of_too_many_parts_is_not_even_listed() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for n in range(2001):
            archive.writestr(f"word/{n}.xml", "")

    with pytest.raises(Unacceptable, match="too many parts"):
        look(file.getvalue())


@pytest.mark.parametrize(
    ("content", "name", "found"), [(A_PDF, "a.jpg", "PDF"), (picture("PNG"), "a.pdf", "PNG picture")]
)
def test_a_name_that_says_otherwise_is_refused(content: bytes, name: str, found: str) -> None:
    with pytest.raises(Unacceptable, match=f"by its content the file is a {found}"):
        look(content, name)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Quyết định 3127.pdf", "Quyết định 3127.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\a\\Bản đồ.PDF", "Bản đồ.PDF"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("fdp.\u202eexe", "fdp.exe.pdf"),
        ("...", "file.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_for_the_download(name: str, cleaned: str) -> None:
    assert clean_name(name, PDF) == cleaned


def test_sizes_are_said_in_words() -> None:
    assert [in_megabytes(size) for size in (1, 2048, 3_250_000, 10 * 1024 * 1024)] == [
        "1\xa0kB",
        "2\xa0kB",
        "3.1\xa0MB",
        "10\xa0MB",
    ]
