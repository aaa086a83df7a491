"""Does a page load from another host? It must not: offices may have no way there, and CSP refuses it.

A link that a person may follow (`<a href>`) is no load, and neither is an address in a comment.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = r"""["']?\s*(?:https?:)?//"""
LOADS = {
    ".html": re.compile(
        rf"(?:\b(?:src|srcset|action|formaction|data|poster)\s*=|<link\b[^>]*\bhref\s*=|url\(|@import)\s*{ADDRESS}"
    ),
    ".css": re.compile(rf"(?:url\(|@import)\s*{ADDRESS}|sourceMappingURL"),
    ".js": re.compile(rf"(?:fetch\(|import\(?|from|importScripts\(|\.open\(|\.src\s*=)\s*{ADDRESS}|sourceMappingURL"),
    ".svg": re.compile(rf"(?:\bhref\s*=|url\(|@import)\s*{ADDRESS}"),
}


def loads_from_elsewhere(file: Path) -> list[str]:
    """The lines of `file` that load from another host, as `file:line: text`."""
    pattern = LOADS.get(file.suffix)
    if pattern is None:
        return []
    text = file.read_text(encoding="utf-8")
    return [
        f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()}"
        for found in pattern.finditer(text)
    ]


if __name__ == "__main__":
    files = [file for folder in ("templates", "static") for file in sorted((ROOT / folder).rglob("*"))]
    lines = [line for file in files for line in loads_from_elsewhere(file)]
    sys.exit("\n".join([*lines, "These load from another host; keep a copy in static/ instead."]) if lines else 0)
