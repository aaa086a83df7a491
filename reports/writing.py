"""Who wrote what into a version, and what did it say before? Read from the history of its rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from communes.models import User
from communes.permissions import is_ministry
from criteria.models import Indicator
from ntm_tracker.templatetags.look import verdict_word

from .models import (
    ReportVersion,
    ResourceChange,
    Section,
    SectionLine,
    SectionLineChange,
    Source,
    State,
    ValueChange,
    VerdictChange,
)
from .reading import say_value
from .sections import FORMS, Form, say_line, say_resources

OFFICIAL = (State.ACCEPTED, State.SUPERSEDED)


def sees_verified(user: User, version: ReportVersion) -> bool:
    """Whether the verified verdicts may be shown: to everybody once accepted, before that to the ministry."""
    return version.state in OFFICIAL or (bool(version.holder_id) and is_ministry(user, version.report.commune))


Change = ValueChange | VerdictChange | SectionLineChange | ResourceChange


@dataclass(frozen=True)
class Written:
    """One write to a row: who, when, and what it changed, before and after."""

    change: Change
    what: str
    before: str
    after: str


def changes_in(version: ReportVersion, user: User) -> list[Written]:
    """Who wrote what in a version, newest first. What it took over from an earlier one is left out. Four queries."""
    values = ValueChange.objects.filter(row__version=version)
    verdicts = VerdictChange.objects.filter(row__version=version)
    found = [
        *_values(values.select_related("by", "row__indicator", "same_as__report__period")),
        *_verdicts(verdicts.select_related("by", "row__criterion"), sees_verified(user, version)),
        *_lines(version),
        *_resources(version),
    ]
    return _written_here(found, version)


def changes_among(
    values: Iterable[ValueChange], verdicts: Iterable[VerdictChange], version: ReportVersion, user: User
) -> list[Written]:
    """The same of some rows of a version whose whole history is given, each row's changes in their order. No query."""
    return _written_here([*_values(values), *_verdicts(verdicts, sees_verified(user, version))], version)


def _written_here(found: Iterable[Written], version: ReportVersion) -> list[Written]:
    """What says something new and was not taken over, newest first."""
    new = [entry for entry in found if entry.before != entry.after and not _is_taken_over(entry.change, version)]
    return sorted(new, key=lambda entry: (entry.change.at, entry.change.pk), reverse=True)


def _values(changes: Iterable[ValueChange]) -> Iterator[Written]:
    for before, change in _with_previous(changes):
        indicator = change.row.indicator
        yield _written(change, str(indicator), _said(before, indicator), _said(change, indicator))


def _verdicts(changes: Iterable[VerdictChange], verified: bool) -> Iterator[Written]:
    for before, change in _with_previous(changes):
        yield _written(change, str(change.row.criterion), _judged(before, verified), _judged(change, verified))


def _lines(version: ReportVersion) -> Iterator[Written]:
    """A line is named by what it says, unless just that is what changed."""
    changes = SectionLineChange.objects.filter(row__version=version)
    for before, change in _with_previous(changes.select_related("by", "row", "criterion")):
        form = FORMS[Section(change.row.section)]
        if change.kind == SectionLine.NOTHING:
            was, now = (str(form.nothing) if each and not each.removed else "" for each in (before, change))
            yield Written(change, form.title, was, now)
        elif before and before.removed != change.removed:
            whole, removed = " · ".join(filter(None, _line(change, form))), _("removed")
            yield Written(change, form.title, *((whole, removed) if change.removed else (removed, whole)))
        elif before and before.text == change.text and change.text:
            what = f"{form.title}: {Truncator(change.text).chars(60)}"
            yield _written(change, what, _line(before, form), _line(change, form))
        else:
            yield _written(change, form.title, _line(before, form), _line(change, form))


def _resources(version: ReportVersion) -> Iterator[Written]:
    changes = ResourceChange.objects.filter(row__version=version)
    for before, change in _with_previous(changes.select_related("by", "row")):
        source = Source(change.row.source)
        what = f"{Section.RESOURCES.label}: {source.label}"
        yield _written(change, what, _amounts(before, source), _amounts(change, source))


def _is_taken_over(change: Change, version: ReportVersion) -> bool:
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


def _written(change: Change, what: str, before: list[str], after: list[str]) -> Written:
    """Only what differs, so that a new verdict does not repeat an old claim."""
    gone = [text for text, now in zip(before, after, strict=True) if text != now]
    new = [text for text, old in zip(after, before, strict=True) if text != old]
    return Written(change, what, " · ".join(filter(None, gone)), " · ".join(filter(None, new)))


def _said(change: ValueChange | None, indicator: Indicator) -> list[str]:
    """The value, why there is none, the note, the explanation, and from which quarter it was taken over."""
    if change is None:
        return [""] * 5
    same = _("same as %(quarter)s") % {"quarter": change.same_as.report.period} if change.same_as else ""
    return [say_value(change, indicator), change.absence_reason, change.note, change.explanation, same]


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


def _line(change: SectionLineChange | None, form: Form) -> list[str]:
    """What a line says, column by column; the text without its label."""
    blank = change or SectionLineChange()
    texts = {str(column.label) for column in form.columns if column.name == "text"}
    return [_labelled(label, words, label not in texts) for label, words in say_line(blank, form)]


def _amounts(change: ResourceChange | None, source: Source) -> list[str]:
    return [_labelled(label, words, True) for label, words in say_resources(change or ResourceChange(), source)]


def _labelled(label: str, words: str, is_shown: bool) -> str:
    return f"{label}: {words}" if words and is_shown else words
