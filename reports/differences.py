"""What does a version say otherwise than the one sent before it? Everything that is sent, row by row, in words.

Values and claims are matched by code and number, lines by their key, resources by source, evidence by file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, DateField, DecimalField, F, IntegerField, Value
from django.utils.translation import gettext as _

from communes.models import User
from criteria import rules
from criteria.models import Criterion
from ntm_tracker.templatetags.look import capital, quantity, verdict_word

from .changes import Background, Change
from .judging import IndicatorSheet, Sheet
from .models import (
    CriterionVerdict,
    EvidenceLink,
    IndicatorValue,
    ReportVersion,
    ResourceEntry,
    ReviewItem,
    Section,
    SectionLine,
    Source,
    State,
)
from .models.sections import ResourceContent, SectionContent
from .models.value import Reported
from .reading import say_value
from .sections import FORMS, SectionSheet, say_line, say_resources

Parts = list[tuple[str, str]]
"""What something says: label and words, always the same labels in the same order."""


@dataclass(frozen=True)
class Difference:
    """One thing that says something else than before: what, where it is written, both in words, and who wrote it."""

    what: str
    group: str
    anchor: str
    before: str
    after: str
    by: User | None = None
    at: datetime | None = None
    kind: str = ""
    criterion: int | None = None
    indicator: str = ""
    section: str = ""
    change: Change | None = None

    @property
    def place(self) -> str:
        """The part of the report it belongs to, as short as it can be said: 10, or the name of the section."""
        return str(self.criterion) if self.criterion and not self.section else self.section


@dataclass
class Evidences:
    """What proves a version, and what did until somebody took it away."""

    links: list[EvidenceLink] = field(default_factory=list)
    removed: list[EvidenceLink] = field(default_factory=list)


# Reading two versions at once


def read_sections_of(versions: Sequence[int], criteria: Iterable[Criterion]) -> dict[int, list[SectionSheet]]:
    """Every section of each version in the order of the form. One query for all of them."""
    sheets = {pk: {section: SectionSheet(form) for section, form in FORMS.items()} for pk in versions}
    by_pk = {criterion.pk: criterion for criterion in criteria}
    for row in sorted(_rows(versions), key=lambda row: row["pk"]):
        section = sheets[row["version_id"]][Section(row["section"])]
        writer = User(pk=row["writer"], full_name=row["writer_name"] or "") if row["writer"] else None
        if row["is_resource"]:
            entry = _entry(row, writer)
            section.resources[entry.source] = entry
            continue
        line = _line(row, writer, by_pk)
        if line.says_nothing:
            section.nothing_row = line
        else:
            (section.removed if line.removed else section.lines).append(line)
    return {pk: list(found.values()) for pk, found in sheets.items()}


def _rows(versions: Sequence[int]) -> Iterable[dict[str, Any]]:
    """Lines and resources under the same columns: the amounts of a source lie where a line has none."""
    written = {"writer": F("updated_by"), "writer_name": F("updated_by__full_name")}
    nothing, no_amount = Value("", CharField()), Value(None, DecimalField(max_digits=18, decimal_places=4))
    lines = (
        SectionLine.objects.filter(version__in=versions)
        .order_by()
        .annotate(is_resource=Value(0), cumulative=no_amount, disbursed=no_amount, **written)
    )
    entries = (
        ResourceEntry.objects.filter(version__in=versions)
        .order_by()
        .annotate(
            is_resource=Value(1),
            section=Value(Section.RESOURCES.value, CharField()),
            key=F("source"),
            text=F("note"),
            quantity=F("planned"),
            quantity_before=F("mobilised"),
            criterion_id=Value(None, IntegerField()),
            day=Value(None, DateField()),
            until=Value(None, DateField()),
            removed=Value(False),
            **dict.fromkeys(("kind", "detail", "body", "number", "unit"), nothing),
            **written,
        )
    )
    return lines.values(*_COLUMNS).union(entries.values(*_COLUMNS), all=True)


_LINE = (
    *("section", "key", "kind", "text", "detail", "body", "number", "day", "until"),
    *("quantity", "quantity_before", "unit", "removed", "row_version", "updated_at"),
)
_COLUMNS = (
    "pk",
    "version_id",
    "is_resource",
    "criterion_id",
    "cumulative",
    "disbursed",
    "writer",
    "writer_name",
    *_LINE,
)


def _line(row: dict[str, Any], writer: User | None, criteria: dict[int, Criterion]) -> SectionLine:
    line = SectionLine(pk=row["pk"], version_id=row["version_id"], **{name: row[name] for name in _LINE})
    line.updated_by = writer
    line.criterion = criteria.get(row["criterion_id"])
    return line


def _entry(row: dict[str, Any], writer: User | None) -> ResourceEntry:
    return ResourceEntry(
        pk=row["pk"],
        version_id=row["version_id"],
        source=row["key"],
        planned=row["quantity"],
        mobilised=row["quantity_before"],
        cumulative=row["cumulative"],
        disbursed=row["disbursed"],
        note=row["text"],
        row_version=row["row_version"],
        updated_by=writer,
        updated_at=row["updated_at"],
    )


def read_evidence_of(versions: Sequence[int]) -> dict[int, Evidences]:
    """What proves each version. One query for all of them."""
    found = {pk: Evidences() for pk in versions}
    links = EvidenceLink.objects.filter(version__in=versions).select_related(
        "evidence__uploaded_by", "evidence__replaces", "indicator__criterion__group", "linked_by", "removed_by"
    )
    for link in links.order_by("pk"):
        evidences = found[link.version_id]
        (evidences.removed if link.removed_at else evidences.links).append(link)
    return found


# In words


def value_parts(row: Reported | None, sheet: IndicatorSheet, level: rules.Level | None) -> Parts:
    """What an indicator row says."""
    indicator = sheet.indicator
    said = say_value(row, indicator, level)
    if row and row.numerator is not None:
        said = f"{said} ({quantity(row.numerator)} / {quantity(row.denominator)})"
    return [
        ("", said),
        ("", row.absence_reason if row else ""),
        (_("Note"), row.note if row else ""),
        (_("Explanation"), row.explanation if row else ""),
    ]


def claim_parts(row: CriterionVerdict | None) -> Parts:
    """What the committee says of a criterion."""
    if row is None:
        return [("", ""), (_("Reason"), "")]
    return [("", capital(verdict_word(row.claimed)) if row.claimed else ""), (_("Reason"), row.claim_reason)]


def in_words(parts: Parts) -> str:
    """The words one after the other, each with its label."""
    return " · ".join(f"{label}: {words}" if label else words for label, words in parts if words)


def beside(before: Parts, after: Parts) -> tuple[str, str]:
    """Both in words, only what differs; the same two texts when nothing does."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    return in_words([old for old, _new in pairs]), in_words([new for _old, new in pairs])


def line_parts(line: SectionContent, section: Section) -> Parts:
    """What a line says, its text without a label."""
    columns = [column for column in FORMS[section].columns if column.name != "unit"]
    said = say_line(line, FORMS[section])
    return [
        ("" if column.name == "text" else label, words) for column, (label, words) in zip(columns, said, strict=True)
    ]


def resource_parts(entry: ResourceContent, source: Source) -> Parts:
    """What is said of a source."""
    return say_resources(entry, source)


# The difference


def differences(
    sheet: Sheet,
    background: Background,
    sections: dict[int, list[SectionSheet]],
    evidences: dict[int, Evidences],
) -> list[Difference]:
    """Everything that the version says otherwise than the one sent before, in the order of the report. No query."""
    version, sent = sheet.version, background.sent_version
    if sent is None:
        return []
    found = list(_of_criteria(sheet, background))
    found += _of_evidence(evidences[version.pk], evidences[sent.pk])
    for now, before in zip(sections[version.pk], sections[sent.pk], strict=True):
        found += _of_section(now, before)
    return found


def _of_criteria(sheet: Sheet, background: Background) -> Iterable[Difference]:
    changes = {change.sheet.indicator.pk: change for change in background.changes(sheet)}
    for criterion in sheet.criteria:
        number, group = criterion.criterion.number, criterion.group.code
        for indicator in criterion.indicators:
            code, row = indicator.indicator.code, indicator.row
            old = background.sent(code)
            texts = _values_beside(old, indicator)
            if texts is None:
                continue
            yield Difference(
                str(indicator.indicator),
                group,
                f"i{code}",
                *texts,
                by=row.updated_by if row else None,
                at=row.updated_at if row else None,
                criterion=number,
                indicator=code,
                change=changes.get(indicator.indicator.pk),
            )
        claim, was = criterion.row, background.sent_verdicts.get(number)
        before, after = claim_parts(was), claim_parts(claim)
        if before != after:
            what = _("%(criterion)s: your assessment") % {"criterion": criterion.criterion}
            by, at = (claim.updated_by, claim.updated_at) if claim else (None, None)
            yield Difference(what, group, f"c{number}", *beside(before, after), by=by, at=at, criterion=number)


def _values_beside(old: IndicatorValue | None, now: IndicatorSheet) -> tuple[str, str] | None:
    """Both rows in words, or nothing when they say the same."""
    row = now.row
    before, after = value_parts(old, now, now.level), value_parts(row, now, now.level)
    if before != after:
        return beside(before, after)
    if old and row and old.answer != row.answer:  # a difference too small for the usual digits
        unit = now.indicator.unit
        return f"{old.value} {unit}".strip(), f"{row.value} {unit}".strip()
    return None


def _of_evidence(now: Evidences, before: Evidences) -> Iterable[Difference]:
    """Files that prove an indicator now and did not, or no longer do."""
    present = {(link.indicator.code, link.evidence_id): link for link in now.links}
    sent = {(link.indicator.code, link.evidence_id): link for link in before.links}
    gone = {key: link for key, link in sent.items() if key not in present}
    for (code, _pk), link in present.items():
        if (code, link.evidence_id) in sent:
            continue
        old = gone.pop((code, link.evidence.replaces_id or 0), None)
        kind = "changed" if old else "added"
        yield _of_link(
            link, old.evidence.title if old else "", link.evidence.title, kind, link.linked_by, link.linked_at
        )
    taken_away = {(link.indicator.code, link.evidence_id): link for link in now.removed}
    for key, link in gone.items():
        by = taken_away.get(key)
        yield _of_link(
            link, link.evidence.title, "", "removed", by.removed_by if by else None, by.removed_at if by else None
        )


def _of_link(
    link: EvidenceLink, before: str, after: str, kind: str, by: User | None, at: datetime | None
) -> Difference:
    criterion = link.indicator.criterion
    what = _("Evidence of %(indicator)s") % {"indicator": link.indicator}
    return Difference(
        what,
        "evidence",
        f"i{link.indicator.code}",
        before,
        after,
        by,
        at,
        kind,
        criterion.number,
        link.indicator.code,
    )


def _of_section(now: SectionSheet, before: SectionSheet) -> Iterable[Difference]:
    section = now.form.section
    old = {line.key: line for line in before.lines}
    removed = {line.key: line for line in now.removed}
    for line in now.lines:
        was = old.pop(line.key, None)
        after = line_parts(line, section)
        if was is None:
            yield _of_line(section, line, "", in_words(after), "added", line)
        elif (said := line_parts(was, section)) != after:
            yield _of_line(section, line, *beside(said, after), "changed", line)
    for key, line in old.items():
        yield _of_line(section, line, in_words(line_parts(line, section)), "", "removed", removed.get(key))
    if (now.nothing is None) != (before.nothing is None):
        word, row = str(now.form.nothing), now.nothing_row
        texts = ("", word) if now.nothing else (word, "")
        yield _of_line(section, row or before.nothing_row, *texts, "", row)  # type: ignore[arg-type]
    yield from _of_resources(now, before)


def _of_line(
    section: Section, line: SectionLine, before: str, after: str, kind: str, written: SectionLine | None
) -> Difference:
    return Difference(
        str(section.label),
        f"section:{section.value}",
        f"l{line.key}" if kind != "removed" else "",
        before,
        after,
        written.updated_by if written else None,
        written.updated_at if written else None,
        kind,
        line.criterion.number if line.criterion else None,
        section=str(section.label),
    )


def _of_resources(now: SectionSheet, before: SectionSheet) -> Iterable[Difference]:
    name = str(now.form.section.label)
    for source in Source:
        entry, was = now.resources.get(source), before.resources.get(source)
        texts = beside(resource_parts(was or ResourceEntry(), source), resource_parts(entry or ResourceEntry(), source))
        if texts != ("", ""):
            by, at = (entry.updated_by, entry.updated_at) if entry else (None, None)
            what = f"{name}: {source.label}"
            yield Difference(what, f"section:{now.code}", f"r{source}", *texts, by=by, at=at, section=name)


# What was asked


def asked_before(version: ReportVersion, items: Iterable[ReviewItem]) -> list[ReviewItem]:
    """The items of the return that the version answers; none when it answers no return."""
    sent = version.based_on
    if sent is None or sent.state != State.RETURNED:
        return []
    return [
        item
        for item in items
        if item.version.number <= sent.number and (item.is_open or item.resolved_at >= version.opened_at)  # type: ignore[operator]
    ]


def outside(found: Iterable[Difference], items: Sequence[ReviewItem]) -> list[Difference]:
    """The differences that none of the items asks for. An item on the whole report names no place."""
    return [difference for difference in found if not any(_asks_for(item, difference) for item in items)]


def _asks_for(item: ReviewItem, difference: Difference) -> bool:
    if item.criterion is None or difference.criterion != item.criterion.number:
        return False
    return item.indicator is None or difference.indicator in ("", item.indicator.code)


def places(found: Iterable[Difference]) -> list[str]:
    """Where they are, each place once: 10, 12, Difficulties and causes."""
    return list(dict.fromkeys(difference.place for difference in found))
