"""What is there to look at before signing and in the review? Soft checks and missing papers, explained or not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reports.changes import Background
from reports.checks import soft_checks
from reports.evidence import expected, missing_evidence
from reports.judging import IndicatorSheet, Sheet
from reports.models import EvidenceLink


@dataclass(frozen=True)
class Point:
    """Something that stands out: it never blocks. `url` leads to its place."""

    code: str
    what: str
    sentence: str
    url: str
    explanation: str


Place = Callable[[str, IndicatorSheet], str]
"""Where to look, from the code of the group and the indicator."""


def points_of(sheet: Sheet, background: Background, place: Place) -> list[Point]:
    """The soft checks, the heaviest first. No query."""
    return [
        Point(
            check.sheet.indicator.code,
            str(check.sheet.indicator),
            check.sentence,
            place(check.criterion.group.code, check.sheet),
            check.explanation,
        )
        for check in soft_checks(sheet, background)
    ]


def missing_papers(sheet: Sheet, links: Iterable[EvidenceLink], place: Place) -> list[Point]:
    """The papers that are expected and not there; a note at the value explains it as well. No query."""
    groups = {each.indicator.pk: criterion.group.code for criterion in sheet.criteria for each in criterion.indicators}
    return [
        Point(
            each.indicator.code,
            str(each.indicator),
            expected(each),
            place(groups[each.indicator.pk], each),
            each.row.explanation or each.row.note if each.row else "",
        )
        for each in missing_evidence(sheet, links)
    ]
