"""The files the demonstration is told from."""

import csv
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data" / "demonstration"
SEED = 688


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one file of the demonstration."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
