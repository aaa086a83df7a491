"""How does a page get smaller on its way? Without the line breaks and indents of its templates."""

import re

from django.utils.html import strip_spaces_between_tags

_WRITTEN = re.compile(r"(<(?:textarea|pre)\b.*?</(?:textarea|pre)>)", re.DOTALL)
_BREAK = re.compile(r"[ \t\r]*\n[ \t\r\n]*")
_BREAK_AT_END_OF_TAG = re.compile(r"[ \t\r]*\n[ \t\r\n]*(/?>)")


def compact(html: str, *, between_tags: bool = False) -> str:
    """The same page with one space for each line break; also without space between tags, where nothing hangs on it.

    What people wrote stays as it is: only breaks between words and tags go, and never those within a text area.
    """
    pieces = _WRITTEN.split(html)
    pieces[::2] = [_BREAK.sub(" ", _BREAK_AT_END_OF_TAG.sub(r"\1", piece)) for piece in pieces[::2]]
    whole = "".join(pieces).strip()
    return strip_spaces_between_tags(whole) if between_tags else whole
