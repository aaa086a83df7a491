"""What is stored of the reporting: periods, reports with their versions, evidence, review and history."""

from .drafting import KeptPost, Presence
from .evidence import Evidence, EvidenceLink
from .history import ReportEvent, ResourceChange, SectionLineChange, ValueChange, VerdictChange
from .period import Period
from .report import DeadlineExtension, InForce, QuarterlyReport, ReportVersion, State
from .review import ReviewItem, ReviewReply
from .sections import ResourceEntry, Section, SectionLine, Source
from .value import CriterionVerdict, IndicatorValue

__all__ = [
    "CriterionVerdict",
    "DeadlineExtension",
    "Evidence",
    "EvidenceLink",
    "InForce",
    "IndicatorValue",
    "KeptPost",
    "Period",
    "Presence",
    "QuarterlyReport",
    "ReportEvent",
    "ReportVersion",
    "ResourceChange",
    "ResourceEntry",
    "ReviewItem",
    "ReviewReply",
    "Section",
    "SectionLine",
    "SectionLineChange",
    "Source",
    "State",
    "ValueChange",
    "VerdictChange",
]
