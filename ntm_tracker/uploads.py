"""How does a file come in? Onto the disk at once, never more of it than is allowed, and whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file that is being sent into a temporary one, and nothing of it beyond the largest size.

    The rest is read and dropped, so that the sender gets a sentence instead of a broken connection. The file's
    `size` is what was sent: whoever takes the file must compare it with `EVIDENCE_MAX_BYTES` (`is_too_large` does).
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = settings.EVIDENCE_MAX_BYTES - start
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)


def is_too_large(file: Any) -> bool:
    """Whether more was sent than is allowed; of such a file only the beginning is there."""
    return bool(file.size > settings.EVIDENCE_MAX_BYTES)


class WholeFileStorage(FileSystemStorage):
    """Files on the disk under their names only when every byte is there."""

    def _save(self, name: str, content: Any) -> str:
        """Write under a temporary name beside it, wait for the disk, then give it its name."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(part, self.file_permissions_mode or 0o600)
            os.rename(part, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(part)
            raise
        _wait_for(target.parent)
        return name


def _wait_for(directory: Path) -> None:
    """Wait until the disk knows the new name too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
