"""Writing into a version, row by row, without ever overwriting somebody else silently.

Every row carries a `row_version`. A write that started from an older one changes nothing and comes back as a
`Conflict` with what stands there now. A row the user did not touch never conflicts, even when the whole page is
posted, because what was loaded is known from the history. A row is saved whole or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from communes.models import User
from criteria.models import Criterion, Indicator
from ntm_tracker import clock

from . import permissions
from .history import line_change, resource_change, value_change, verdict_change
from .models import (
    CriterionVerdict,
    IndicatorValue,
    ReportVersion,
    ResourceChange,
    ResourceEntry,
    ReviewItem,
    ReviewReply,
    Section,
    SectionLine,
    SectionLineChange,
    Source,
    ValueChange,
    VerdictChange,
)
from .sections import read_sections
from .workflow import NotAllowed, Refused, lock

EMPTY_VALUE = {
    "value": None,
    "numerator": None,
    "denominator": None,
    "absence": "",
    "absence_reason": "",
    "note": "",
    "explanation": "",
    "same_as": None,
}
EMPTY_CLAIM = {"claimed": "", "claim_reason": ""}
EMPTY_REVIEW = {"verified": "", "verified_reason": "", "fragile": False, "fragile_reason": ""}
EMPTY_LINE = {
    "kind": "",
    "criterion": None,
    "text": "",
    "detail": "",
    "body": "",
    "number": "",
    "day": None,
    "until": None,
    "quantity": None,
    "quantity_before": None,
    "unit": "",
    "removed": False,
}
EMPTY_RESOURCE = {"planned": None, "mobilised": None, "cumulative": None, "disbursed": None, "note": ""}

Row = IndicatorValue | CriterionVerdict | SectionLine | ResourceEntry


@dataclass(frozen=True)
class LineOf:
    """A line of a section by the key that was made where it was first written."""

    section: Section
    key: str

    @property
    def pk(self) -> str:
        return self.key


@dataclass(frozen=True)
class ResourceOf:
    """The resources of a source."""

    source: Source

    @property
    def pk(self) -> str:
        return self.source.value


Target = Indicator | Criterion | LineOf | ResourceOf


@dataclass(frozen=True)
class Write:
    """What the user wants a row to say, and the row version their page was made from (0: no row yet)."""

    target: Target
    row_version: int
    content: dict[str, Any]


def nothing_to_report(*sections: Section) -> list[Write]:
    """The writes that say, for the first time, that there is nothing to report: in these sections, or in all."""
    return [
        Write(LineOf(section, SectionLine.nothing_key(section)), 0, {"kind": SectionLine.NOTHING})
        for section in sections or Section
    ]


class Writes(TypedDict):
    """Writes under the names that `save_rows` and `compare_rows` have for rows of their kind."""

    values: list[Write]
    claims: list[Write]
    lines: list[Write]
    resources: list[Write]


def by_kind(writes: Iterable[Write]) -> Writes:
    """The writes, each under the kind of row its target names, in their order."""
    found = Writes(values=[], claims=[], lines=[], resources=[])
    for write in writes:
        kind, _table = _KINDS[type(write.target)]
        found[kind].append(write)
    return found


@dataclass(frozen=True)
class Conflict:
    """A write that came too late: what the user wanted, and the row as somebody else left it."""

    write: Write
    current: Row


@dataclass
class Saved:
    """What became of a set of writes."""

    written: int = 0
    conflicts: list[Conflict] = field(default_factory=list)


@dataclass
class Compared:
    """What a set of writes would do as things stand: those that would change a row, and those in conflict."""

    changes: list[Write] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def save_rows(
    version: ReportVersion,
    values: Sequence[Write] = (),
    claims: Sequence[Write] = (),
    *,
    lines: Sequence[Write] = (),
    resources: Sequence[Write] = (),
    by: User,
    all_or_nothing: bool = False,
) -> Saved:
    """Write values, claimed verdicts, lines of sections and resources into a draft.

    Rows in conflict are left out and returned; with `all_or_nothing` one conflict leaves everything out. Raises
    `NotAllowed` when the version is no draft of the user's own committee.
    """
    with transaction.atomic():
        version = lock(version)
        refuse_unless_writable(version, by)
        _refuse_foreign(version, [write.target for write in (*values, *claims)])
        _refuse_foreign(version, [c for write in lines if (c := write.content.get("criterion"))])
        saved = Saved()
        _write_rows(version, values, by, saved, _VALUES)
        _write_rows(version, claims, by, saved, _CLAIMS)
        _write_rows(version, lines, by, saved, _LINES)
        _write_rows(version, resources, by, saved, _RESOURCES)
        if all_or_nothing and saved.conflicts:
            transaction.set_rollback(True)
            return Saved(0, saved.conflicts)
        if saved.written:
            touch(version)
    return saved


def compare_rows(
    version: ReportVersion,
    values: Sequence[Write] = (),
    claims: Sequence[Write] = (),
    *,
    lines: Sequence[Write] = (),
    resources: Sequence[Write] = (),
) -> Compared:
    """What `save_rows` would do with these writes now; nothing is written. Up to two queries for each kind of row."""
    compared = Compared()
    for writes, table in ((values, _VALUES), (claims, _CLAIMS), (lines, _LINES), (resources, _RESOURCES)):
        for outcome in _outcomes(version, writes, table):
            if outcome.is_late:
                compared.conflicts.append(Conflict(outcome.write, outcome.row))
            else:
                compared.changes.append(outcome.write)
    return compared


def give_way(version: ReportVersion, write: Write, *, by: User) -> None:
    """What the user wrote gives way to what stands there, whichever row version they started from.

    Both stay in the history: mine is written, and then theirs again, in one step that nobody sees the middle of.
    """
    with transaction.atomic():
        version = lock(version)
        _kind, table = _KINDS[type(write.target)]
        row = table.rows(version, [write]).first()
        if row is None:
            return
        for number, content in enumerate((write.content, table.content(row))):
            again = Write(write.target, row.row_version + number, content)
            save_rows(version, **by_kind([again]), by=by)


def take_nothing_back(version: ReportVersion, *sections: Section, by: User) -> bool:
    """Where there is content, take back the word that there is nothing to report: in these sections, or in all.

    Returns whether it was said anywhere. Two queries where it was not.
    """
    content = {"kind": SectionLine.NOTHING, "removed": True}
    silent = [
        Write(LineOf(sheet.form.section, sheet.nothing.key), sheet.nothing.row_version, content)
        for sheet in read_sections(version)
        if sheet.nothing and sheet.is_started and sheet.form.section in (sections or Section)
    ]
    return bool(silent) and save_rows(version, lines=silent, by=by).written > 0


def refuse_unless_writable(version: ReportVersion, by: User) -> None:
    """The one guard of every write to a draft, under lock: raises `NotAllowed`."""
    if not permissions.writable_by(by, version):
        raise NotAllowed(_("This version can no longer be changed. Only the committee can, while it is a draft."))


def save_review(version: ReportVersion, verdicts: list[Write], *, by: User) -> Saved:
    """Write verified verdicts and sustainability into a version in review; only its holder may."""
    with transaction.atomic():
        version = lock(version)
        if not permissions.can_verify(by, version):
            raise NotAllowed(_("Only the reviewer who has taken the report up can write verdicts on it."))
        _refuse_foreign(version, [write.target for write in verdicts])
        saved = Saved()
        _write_rows(version, verdicts, by, saved, _REVIEWS)
        if saved.written:
            touch(version)
    return saved


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
        touch(version)
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


@dataclass(frozen=True)
class Reply:
    """What the committee wants to answer to an item, and which state of the answer its page showed (0: none yet)."""

    item: ReviewItem
    reply_version: int
    text: str
    done: bool


@dataclass
class Answered:
    """What became of a set of replies: how many were written, and those that came after somebody else's."""

    written: int = 0
    conflicts: list[tuple[Reply, ReviewItem]] = field(default_factory=list)


def save_replies(version: ReportVersion, replies: Sequence[Reply], *, by: User) -> Answered:
    """Write the committee's answers to open items into its draft.

    An answer that nobody changed on the page writes nothing; one that started from an older answer than the stored
    one comes back as a conflict. Every answer that was written stays in `ReviewReply`.
    """
    with transaction.atomic():
        version = lock(version)
        if not permissions.writable_by(by, version):
            raise NotAllowed(_("Items can be answered only by the committee, while the report is a draft."))
        items = {item.pk: item for item in version.report.review_items.select_for_update(of=("self",))}
        shown = _replies_shown(replies)
        answered = Answered()
        for reply in replies:
            item = items.get(reply.item.pk)
            if item is None:
                raise ReviewItem.DoesNotExist
            if not item.is_open:
                raise Refused(_("This item is already resolved."))
            wanted = reply.text.strip(), reply.done
            if wanted in ((item.reply, item.done), shown.get((item.pk, reply.reply_version), ("", False))):
                continue
            if reply.done and not wanted[0]:
                raise Refused(_("Please write an answer."))
            if reply.reply_version != item.reply_version:
                answered.conflicts.append((reply, item))
                continue
            _write_reply(version, item, *wanted, by)
            answered.written += 1
        if answered.written:
            touch(version)
    return answered


def _replies_shown(replies: Sequence[Reply]) -> dict[tuple[int, int], tuple[str, bool]]:
    """What the answers to these items said, by item and how often it was written then. One query."""
    said = ReviewReply.objects.filter(item__in=[reply.item.pk for reply in replies])
    return {(reply.item_id, reply.reply_version): (reply.text, reply.done) for reply in said}


def _write_reply(version: ReportVersion, item: ReviewItem, text: str, done: bool, by: User) -> None:
    item.reply, item.done = text, done
    item.replied_by, item.replied_at = by, clock.now()
    item.reply_version += 1
    item.save()
    ReviewReply.objects.create(
        item=item,
        version=version,
        reply_version=item.reply_version,
        text=text,
        done=done,
        by=by,
        at=item.replied_at,
    )


def reply_to_item(version: ReportVersion, item: ReviewItem, text: str, *, by: User, done: bool = True) -> None:
    """Answer one item, whatever was answered before, and say that it is done."""
    if not text.strip():
        raise Refused(_("Please write an answer."))
    standing = ReviewItem.objects.filter(pk=item.pk).values_list("reply_version", flat=True).first() or 0
    save_replies(version, [Reply(item, standing, text, done)], by=by)


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
        touch(version)


def _refuse_foreign(version: ReportVersion, targets: Sequence[Any]) -> None:
    """A row belongs to the criteria set of the report's quarter. One query for any number of indicators."""
    criteria_set = version.report.period.criteria_set_id
    indicators = [target.pk for target in targets if isinstance(target, Indicator)]
    foreign = any(isinstance(target, Criterion) and target.criteria_set_id != criteria_set for target in targets)
    others = Indicator.objects.filter(pk__in=indicators).exclude(criterion__criteria_set=criteria_set)
    if foreign or (indicators and others.exists()):
        raise Refused(_("This is not among the criteria by which the quarter is judged."))


def touch(version: ReportVersion) -> None:
    """Note that the version says something else now, so that a signature covers what was shown."""
    ReportVersion.objects.filter(pk=version.pk).update(revision=F("revision") + 1)


@dataclass(frozen=True)
class _Table:
    """Which rows are written, under which key, which of their columns, and how their history is kept.

    A `mark` is a column that stays while the others do not change, and is cleared when they do, unless the write
    names it.
    """

    model: type[Row]
    history: type[ValueChange | VerdictChange | SectionLineChange | ResourceChange]
    key: str
    change: Any
    empty: dict[str, Any]
    mark: str = ""

    def new(self, version: ReportVersion, target: Any) -> Any:
        """A row for the target, not yet saved."""
        row = self.model(version=version, **{self.key: target.pk})
        if isinstance(row, SectionLine):
            row.section = target.section
        return row

    @property
    def foreign(self) -> list[str]:
        """The columns that point to other rows."""
        return [name for name in ("same_as", "criterion") if name in self.empty]

    def rows(self, version: ReportVersion, writes: Sequence[Write]) -> QuerySet[Any]:
        """The stored rows that these writes are about."""
        keys = {f"{self.key}__in": [write.target.pk for write in writes]}
        return self.model._default_manager.filter(version=version, **keys).select_related("updated_by", *self.foreign)

    def content(self, row: Any) -> dict[str, Any]:
        """What a row, or its state in the history, says."""
        return {name: getattr(row, name) for name in self.empty}

    def wanted(self, write: Write, standing: dict[str, Any]) -> dict[str, Any]:
        """The whole content that the write asks for."""
        wanted = {name: write.content.get(name, default) for name, default in self.empty.items()}
        if self.mark and self.mark not in write.content:
            rest = [name for name in self.empty if name != self.mark]
            if all(wanted[name] == standing[name] for name in rest):
                wanted[self.mark] = standing[self.mark]
        return wanted


_VALUES = _Table(IndicatorValue, ValueChange, "indicator_id", value_change, EMPTY_VALUE, mark="same_as")
_CLAIMS = _Table(CriterionVerdict, VerdictChange, "criterion_id", verdict_change, EMPTY_CLAIM)
_REVIEWS = _Table(CriterionVerdict, VerdictChange, "criterion_id", verdict_change, EMPTY_REVIEW)
_LINES = _Table(SectionLine, SectionLineChange, "key", line_change, EMPTY_LINE)
_RESOURCES = _Table(ResourceEntry, ResourceChange, "source", resource_change, EMPTY_RESOURCE)

_KINDS: dict[type[Target], tuple[Literal["values", "claims", "lines", "resources"], _Table]] = {
    Indicator: ("values", _VALUES),
    Criterion: ("claims", _CLAIMS),
    LineOf: ("lines", _LINES),
    ResourceOf: ("resources", _RESOURCES),
}
"""Of which kind is a row that the committee writes? By what its writes name as their target."""


def _write_rows(version: ReportVersion, writes: Sequence[Write], by: User, saved: Saved, table: _Table) -> None:
    """Three to five queries for any number of rows."""
    if not writes:
        return
    now = clock.now()
    created: list[Any] = []
    changed: list[Any] = []
    for outcome in _outcomes(version, writes, table):
        row = outcome.row
        if outcome.is_late:
            saved.conflicts.append(Conflict(outcome.write, row))
            continue
        if row is None:
            row = table.new(version, outcome.write.target)
            created.append(row)
        else:
            row.row_version += 1
            changed.append(row)
        for name, content in outcome.wanted.items():
            setattr(row, name, content)
        row.updated_by = by
        row.updated_at = now
    table.model._default_manager.bulk_create(created)
    table.model._default_manager.bulk_update(changed, [*table.empty, "row_version", "updated_by", "updated_at"])
    table.history._default_manager.bulk_create([table.change(row) for row in created + changed])
    saved.written += len(created) + len(changed)


@dataclass(frozen=True)
class _Outcome:
    """A write that would change something: the row as it stands, or None, and the whole content it is to have.

    It is late when the row says something else by now than the page of the write had shown.
    """

    write: Write
    row: Any
    wanted: dict[str, Any]
    is_late: bool


def _outcomes(version: ReportVersion, writes: Sequence[Write], table: _Table) -> Iterator[_Outcome]:
    """What would become of the writes that change something. Up to two queries."""
    if not writes:
        return
    rows = {getattr(row, table.key): row for row in table.rows(version, writes)}
    loaded = _as_loaded(writes, rows, table)
    for write in writes:
        row = rows.get(write.target.pk)
        standing = table.content(row) if row else table.empty
        shown = loaded.get(write.target.pk, standing)
        if table.wanted(write, standing) != standing and table.wanted(write, shown) != shown:
            is_stale = row is not None and row.row_version != write.row_version
            is_late = is_stale and loaded.get(write.target.pk) != standing
            yield _Outcome(write, row, table.wanted(write, standing), is_late)


def _as_loaded(writes: Sequence[Write], rows: dict[Any, Any], table: _Table) -> dict[Any, dict[str, Any]]:
    """What the page of a stale write had shown, by key, so that an untouched row is told from a changed one."""
    stale = {
        rows[write.target.pk].pk: write
        for write in writes
        if write.target.pk in rows and rows[write.target.pk].row_version != write.row_version
    }
    shown = {write.target.pk: dict(table.empty) for write in stale.values() if write.row_version == 0}
    changes = table.history._default_manager.filter(row__in=stale).select_related(*table.foreign)
    for change in changes if stale else ():
        write = stale[change.row_id]
        if change.row_version == write.row_version:
            shown[write.target.pk] = table.content(change)
    return shown
