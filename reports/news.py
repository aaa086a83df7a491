"""What does a notice say? The event in a sentence, and where to read more, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ntm_tracker.templatetags.look import day

from .models import DeadlineExtension, Notice, Regression, ReportEvent
from .telling import named

Action = ReportEvent.Action

PLAIN: dict[str, str | Promise] = {
    Action.TAKE_UP: gettext_lazy("The report was taken up for review: it can no longer be withdrawn."),
    Action.REASSIGN: gettext_lazy("The report was handed over to you: you hold it now."),
    Action.ACCEPT: gettext_lazy("The report was accepted: its figures are official now."),
    Action.UNDO_ACCEPT: gettext_lazy("The acceptance was undone: the report is in review again."),
    Action.OPEN_CORRECTION: gettext_lazy("A correction of the accepted report was opened."),
    Action.CANCEL_CORRECTION: gettext_lazy("The correction was cancelled: the accepted report stays in force."),
    Action.URGE: gettext_lazy("The ministry urges your committee to send the report."),
}


@dataclass(frozen=True)
class News:
    """One notice, ready to print."""

    notice: Notice
    sentence: str
    url: str

    @property
    def event(self) -> ReportEvent:
        return self.notice.event


@dataclass(frozen=True)
class _Beside:
    """What events do not say themselves: which criteria a report lost when, and its new due days."""

    losses: dict[int, list[Regression]]
    extensions: dict[int, list[DeadlineExtension]]


def read_news(notices: Iterable[Notice]) -> list[News]:
    """The notices in words. Two queries, however many there are."""
    notices = list(notices)
    beside = _read_beside(notices)
    return [News(notice, _sentence(notice.event, beside), _url(notice.event, beside)) for notice in notices]


def _read_beside(notices: Iterable[Notice]) -> _Beside:
    def reports(action: str) -> set[int]:
        return {notice.event.report_id for notice in notices if notice.event.action == action}

    beside = _Beside({}, {})
    losses = Regression.objects.filter(report__in=reports(Action.REGRESSION)).select_related("criterion")
    for loss in losses.order_by("criterion__number"):
        beside.losses.setdefault(loss.report_id, []).append(loss)
    for extension in DeadlineExtension.objects.filter(report__in=reports(Action.EXTEND)).order_by("at", "pk"):
        beside.extensions.setdefault(extension.report_id, []).append(extension)
    return beside


def _lost(event: ReportEvent, beside: _Beside) -> list[Regression]:
    """What was found lost with this event: the regressions that opened last before it, all at one moment."""
    before = [each for each in beside.losses.get(event.report_id, ()) if each.since <= event.at]
    last: datetime | None = max((each.since for each in before), default=None)
    return [each for each in before if each.since == last]


def _sentence(event: ReportEvent, beside: _Beside) -> str:
    if event.action == Action.REGRESSION:
        lost = _lost(event, beside)
        text = ngettext(
            "Met in an earlier quarter and not any more: criterion %(criteria)s. "
            "The committee is asked to say why, and what it does to regain it.",
            "Met in an earlier quarter and not any more: criteria %(criteria)s. "
            "The committee is asked to say why, and what it does to regain them.",
            len(lost),
        )
        return text % {"criteria": ", ".join(named(each.criterion) for each in lost)}
    if event.action == Action.RETURN and event.version and event.version.respond_by:
        text = _("The report was returned: please answer its items and send it again by %(day)s.")
        return text % {"day": day(event.version.respond_by)}
    if event.action == Action.EXTEND:
        given = [each for each in beside.extensions.get(event.report_id, ()) if each.at <= event.at]
        if given:
            return _("The report may be sent later: until %(day)s.") % {"day": day(given[-1].new_due)}
    if event.action == Action.SUBMIT:
        is_correction = event.version is not None and event.version.is_correction
        return _("The correction was sent.") if is_correction else _("The report was sent again.")
    return str(PLAIN.get(event.action) or event.get_action_display())


def _url(event: ReportEvent, beside: _Beside) -> str:
    """The page on which the reader goes on."""
    if event.action == Action.REGRESSION:
        lost = _lost(event, beside)
        return lost[0].get_absolute_url() if len(lost) == 1 else reverse("reports:regressions")
    if event.action == Action.URGE:
        return reverse("reports:urge_paper", args=[event.report_id, event.pk])
    return event.report.get_absolute_url()
