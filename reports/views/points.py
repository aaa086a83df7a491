"""What is there to look at before signing and in the review? Soft checks and missing papers, explained or not; papers
that expire.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from criteria.models import Indicator
from ntm_tracker import clock
from reports.changes import Background
from reports.checks import soft_checks
from reports.evidence import expected, missing_evidence
from reports.fragility import end_of_next_quarter
from reports.judging import IndicatorSheet, Sheet
from reports.models import Evidence, EvidenceLink, ReportVersion


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


@dataclass(frozen=True)
class Expiring:
    """A paper that was not valid any more when the version was sent, or will not be when the next quarter is over."""

    paper: Evidence
    indicators: list[Indicator]
    is_expired: bool


def expiring_papers(version: ReportVersion, links: Iterable[EvidenceLink]) -> list[Expiring]:
    """The papers of a version that must be renewed, those that expire first at the top. No query."""
    end = end_of_next_quarter(version.report.period)
    on = version.judged_on or clock.today()
    found: dict[int, Expiring] = {}
    for link in links:
        paper = link.evidence
        if paper.valid_until is not None and paper.valid_until < end:
            found.setdefault(paper.pk, Expiring(paper, [], paper.is_expired(on))).indicators.append(link.indicator)
    return sorted(found.values(), key=lambda one: (one.paper.valid_until, one.paper.pk))
