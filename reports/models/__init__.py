"""What is stored of the reporting: periods, reports with their versions, evidence, review and history."""

from .drafting import KeptPost, Presence
from .evidence import Evidence, EvidenceLink
from .history import ReportEvent, ResourceChange, SectionLineChange, ValueChange, VerdictChange
from .limits import ReviewLimits
from .notice import Notice
from .period import Period
from .regression import Regression, RegressionAnswer
from .report import DeadlineExtension, InForce, QuarterlyReport, ReportVersion, State
from .review import ReviewItem, ReviewReply
from .sections import ResourceEntry, Section, SectionLine, Source
from .summary import Summary, SummaryCell, SummaryCommune, SummaryTarget
from .value import CriterionVerdict, IndicatorValue

__all__ = [
    "CriterionVerdict",
    "DeadlineExtension",
    "Evidence",
    "EvidenceLink",
    "InForce",
    "IndicatorValue",
    "KeptPost",
    "Notice",
    "Period",
    "Presence",
    "QuarterlyReport",
    "Regression",
    "RegressionAnswer",
    "ReportEvent",
    "ReportVersion",
    "ResourceChange",
    "ResourceEntry",
    "ReviewItem",
    "ReviewLimits",
    "ReviewReply",
    "Section",
    "SectionLine",
    "SectionLineChange",
    "Source",
    "State",
    "Summary",
    "SummaryCell",
    "SummaryCommune",
    "SummaryTarget",
    "ValueChange",
    "VerdictChange",
]
