"""What does the demonstration write into the sections beside the criteria? Invented, but at home in its commune.

The phrases of `lines.csv` are chosen by what the criteria say in the quarter: a difficulty belongs to a criterion
that is not met. The amounts follow from `sources.csv`; within a year each cumulative amount is the sum so far.
"""

import csv
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from communes.models import Commune
from criteria.models import Criterion
from reports import entry
from reports.entry import LineOf, ResourceOf, Write
from reports.models import Period, QuarterlyReport, Section, Source

Phrase = dict[str, str]

COUNTS = {
    Section.STEERING: 4,
    Section.INSPECTIONS: 2,
    Section.RESULTS: 2,
    Section.IMPACT: 3,
    Section.DIFFICULTIES: 2,
    Section.TASKS: 3,
    Section.PROPOSALS: 2,
}
"""How many lines a section has, where nothing asks for more."""

LIKELY = {Section.STEERING: ("document", "organisation"), Section.IMPACT: ("production", "income", "living")}
"""Kinds of which a section has a line each, as far as there is a phrase."""

SHARES = (Decimal("0.14"), Decimal("0.27"), Decimal("0.31"), Decimal("0.28"))
"""How much of a year's resources comes in each quarter, about."""

VILLAGES = {"11": "bản", "36": "xóm", "70": "ấp", "79": "ấp", "84": "ấp", "91": "ấp"}
"""What a village is called in a province, where it is not “thôn”."""


class Sections:
    """The lines and resources of any report of the demonstration."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        with (folder / "lines.csv").open(encoding="utf-8", newline="") as file:
            self.phrases = list(csv.DictReader(file))
        with (folder / "sources.csv").open(encoding="utf-8", newline="") as file:
            self.sources = {Source(row["source"]): row for row in csv.DictReader(file)}

    def lines(
        self, report: QuarterlyReport, criteria: dict[int, Criterion], letters: Callable[[int, int], str], position: int
    ) -> list[Write]:
        """The lines of every section; `letters` gives the verdict on a criterion at a position of the 13 quarters."""
        return [
            write
            for section in COUNTS
            for write in self.section(section, report, criteria, letters, position) or entry.nothing_to_report(section)
        ]

    def section(
        self,
        section: Section,
        report: QuarterlyReport,
        criteria: dict[int, Criterion],
        letters: Callable[[int, int], str],
        position: int,
    ) -> list[Write]:
        """The lines of one section; none where the quarter had nothing of the kind."""
        chance = self._chance(report, section)
        phrases = self._chosen(section, report, letters, position, chance)
        return [self._line(n, phrase, section, report, criteria, position, chance) for n, phrase in enumerate(phrases)]

    def resources(self, report: QuarterlyReport, sources: tuple[Source, ...] = tuple(Source)) -> list[Write]:
        """The resources of the quarter by source."""
        writes = []
        for source in sources:
            planned, by_quarter = self._year(report.commune, report.period.year, source)
            quarter = report.period.quarter
            cumulative = sum(by_quarter[:quarter], Decimal(0))
            content: dict[str, Any] = {
                "planned": planned,
                "mobilised": by_quarter[quarter - 1],
                "cumulative": cumulative,
            }
            if share := self.sources[source]["disbursed"]:
                content["disbursed"] = (cumulative * Decimal(share)).quantize(Decimal(1))
            if planned:
                writes.append(Write(ResourceOf(source), 0, content))
        return writes

    def _year(self, commune: Commune, year: int, source: Source) -> tuple[Decimal, list[Decimal]]:
        """What was planned for a year, and what came in each of its quarters."""
        chance = random.Random(f"{self.seed} {commune.code} {year} {source.value}")  # noqa: S311
        low, high = int(self.sources[source]["from"]), int(self.sources[source]["to"])
        unit = 10 if high > 1000 else 5
        planned = Decimal(round(chance.uniform(low, high) / unit) * unit)
        reached = Decimal(chance.choice([85, 92, 97, 100, 104, 112])) / 100
        return planned, [(planned * share * reached).quantize(Decimal(1)) for share in SHARES]

    def _chosen(
        self,
        section: Section,
        report: QuarterlyReport,
        letters: Callable[[int, int], str],
        position: int,
        chance: random.Random,
    ) -> list[Phrase]:
        """The phrases of a section: what is told of this commune alone, what the criteria ask for, then others."""
        own, fitting, others = [], [], []
        for phrase in self.phrases:
            if phrase["section"] != section.value:
                continue
            case, number = phrase["case"], int(phrase["criterion"] or 0)
            if case == "own":
                if (phrase["commune"], phrase["quarter"]) == (report.commune.code, report.period.code):
                    own.append(phrase)
            elif case == "unmet":
                if letters(number, position) in "ub":
                    fitting.append(phrase)
            elif case == "gained":
                if position and letters(number, position) == "m" != letters(number, position - 1):
                    fitting.append(phrase)
            elif case in ("any", f"q{report.period.quarter}"):
                others.append(phrase)
        told = {phrase["criterion"] for phrase in own} - {""}
        fitting = [phrase for phrase in fitting if phrase["criterion"] not in told]
        if section == Section.INSPECTIONS and not own and chance.random() < 0.15:
            return []
        chance.shuffle(others)
        # What belongs to the season comes first, then one of each kind.
        others.sort(key=lambda phrase: phrase["case"] == "any")
        chosen = own + fitting[:3]
        for kind in LIKELY.get(section, ()):
            if not any(phrase["kind"] == kind for phrase in chosen):
                chosen += [phrase for phrase in others if phrase["kind"] == kind][:1]
        left = [phrase for phrase in others if phrase not in chosen and phrase["criterion"] not in told]
        chosen += left[: max(0, COUNTS[section] - len(chosen))]
        kinds = list(dict.fromkeys(phrase["kind"] for phrase in self.phrases if phrase["section"] == section.value))
        return sorted(chosen, key=lambda phrase: kinds.index(phrase["kind"]))

    def _line(
        self,
        n: int,
        phrase: Phrase,
        section: Section,
        report: QuarterlyReport,
        criteria: dict[int, Criterion],
        position: int,
        chance: random.Random,
    ) -> Write:
        """One line with its words, days and numbers."""
        period = report.period
        names = {
            "thon": VILLAGES.get(report.commune.province.code, "thôn"),
            "so": f"{chance.randrange(3, 90):02}",
            "nam": period.year,
        }
        content: dict[str, Any] = {name: phrase[name].format(**names) for name in ("text", "detail", "body", "number")}
        content["kind"] = phrase["kind"]
        if phrase["criterion"] and section != Section.STEERING:
            content["criterion"] = criteria[int(phrase["criterion"])]
        if section in (Section.STEERING, Section.INSPECTIONS):
            content["day"] = chance.choice(list(_days(period)))
        if section == Section.INSPECTIONS:
            content["until"] = content["day"] + timedelta(days=chance.randrange(10, 30))
        if section == Section.TASKS:
            content["until"] = period.last_day + timedelta(days=chance.choice([31, 45, 59, 74, 90]))
        if phrase["unit"]:
            content |= self._numbers(phrase, section, report, position)
        key = sha256(f"{report.commune.code} {period.code} {section.value} {n}".encode()).hexdigest()[:32]
        return Write(LineOf(section, key), 0, content)

    def _numbers(self, phrase: Phrase, section: Section, report: QuarterlyReport, position: int) -> dict[str, Any]:
        """How many; of an impact also how many there were a year before."""
        chance = random.Random(f"{self.seed} {report.commune.code} {phrase['text']}")  # noqa: S311
        base = chance.uniform(int(phrase["low"]), int(phrase["high"]))
        if section != Section.IMPACT:
            season = random.Random(f"{self.seed} {report.period.code} {phrase['text']}").uniform(0.8, 1.2)  # noqa: S311
            return {"quantity": Decimal(round(base * season)), "unit": phrase["unit"]}
        growth = chance.uniform(0.01, 0.03)
        now, before = (Decimal(round(base * (1 + growth * quarters))) for quarters in (position, position - 4))
        return {"quantity": now, "quantity_before": before, "unit": phrase["unit"]}

    def _chance(self, report: QuarterlyReport, section: Section) -> random.Random:
        return random.Random(f"{self.seed} {report.commune.code} {report.period.code} {section.value}")  # noqa: S311


def _days(period: Period) -> Iterator[date]:
    """The working days of the quarter, as far as it has passed its first week."""
    day = date(period.year, period.quarter * 3 - 2, 1) + timedelta(days=6)
    while day <= period.last_day:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)
