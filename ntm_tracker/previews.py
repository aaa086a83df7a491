"""How does a page of a file that somebody sent look? As a picture, drawn by a process of its own.

    draw(content, "application/pdf", 2)    Picture(content=b"RIFF…", pages=3)

Libraries that read PDF and photos are large, and the files come from outside: whatever a hostile file does, it does
in a process without our settings, with little memory and little time, and is gone with it (`page_drawer`).
"""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
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
        # Without our environment, which holds the keys of the site.
        done = subprocess.run(
            [*DRAWER, media_type, str(page)],
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        log.warning("A preview took more than %s seconds and was stopped", PATIENCE)
        raise NoPicture(_sentence()) from expired
    finally:
        _at_once.release()
    if done.returncode == NO_SUCH_PAGE:
        raise NoSuchPage
    if done.returncode:
        log.info("No preview (exit %s): %s", done.returncode, done.stderr[-300:].decode(errors="replace"))
        raise NoPicture(_sentence())
    head, picture = done.stdout.split(b"\n", 1)
    return Picture(picture, json.loads(head)["pages"])


def _sentence() -> str:
    return _("This file cannot be shown here. Download it and open it on your machine.")
