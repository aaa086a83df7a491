"""What is a file that somebody sends? Found in its content and never in its name.

`recognise` knows the few types that are taken and raises `Unacceptable` with a sentence for everything else. It
opens nothing that could grow: of a Word or Excel file only the list of parts is read, of a photo only what it
takes to see that it is whole.
"""

import re
import struct
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, UnidentifiedImageError

from criteria.rules import rounded
from ntm_tracker.templatetags.look import number

LONGEST_NAME = 150
LARGEST_PICTURE = 100_000_000
"""In pixels; a telephone's camera makes 12 to 50 million."""
MOST_PARTS = 2000
LARGEST_UNPACKED = 300 * 1024 * 1024
LARGEST_DIRECTORY = 512 * 1024


class Unacceptable(Exception):
    """The file is not taken; the message is a sentence for whoever sent it."""


@dataclass(frozen=True)
class FileType:
    """A type of file that is taken: as it is named in a header, by its endings, and in a sentence."""

    media_type: str
    endings: tuple[str, ...]
    label: str | Promise

    @property
    def tag(self) -> str:
        """Three or four capital letters for a chip."""
        return self.endings[0].lstrip(".").upper()


PDF = FileType("application/pdf", (".pdf",), "PDF")
JPEG = FileType("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), gettext_lazy("JPEG photo"))
PNG = FileType("image/png", (".png",), gettext_lazy("PNG picture"))
WEBP = FileType("image/webp", (".webp",), gettext_lazy("WebP picture"))
WORD = FileType(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    (".docx",),
    gettext_lazy("Word document"),
)
EXCEL = FileType(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",), gettext_lazy("Excel file")
)
TYPES = {kind.media_type: kind for kind in (PDF, JPEG, PNG, WEBP, WORD, EXCEL)}
ENDINGS = [ending for kind in TYPES.values() for ending in kind.endings]

TAKEN = gettext_lazy("Send a PDF, a photo (JPEG, PNG, WebP), a Word document (.docx) or an Excel file (.xlsx).")
MACROS = gettext_lazy("The file contains macros, which are programs. Save it without macros as %(ending)s, or as PDF.")
BROKEN = gettext_lazy("The file is damaged or not complete. Open it on your machine, save it anew and send it again.")

OLD_OFFICE = gettext_lazy(
    "This is a Word or Excel file of the old kind (.doc, .xls), or one locked with a password: it cannot be seen "
    "whether it hides macros. Save it without a password as .docx, .xlsx or PDF."
)
ARCHIVE = gettext_lazy("This is an archive (ZIP, RAR or the like). Send the files in it one by one.")
PROGRAM = gettext_lazy("This is a program. Programs are not taken.")
WEB_PAGE = gettext_lazy("This is a web page or an SVG drawing, which can contain programs. Save it as PDF.")
HEIC = gettext_lazy("This is a photo of the type HEIC, which many computers cannot open. Save it as JPEG.")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an Office file of the old kind begins, and one that is locked with a password."""

MACRO_PARTS = r"vbaProject|vbaData|/macrosheets/|/activeX/"
"""What the part of an Office file that holds programs is called, in part and in any case."""

REFUSED = [
    (OLE, OLD_OFFICE),
    (b"MZ", PROGRAM),
    (b"\x7fELF", PROGRAM),
    (b"#!", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"Rar!", ARCHIVE),
    (b"7z\xbc\xaf", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
]
"""What is refused with a word of its own, by its first bytes."""


def recognise(file: Any, name: str) -> FileType:
    """The type of an uploaded file; `name` must not say otherwise. Raises `Unacceptable`."""
    found = _by_content(file)
    ending = PurePath(name).suffix.lower()
    if ending and ending not in found.endings:
        text = _(
            "The name ends in “%(ending)s”, but by its content the file is a %(type)s. Check that it is the right one."
        )
        raise Unacceptable(text % {"ending": ending, "type": found.label})
    return found


def _by_content(file: Any) -> FileType:
    file.seek(0)
    head = file.read(1024)
    if not head.strip(b"\0 \t\r\n"):
        raise Unacceptable(_("The file is empty."))
    if head.startswith(b"%PDF-"):
        return _pdf(file)
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return _picture(file)
    raise Unacceptable(_why_not(head))


def _why_not(head: bytes) -> str:
    """A sentence for the beginning of a file that is not taken."""
    for signature, sentence in REFUSED:
        if head.startswith(signature):
            return str(sentence)
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return str(HEIC)
    if head.startswith(b"PK"):
        return str(ARCHIVE)
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").replace(b"\0", b"").lower()
    if text.startswith(b"<"):
        return str(WEB_PAGE)
    return f"{_('This type of file is not taken.')} {TAKEN}"


def _tail(file: Any, length: int) -> bytes:
    """The last bytes of a file."""
    size = file.seek(0, 2)
    file.seek(max(0, size - length))
    return bytes(file.read())


def _pdf(file: Any) -> FileType:
    if b"%%EOF" not in _tail(file, 2048):
        raise Unacceptable(str(BROKEN))
    return PDF


def _picture(file: Any) -> FileType:
    """A photo whose pixels are counted and whose end is there; it is never drawn in full size."""
    file.seek(0)
    try:
        image = Image.open(file, formats=("JPEG", "PNG", "WEBP"))
        if image.width * image.height > LARGEST_PICTURE:
            raise Image.DecompressionBombError
        found = {"PNG": PNG, "WEBP": WEBP}.get(image.format or "", JPEG)
        if found is JPEG:
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
        elif found is PNG:
            image.verify()
        elif struct.unpack("<I", _head(file, 8)[4:])[0] + 8 > file.seek(0, 2):
            raise Unacceptable(str(BROKEN))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as refusal:
        text = _("The picture is larger than %(n)s million pixels. Make it smaller and send it again.")
        raise Unacceptable(text % {"n": LARGEST_PICTURE // 1_000_000}) from refusal
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error) as refusal:
        raise Unacceptable(str(BROKEN)) from refusal
    return found


def _head(file: Any, length: int) -> bytes:
    file.seek(0)
    return bytes(file.read(length))


def _office(file: Any) -> FileType:
    """A Word or Excel file by the list of its parts; nothing but the list of their types is unpacked."""
    _refuse_long_directory(file)
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            listed = archive.infolist()
            parts = {part.filename.lower(): part for part in listed}
            found = WORD if "word/document.xml" in parts else EXCEL if "xl/workbook.xml" in parts else None
            if found is None or "[content_types].xml" not in parts:
                raise Unacceptable(str(ARCHIVE))
            _refuse_bomb(listed)
            types = parts["[content_types].xml"]
            if types.file_size > LARGEST_DIRECTORY:
                raise Unacceptable(str(BROKEN))
            content_types = archive.read(types).lower()
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as refusal:
        raise Unacceptable(str(BROKEN)) from refusal
    if b"macroenabled" in content_types or any(re.search(MACRO_PARTS, f"/{name}", re.IGNORECASE) for name in parts):
        raise Unacceptable(str(MACROS) % {"ending": found.endings[0]})
    return found


def _refuse_long_directory(file: Any) -> None:
    """The list of parts stands at the end of the file; a huge one would fill the memory when it is read."""
    tail = _tail(file, 66_000)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22 or b"PK\x06\x07" in tail[max(0, end - 20) : end]:
        raise Unacceptable(str(BROKEN))
    count, length = struct.unpack("<HI", tail[end + 10 : end + 16])
    if count > MOST_PARTS or length > LARGEST_DIRECTORY:
        raise Unacceptable(_("The file has too many parts to be checked. Save it as PDF."))


def is_locked(parts: list[ZipInfo]) -> bool:
    """Whether any part of an archive needs a password."""
    return any(part.flag_bits & 1 for part in parts)


def _refuse_bomb(parts: list[ZipInfo]) -> None:
    """A small file that would unpack to a huge one, or one whose parts are locked."""
    if is_locked(parts):
        raise Unacceptable(_("The file is locked with a password. Save it without one."))
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Unacceptable(_("The file would unpack to an enormous size and is not taken. Save it as PDF."))


def clean_name(name: str, file_type: FileType) -> str:
    """The name for a later download: no folders, nothing invisible, and the ending of what the file is."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C" and letter not in '"<>:|?*')
    path = PurePath(" ".join(name.split()).strip(". ") or "file")
    ending = path.suffix if path.suffix.lower() in file_type.endings else file_type.endings[0]
    stem = path.name.removesuffix(path.suffix) if path.suffix.lower() in file_type.endings else path.name
    return stem[: LONGEST_NAME - len(ending)].rstrip(". ") + ending


def in_megabytes(size: int) -> str:
    """A size in words: 3,1 MB, or 12 kB where it is less than a tenth of one."""
    nbsp = "\N{NO-BREAK SPACE}"
    if size < 100 * 1024:
        return f"{number(-(-size // 1024))}{nbsp}kB"
    return f"{number(rounded(Fraction(size, 1024 * 1024), 1))}{nbsp}MB"
