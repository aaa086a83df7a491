"""Which part of the board of deadlines shall be shown? What is not understood falls back to the usual."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import QueryDict

from reports.models import Period

USUAL = 8


class BoardFilter:
    """What was asked of the board: programme, year, province, only who is behind, all quarters."""

    NAMES = ("programme", "year", "province", "late", "all")

    def __init__(self, asked: QueryDict) -> None:
        self.asked: dict[str, str] = {name: asked.get(name, "") for name in self.NAMES if asked.get(name)}

    @property
    def programme(self) -> str:
        return self.asked.get("programme", "")

    @property
    def province(self) -> str:
        return self.asked.get("province", "")

    @property
    def only_late(self) -> bool:
        return "late" in self.asked

    @property
    def everything(self) -> bool:
        """Whether all quarters were asked for."""
        return "all" in self.asked

    def year(self, periods: Sequence[Period]) -> int:
        """The year asked for, when there are quarters of it; 0 for all years."""
        return next((period.year for period in periods if str(period.year) == self.asked.get("year")), 0)

    def quarters(self, periods: Sequence[Period]) -> list[Period]:
        """Of these quarters the ones to show: of the year, else all when asked for, else the last ones."""
        if year := self.year(periods):
            return [period for period in periods if period.year == year]
        return list(periods if self.everything else periods[-USUAL:])

    def query(self, *without: str, **more: object) -> str:
        """What leads back to the same part of the board, as the end of a link."""
        kept = {name: value for name, value in self.asked.items() if name not in without}
        return "?" + urlencode({**kept, **more})
