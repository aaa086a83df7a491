"""How does a page get smaller on its way? Without the line breaks and indents of its templates."""

import re

from django.utils.html import strip_spaces_between_tags

_PIECE = re.compile(
    r"""(?P<written><(textarea|pre)\b.*?</\2> | ="[^"]*")   # what people wrote, between tags or in an attribute
      | [ \t\r]*\n[ \t\r\n]*(?P<end>/?>)?                   # a line break, perhaps before the end of a tag
    """,
    re.DOTALL | re.VERBOSE,
)


def compact(html: str, *, between_tags: bool = False) -> str:
    """The same page with one space for each line break; also without space between tags, where nothing hangs on it.

    What people wrote stays as it is: only breaks between words and tags go, and never those within a text area or
    the value of an attribute.
    """
    whole = _PIECE.sub(_replaced, html).strip()
    return strip_spaces_between_tags(whole) if between_tags else whole


def _replaced(piece: re.Match[str]) -> str:
    return piece["written"] or piece["end"] or " "
