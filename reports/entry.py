"""Writing into a version, row by row, without ever overwriting somebody else silently.

Every row carries a `row_version`. A write that started from an older one changes nothing and comes back as a
`Conflict` with what stands there now. A row the user did not touch never conflicts, even when the whole page is
posted, because what was loaded is known from the history. A row is saved whole or not at all.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from communes.models import User
from criteria.models import Criterion, Indicator
from ntm_tracker import clock

from . import permissions
from .models import CriterionVerdict, IndicatorValue, ReportVersion, ReviewItem, ValueChange, VerdictChange
from .workflow import NotAllowed, Refused, lock, value_change, verdict_change

EMPTY_VALUE = {
    "value": None,
    "numerator": None,
    "denominator": None,
    "absence": "",
    "absence_reason": "",
    "note": "",
}
EMPTY_CLAIM = {"claimed": "", "claim_reason": ""}
EMPTY_REVIEW = {"verified": "", "verified_reason": "", "fragile": False, "fragile_reason": ""}


@dataclass(frozen=True)
class Write:
    """What the user wants a row to say, and the row version their page was made from (0: no row yet)."""

    target: Indicator | Criterion
    row_version: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Conflict:
    """A write that came too late: what the user wanted, and the row as somebody else left it."""

    write: Write
    current: IndicatorValue | CriterionVerdict


@dataclass
class Saved:
    """What became of a set of writes."""

    written: int = 0
    conflicts: list[Conflict] = field(default_factory=list)


def save_rows(version: ReportVersion, values: list[Write], claims: list[Write], *, by: User) -> Saved:
    """Write values and claimed verdicts into a draft; rows in conflict are left out and returned.

    Raises `NotAllowed` when the version is no draft of the user's own committee.
    """
    with transaction.atomic():
        version = lock(version)
        if not permissions.writable_by(by, version):
            raise NotAllowed(_("This version can no longer be changed. Only the committee can, while it is a draft."))
        _refuse_foreign(version, [write.target for write in values + claims])
        saved = Saved()
        _write_rows(version, values, EMPTY_VALUE, by, saved, _VALUES)
        _write_rows(version, claims, EMPTY_CLAIM, by, saved, _VERDICTS)
        if saved.written:
            _touch(version)
    return saved


def save_review(version: ReportVersion, verdicts: list[Write], *, by: User) -> Saved:
    """Write verified verdicts and sustainability into a version in review; only its holder may."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.can_verify(by, version):
            raise NotAllowed(_("Only the reviewer who has taken the report up can write verdicts on it."))
        _refuse_foreign(version, [write.target for write in verdicts])
        saved = Saved()
        _write_rows(version, verdicts, EMPTY_REVIEW, by, saved, _VERDICTS)
        if saved.written:
            _touch(version)
    return saved


def save_narrative(version: ReportVersion, text: str, row_version: int, *, by: User) -> bool:
    """Write the narrative of a draft; False, with nothing written, when somebody else wrote it meanwhile."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.writable_by(by, version):
            raise NotAllowed(_("This version can no longer be changed. Only the committee can, while it is a draft."))
        if text == version.narrative:
            return True
        if row_version != version.narrative_row_version:
            return False
        version.narrative = text
        version.narrative_row_version += 1
        version.revision += 1
        version.save(update_fields=["narrative", "narrative_row_version", "revision"])
    return True


def raise_item(
    version: ReportVersion,
    *,
    text: str,
    kind: str,
    criterion: Criterion | None = None,
    indicator: Indicator | None = None,
    by: User,
) -> ReviewItem:
    """Note something the committee must fix or answer."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.can_raise_item(by, version):
            raise NotAllowed(_("Items can be raised only by the reviewer, while the report is with the ministry."))
        if not text.strip():
            raise Refused(_("Please say what must be fixed or answered."))
        _refuse_foreign(version, [target for target in (criterion, indicator) if target])
        _touch(version)
        return ReviewItem.objects.create(
            report=version.report,
            version=version,
            criterion=criterion or (indicator.criterion if indicator else None),
            indicator=indicator,
            kind=kind,
            text=text.strip(),
            raised_by=by,
            raised_at=clock.now(),
        )


def reply_to_item(version: ReportVersion, item: ReviewItem, text: str, *, by: User) -> None:
    """The committee's answer to an item, within its draft. It may be rewritten until the report is sent."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.writable_by(by, version):
            raise NotAllowed(_("Items can be answered only by the committee, while the report is a draft."))
        item = version.report.review_items.select_for_update().get(pk=item.pk)
        if not item.is_open:
            raise Refused(_("This item is already resolved."))
        if not text.strip():
            raise Refused(_("Please write an answer."))
        item.reply = text.strip()
        item.replied_by = by
        item.replied_at = clock.now()
        item.save()
        _touch(version)


def resolve_item(version: ReportVersion, item: ReviewItem, *, by: User) -> None:
    """The reviewer is satisfied with an item."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.can_raise_item(by, version):
            raise NotAllowed(_("Items can be resolved only by the reviewer, while the report is with the ministry."))
        item = version.report.review_items.select_for_update().get(pk=item.pk)
        if not item.is_open:
            return
        item.resolved_by = by
        item.resolved_at = clock.now()
        item.save()
        _touch(version)


def _refuse_foreign(version: ReportVersion, targets: list[Indicator | Criterion]) -> None:
    """A row belongs to the criteria set of the report's quarter. One query for any number of indicators."""
    criteria_set = version.report.period.criteria_set_id
    indicators = [target.pk for target in targets if isinstance(target, Indicator)]
    foreign = any(isinstance(target, Criterion) and target.criteria_set_id != criteria_set for target in targets)
    others = Indicator.objects.filter(pk__in=indicators).exclude(criterion__criteria_set=criteria_set)
    if foreign or (indicators and others.exists()):
        raise Refused(_("This is not among the criteria by which the quarter is judged."))


def _touch(version: ReportVersion) -> None:
    ReportVersion.objects.filter(pk=version.pk).update(revision=F("revision") + 1)


@dataclass(frozen=True)
class _Table:
    """Which rows are written, under which key, and how their history is kept."""

    model: type[IndicatorValue] | type[CriterionVerdict]
    history: type[ValueChange] | type[VerdictChange]
    key: str
    change: Any


_VALUES = _Table(IndicatorValue, ValueChange, "indicator_id", value_change)
_VERDICTS = _Table(CriterionVerdict, VerdictChange, "criterion_id", verdict_change)


def _write_rows(
    version: ReportVersion, writes: list[Write], empty: dict[str, Any], by: User, saved: Saved, table: _Table
) -> None:
    """Three to five queries for any number of rows."""
    if not writes:
        return
    keys = [write.target.pk for write in writes]
    version_rows = table.model.objects.filter(version=version, **{f"{table.key}__in": keys})
    rows = {getattr(row, table.key): row for row in version_rows.select_related("updated_by")}
    loaded = _as_loaded(writes, rows, empty, table)
    now = clock.now()
    created: list[Any] = []
    changed: list[Any] = []
    for write in writes:
        row = rows.get(write.target.pk)
        wanted = {name: write.content.get(name, default) for name, default in empty.items()}
        standing = {name: getattr(row, name) for name in empty} if row else empty
        if wanted == standing or wanted == loaded.get(write.target.pk, standing):
            continue
        if row is None:
            row = table.model(version=version, **{table.key: write.target.pk})
            created.append(row)
        elif row.row_version != write.row_version:
            saved.conflicts.append(Conflict(write, row))
            continue
        else:
            row.row_version += 1
            changed.append(row)
        for name, content in wanted.items():
            setattr(row, name, content)
        row.updated_by = by
        row.updated_at = now
    table.model.objects.bulk_create(created)
    table.model.objects.bulk_update(changed, [*empty, "row_version", "updated_by", "updated_at"])
    table.history.objects.bulk_create([table.change(row) for row in created + changed])
    saved.written += len(created) + len(changed)


def _as_loaded(writes: list[Write], rows: dict[int, Any], empty: dict[str, Any], table: _Table) -> dict[int, dict]:
    """What the page of a stale write had shown, by key, so that an untouched row is told from a changed one."""
    stale = {
        rows[write.target.pk].pk: write
        for write in writes
        if write.target.pk in rows and rows[write.target.pk].row_version != write.row_version
    }
    shown = {write.target.pk: dict(empty) for write in stale.values() if write.row_version == 0}
    for change in table.history.objects.filter(row__in=stale):
        write = stale[change.row_id]
        if change.row_version == write.row_version:
            shown[write.target.pk] = {name: getattr(change, name) for name in empty}
    return shown
