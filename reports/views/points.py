"""What is there to look at before signing and in the review? Soft checks and missing papers, explained or not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from reports.changes import Background
from reports.checks import soft_checks
from reports.evidence import expected, missing_evidence
from reports.judging import IndicatorSheet, Sheet
from reports.models import EvidenceLink


@dataclass(frozen=True)
class Point:
    """Something that stands out: it never blocks. `url` leads to its place."""

    what: str
    sentence: str
    url: str
    explanation: str


def points_of(
    sheet: Sheet,
    background: Background,
    links: Iterable[EvidenceLink],
    place: Callable[[str, IndicatorSheet], str],
    paper_place: Callable[[str, IndicatorSheet], str] | None = None,
) -> Iterator[Point]:
    """The soft checks, the heaviest first, then the papers that are expected and not there. No query.

    `place` and `paper_place` say where to look, from the code of the group and the indicator.
    """
    groups = {each.indicator.pk: criterion.group.code for criterion in sheet.criteria for each in criterion.indicators}
    for check in soft_checks(sheet, background):
        url = place(check.criterion.group.code, check.sheet)
        yield Point(str(check.sheet.indicator), check.sentence, url, check.explanation)
    for each in missing_evidence(sheet, links):
        url = (paper_place or place)(groups[each.indicator.pk], each)
        sentence = _("Missing evidence: %(paper)s.") % {"paper": expected(each).rstrip(".")}
        explanation = each.row.explanation or each.row.note if each.row else ""
        yield Point(str(each.indicator), sentence, url, explanation)
