"""A copy of the reference files that a test may spoil, and the command that loads it."""

import io
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db.models import Model

from communes.models import Commune, Membership, Programme, Province, Target
from criteria.models import CriteriaSet, Criterion, CriterionGroup, Indicator, Region, Threshold
from reports.models import Period

LOADED: list[type[Model]] = [
    Region,
    CriterionGroup,
    CriteriaSet,
    Criterion,
    Indicator,
    Threshold,
    Province,
    Commune,
    Programme,
    Membership,
    Target,
    Period,
]


class Folder:
    """The repository's reference files, copied."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for app in ("criteria", "communes", "reports"):
            shutil.copytree(settings.BASE_DIR / app / "data", path / app / "data")

    def file(self, name: str) -> Path:
        """A file by its name alone, such as regions.csv."""
        return next(self.path.glob(f"*/data/{name}"))

    def lines(self, name: str) -> list[str]:
        return self.file(name).read_text("utf-8").splitlines(keepends=True)

    def line_of(self, name: str, text: str) -> int:
        """The number of the only line that holds the text."""
        (number,) = [number for number, line in enumerate(self.lines(name), start=1) if text in line]
        return number

    def change(self, name: str, old: str, new: str) -> int:
        """Replace a text that stands once in the file; answers the number of its line."""
        content = self.file(name).read_text("utf-8")
        assert content.count(old) == 1, f"{old!r} stands {content.count(old)} times in {name}"
        self.file(name).write_text(content.replace(old, new), "utf-8")
        before = content[: content.index(old) + len(old) - len(old.lstrip("\n"))]
        return before.count("\n") + 1

    def append(self, name: str, line: str) -> int:
        """Add a line at the end; answers its number."""
        content = self.file(name).read_text("utf-8") + line + "\n"
        self.file(name).write_text(content, "utf-8")
        return content.count("\n")

    def load(self, **options: bool) -> str:
        """Run the command on this folder; answers what it says."""
        said = io.StringIO()
        call_command("load_reference", directory=self.path, stdout=said, **options)
        return said.getvalue()


def rows() -> int:
    """How many rows of reference data there are."""
    return sum(model._default_manager.count() for model in LOADED)
