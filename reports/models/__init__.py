"""What is stored of the reporting: periods, reports with their versions, review and history."""

from .history import ReportEvent, ValueChange, VerdictChange
from .period import Period
from .report import DeadlineExtension, InForce, QuarterlyReport, ReportVersion, State
from .review import ReviewItem
from .value import CriterionVerdict, IndicatorValue

__all__ = [
    "CriterionVerdict",
    "DeadlineExtension",
    "InForce",
    "IndicatorValue",
    "Period",
    "QuarterlyReport",
    "ReportEvent",
    "ReportVersion",
    "ReviewItem",
    "State",
    "ValueChange",
    "VerdictChange",
]
