"""What does the reviewer ask, and what was answered in which version? Items with all their answers, in one query."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from communes.models import User

from .models import QuarterlyReport, ReviewItem, ReviewReply


def read_items(report: QuarterlyReport, **conditions: Any) -> list[ReviewItem]:
    """The items of the report that meet the conditions, each with its `answers`. One query.

    `answers` are what was answered in the end in each version, the oldest first.
    """
    items: dict[int, ReviewItem] = {}
    said: dict[int, dict[int, ReviewReply]] = {}
    for row in _with_replies(report).filter(**conditions):
        item = items.setdefault(row.pk, row)
        answers = said.setdefault(row.pk, {})
        if row.reply_pk is not None:
            answers[row.reply_in] = ReviewReply(
                pk=row.reply_pk,
                item=item,
                version_id=row.reply_in,
                text=row.reply_text,
                done=row.reply_done,
                by=User(pk=row.reply_by, full_name=row.reply_name),
                at=row.reply_at,
            )
            answers[row.reply_in].number = row.reply_number
    for pk, item in items.items():
        item.answers = [answer for answer in said[pk].values() if answer.text]
    return list(items.values())


def _with_replies(report: QuarterlyReport) -> Any:
    """Each item once for each of its replies, or once without, with everything that is printed of them."""
    items = report.review_items.select_related(
        "criterion__group", "indicator__criterion", "raised_by", "replied_by", "resolved_by", "version"
    )
    return items.annotate(
        reply_pk=F("replies__pk"),
        reply_in=F("replies__version"),
        reply_number=F("replies__version__number"),
        reply_text=F("replies__text"),
        reply_done=F("replies__done"),
        reply_by=F("replies__by"),
        reply_name=F("replies__by__full_name"),
        reply_at=F("replies__at"),
    ).order_by("raised_at", "pk", "replies__reply_version")


def open_ones(items: Iterable[ReviewItem]) -> list[ReviewItem]:
    """Those the reviewer has not resolved."""
    return [item for item in items if item.is_open]
