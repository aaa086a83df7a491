"""How does a page of a file that somebody sent look? As a picture, drawn by a process of its own.

    draw(content, "application/pdf", 2)    Picture(content=b"RIFF…", pages=3)

Libraries that read PDF and photos are large, and the files come from outside: whatever a hostile file does, it does
in a process without our settings, with little memory and little time, and is gone with it (`page_drawer`).
"""

import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import BoundedSemaphore

from django.utils.translation import gettext as _

from ntm_tracker.contents import JPEG, PDF, PNG, WEBP

log = logging.getLogger(__name__)

DRAWER = [sys.executable, "-I", str(Path(__file__).with_name("page_drawer.py"))]
DRAWABLE = frozenset(kind.media_type for kind in (PDF, JPEG, PNG, WEBP))
PICTURE_TYPE = "image/webp"
PATIENCE = 15
"""In seconds, until the process is killed; its own limit of working time is shorter."""
NO_SUCH_PAGE = 3

_at_once = BoundedSemaphore(2)
"""How many a server process draws at the same time; the others wait for their turn."""


@dataclass(frozen=True)
class Picture:
    """A page as a picture of the type `PICTURE_TYPE`, and how many pages the file has."""

    content: bytes
    pages: int


class NoPicture(Exception):
    """The file cannot be shown; the message is a sentence for the reader."""


class NoSuchPage(Exception):
    """The file has fewer pages."""


class Busy(Exception):
    """Too many pages are being drawn already; a moment later it works."""


def is_drawable(media_type: str) -> bool:
    """Whether files of this type have a preview at all."""
    return media_type in DRAWABLE


def draw(content: bytes, media_type: str, page: int) -> Picture:
    """A page of a file, counted from 1. Raises `NoPicture`, `NoSuchPage` or `Busy`."""
    if not is_drawable(media_type):
        raise NoPicture(_("There is no preview of this type of file. Download it to read it."))
    if not _at_once.acquire(timeout=PATIENCE):
        raise Busy
    try:
        return _answer(content, media_type, page)
    except (subprocess.TimeoutExpired, ValueError) as refusal:
        log.info("No preview: %s", refusal)
        raise NoPicture(_("This file cannot be shown here. Download it and open it on your machine.")) from refusal
    finally:
        _at_once.release()


def _answer(content: bytes, media_type: str, page: int) -> Picture:
    """What the drawer answers. `ValueError` for anything that is no picture.

    The answer goes to a file, whose size is limited: the drawer is as little to be trusted as what it draws.
    """
    with TemporaryFile() as out, TemporaryFile() as errors:
        done = subprocess.run(
            [*DRAWER, media_type, str(page)],
            input=content,
            stdout=out,
            stderr=errors,
            timeout=PATIENCE,
            env={},  # ours holds the keys of the site
            check=False,
        )
        if done.returncode == NO_SUCH_PAGE:
            raise NoSuchPage
        if done.returncode:
            errors.seek(max(0, errors.tell() - 300))
            raise ValueError(f"exit {done.returncode}: {errors.read().decode(errors='replace')}")
        out.seek(0)
        pages, picture = int(out.readline(10)), out.read()
    if pages < 1 or not (picture.startswith(b"RIFF") and picture[8:12] == b"WEBP"):
        raise ValueError("this is no picture")
    return Picture(picture, pages)
