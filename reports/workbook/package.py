"""Is it safe to open this file? Everything is checked before openpyxl sees any of it.

An .xlsx is a ZIP archive of XML parts. Its size, its parts and what they would unpack to are limited; macros, links
to other files and connections are refused; no part may declare entities.
"""

import re
from typing import BinaryIO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from defusedxml import DefusedXmlException
from defusedxml.sax import parseString
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook, load_workbook

from ntm_tracker.contents import MACRO_PARTS, OLE, is_locked

MEGABYTE = 1024 * 1024
LARGEST_FILE = 5 * MEGABYTE
LARGEST_UNPACKED = 20 * MEGABYTE
LARGEST_RATIO = 200
"""How much smaller than its content a part may be; only parts of more than a megabyte are asked."""
LARGEST_PART = 2 * MEGABYTE
"""For every part but the sheets and their texts: a huge list of styles would take a hundred times its size."""
MOST_PARTS = 300

BROKEN = gettext_lazy("The file is damaged or not complete. Open it in Excel, save it anew as .xlsx and send it again.")
MACROS = gettext_lazy("The file contains macros, which are programs. Save it as .xlsx, without macros.")
FOREIGN: list[tuple[str, str | Promise]] = [
    (MACRO_PARTS, MACROS),
    (r"/externalLinks/", gettext_lazy("The file has links to other workbooks. Remove them (Data, Edit links).")),
    (r"connections\.xml$|/queryTables/", gettext_lazy("The file has connections to other data. Remove them.")),
    (r"/embeddings/|oleObject", gettext_lazy("The file contains other files. Remove them.")),
]
"""Parts that no template has, by a piece of their name, and why the file is refused."""


class Refused(Exception):
    """The file as a whole is not taken; the message is a sentence for whoever sent it."""


def open_workbook(file: BinaryIO) -> Workbook:
    """The workbook, to be read cell by cell. Raises `Refused`."""
    _refuse_size(file)
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            _refuse_parts(archive.infolist())
            _refuse_content(archive)
        file.seek(0)
        return load_workbook(file, read_only=True, keep_links=False)
    except Refused:
        raise
    except DefusedXmlException as refused:
        raise Refused(
            _("The file declares XML entities, which no workbook needs. Nothing of it was read.")
        ) from refused
    except (BadZipFile, SAXException, ZlibError, EOFError, OSError) as broken:
        raise Refused(str(BROKEN)) from broken
    except Exception as broken:
        # openpyxl raises whatever comes up when a part is missing or says what it should not.
        raise Refused(str(BROKEN)) from broken


def _refuse_size(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        text = _("The file is larger than %(n)s MB. A template with all its rows filled in is much smaller.")
        raise Refused(text % {"n": LARGEST_FILE // MEGABYTE})
    file.seek(0)
    head = file.read(8)
    if not head:
        raise Refused(_("The file is empty."))
    if head.startswith(OLE):
        raise Refused(_("The file is locked with a password, or saved as .xls. Save it as .xlsx, without a password."))
    if not head.startswith(b"PK"):
        raise Refused(_("This is no Excel file. Send the template, saved as .xlsx."))


def _refuse_parts(parts: list[ZipInfo]) -> None:
    """What the list of the parts already tells; what they unpack to is never more than they say."""
    names = [part.filename for part in parts]
    if is_locked(parts):
        raise Refused(_("The file is locked with a password. Save it without one."))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED or any(map(_swells, parts)):
        raise Refused(_("The file would unpack to an enormous size. Nothing of it was read."))
    if "mimetype" in names and "content.xml" in names:
        raise Refused(_("This is an OpenDocument file. Save it as .xlsx (Excel 2007 or newer)."))
    if "xl/workbook.bin" in names:
        raise Refused(_("This is an Excel file of the binary kind (.xlsb). Save it as .xlsx."))
    for pattern, reason in FOREIGN:
        if any(re.search(pattern, f"/{name}", re.IGNORECASE) for name in names):
            raise Refused(str(reason))
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise Refused(_("This is no Excel file. Send the template, saved as .xlsx."))
    if len(set(names)) != len(names):
        raise Refused(str(BROKEN))


def _swells(part: ZipInfo) -> bool:
    """Whether a part is much larger than such a part ever is."""
    if part.file_size > LARGEST_PART and not re.match(r"xl/(worksheets/|sharedStrings)", part.filename):
        return True
    return part.file_size > MEGABYTE and part.file_size > LARGEST_RATIO * part.compress_size


def _refuse_content(archive: ZipFile) -> None:
    """Every part is read once: whether it is whole, and whether an XML part declares entities."""
    for part in archive.infolist():
        content = archive.read(part)
        if part.filename == "[Content_Types].xml" and b"macroenabled" in content.lower():
            raise Refused(str(MACROS))
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            parseString(content, ContentHandler(), forbid_dtd=True)
