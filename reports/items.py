"""What does the reviewer ask, and what was answered in which version? Items with all their answers, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from .models import QuarterlyReport, ReviewItem


@dataclass(frozen=True)
class Answer:
    """What was answered to an item in the end in one version, and by whom."""

    version_id: int
    number: int
    text: str
    by: str
    at: datetime


def read_items(report: QuarterlyReport, **conditions: Any) -> list[ReviewItem]:
    """The items of the report that meet the conditions, each with its `answers`, the oldest first. One query."""
    items: dict[int, ReviewItem] = {}
    said: dict[int, dict[int, Answer]] = {}
    for row in _with_replies(report).filter(**conditions):
        items.setdefault(row.pk, row)
        answers = said.setdefault(row.pk, {})
        if row.reply_in is not None:
            answers[row.reply_in] = Answer(row.reply_in, row.reply_number, row.reply_text, row.reply_by, row.reply_at)
    for pk, item in items.items():
        item.answers = [answer for answer in said[pk].values() if answer.text]  # type: ignore[attr-defined]
    return list(items.values())


def _with_replies(report: QuarterlyReport) -> Any:
    """Each item once for each of its replies, or once without, with everything that is printed of them."""
    items = report.review_items.select_related(
        "criterion__group", "indicator__criterion", "raised_by", "replied_by", "resolved_by", "version"
    )
    return items.annotate(
        reply_in=F("replies__version"),
        reply_number=F("replies__version__number"),
        reply_text=F("replies__text"),
        reply_by=F("replies__by__full_name"),
        reply_at=F("replies__at"),
    ).order_by("raised_at", "pk", "replies__reply_version")


def open_ones(items: Iterable[ReviewItem]) -> list[ReviewItem]:
    """Those the reviewer has not resolved."""
    return [item for item in items if item.is_open]
