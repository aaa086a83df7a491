"""Who wrote what into a version, and what did it say before? Read from the history of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from communes.models import User
from communes.permissions import is_ministry
from criteria.models import Indicator
from ntm_tracker.templatetags.look import verdict_word

from .models import ReportVersion, State, ValueChange, VerdictChange
from .reading import say_value

OFFICIAL = (State.ACCEPTED, State.SUPERSEDED)


def sees_verified(user: User, version: ReportVersion) -> bool:
    """Whether the verified verdicts may be shown: to everybody once accepted, before that to the ministry."""
    return version.state in OFFICIAL or (bool(version.holder_id) and is_ministry(user, version.report.commune))


@dataclass(frozen=True)
class Written:
    """One write to a value or a verdict: who, when, and what it changed, before and after."""

    change: ValueChange | VerdictChange
    what: str
    before: str
    after: str


def changes_in(version: ReportVersion, user: User) -> list[Written]:
    """Who wrote what in a version, newest first. What it took over from an earlier one is left out. Two queries."""
    values = ValueChange.objects.filter(row__version=version).select_related("by", "row__indicator")
    verdicts = VerdictChange.objects.filter(row__version=version).select_related("by", "row__criterion")
    verified = sees_verified(user, version)
    found = []
    for before, change in _with_previous(values):
        indicator = change.row.indicator
        found.append(_written(change, str(indicator), _said(before, indicator), _said(change, indicator)))
    for before, change in _with_previous(verdicts):
        found.append(_written(change, str(change.row.criterion), _judged(before, verified), _judged(change, verified)))
    found = [entry for entry in found if entry.before != entry.after and not _is_taken_over(entry.change, version)]
    return sorted(found, key=lambda entry: (entry.change.at, entry.change.pk), reverse=True)


def _is_taken_over(change: ValueChange | VerdictChange, version: ReportVersion) -> bool:
    """Whether the row came along from the version this one is based on, written there."""
    return version.based_on_id is not None and change.row_version == 1 and change.at <= version.opened_at


def _with_previous(changes: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Each change with the one before it on the same row, or None."""
    last: dict[int, Any] = {}
    pairs = []
    for change in changes:
        pairs.append((last.get(change.row_id), change))
        last[change.row_id] = change
    return pairs


def _written(change: ValueChange | VerdictChange, what: str, before: list[str], after: list[str]) -> Written:
    """Only what differs, so that a new verdict does not repeat an old claim."""
    gone = [text for text, now in zip(before, after, strict=True) if text != now]
    new = [text for text, old in zip(after, before, strict=True) if text != old]
    return Written(change, what, " · ".join(filter(None, gone)), " · ".join(filter(None, new)))


def _said(change: ValueChange | None, indicator: Indicator) -> list[str]:
    """The value, why there is none, and the note."""
    if change is None:
        return ["", "", ""]
    return [say_value(change, indicator), change.absence_reason, change.note]


def _judged(change: VerdictChange | None, shows_verified: bool) -> list[str]:
    """The claimed verdict and, where the reader may see it, the verified one, with their reasons."""
    texts = [""] * 5
    if change and change.claimed:
        texts[0] = _("Claimed: %(verdict)s") % {"verdict": verdict_word(change.claimed)}
        texts[1] = change.claim_reason
    if change and change.verified and shows_verified:
        texts[2] = _("Verified: %(verdict)s") % {"verdict": verdict_word(change.verified)}
        texts[3] = change.verified_reason
        if change.fragile:
            texts[4] = _("Not yet sustainable: %(reason)s") % {"reason": change.fragile_reason}
    return texts
