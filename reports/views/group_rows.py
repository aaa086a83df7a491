"""What does a row of a criterion group show: beside its fields, in the page and in the answer to a saved row?

Parts that change when a row is saved are slots, each a template of its own, so that page and answer agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import strip_spaces_between_tags
from django.utils.translation import gettext as _

from criteria import rules
from ntm_tracker import clock
from ntm_tracker.templatetags.look import capital, verdict_word
from reports import entry, evidence
from reports.changes import Background
from reports.forms.values import ClaimForm, RowForm, ValueForm
from reports.judging import CriterionSheet, Gap, IndicatorSheet
from reports.models import CriterionVerdict, EvidenceLink, IndicatorValue, ReviewItem
from reports.reading import say_judgement, say_threshold, say_value


@dataclass
class Side:
    """One of two contents of a row: in words, how it would be judged, who wrote it and when."""

    text: str
    verdict: str
    author: str
    at: datetime


@dataclass
class Clash:
    """Two people wrote the same row: what the user typed, and what stands there now under `row_version`."""

    mine: Side
    theirs: Side
    row_version: int


@dataclass
class Typed:
    """What came with a POST and could not be saved, by the prefix of its row."""

    forms: dict[str, RowForm] = field(default_factory=dict)
    clashes: dict[str, Clash] = field(default_factory=dict)
    saved: int = 0

    def __bool__(self) -> bool:
        return bool(self.forms)


@dataclass
class IndicatorRow:
    """One indicator on the page."""

    sheet: IndicatorSheet
    form: ValueForm
    before: str
    clash: Clash | None = None
    chips: list[EvidenceLink] = field(default_factory=list)

    SLOTS = {
        "ask": "reports/_readings.html",
        "echo": "reports/_value_echo.html",
        "facts": "reports/_value_facts.html",
        "clash": "reports/_clash.html",
        "paper": "reports/_value_paper.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def threshold(self) -> str:
        return say_threshold(self.sheet.threshold, self.sheet.indicator)

    @property
    def judgement(self) -> str:
        return say_judgement(self.sheet)

    @property
    def missing_paper(self) -> str:
        """The paper that is expected for the value and is not there; empty when nothing is missing."""
        return evidence.expected(self.sheet) if evidence.is_missing(self.sheet, self.chips) else ""

    @property
    def is_open(self) -> bool:
        """Whether the reason and note are worth showing unfolded."""
        row = self.sheet.row
        wrong = self.form.errors.keys() & {"absence", "absence_reason", "note"}
        return bool(wrong or (row and (row.absence or row.note)))

    @property
    def understood(self) -> IndicatorValue | None:
        """The stored row, where the fields say nothing else."""
        row = self.sheet.row
        return row if row and row.value is not None and not self.form.errors and not self.clash else None


@dataclass
class CriterionRow:
    """One criterion on the page, with its indicators, the claim and what the reviewer asks."""

    sheet: CriterionSheet
    form: ClaimForm
    indicators: list[IndicatorRow]
    items: list[ReviewItem]
    clash: Clash | None = None

    SLOTS = {
        "state": "reports/_criterion_state.html",
        "computed": "reports/_criterion_computed.html",
        "reason": "reports/_claim_reason.html",
        "clash": "reports/_clash.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def is_wrong(self) -> bool:
        """Whether something typed into this criterion is not saved."""
        return bool(self.form.errors or self.clash or any(row.form.errors or row.clash for row in self.indicators))

    @property
    def asks_reason(self) -> bool:
        """Whether the reason of the claim is to be seen: it is needed, or something is written there."""
        return self.sheet.needs_claim_reason or bool(self.form["claim_reason"].value())

    @property
    def missing(self) -> list[Gap]:
        """What is missing in a criterion that was begun; one that was not begun needs no list."""
        return self.sheet.missing() if self.sheet.is_started else []


def criterion_row(
    criterion: CriterionSheet,
    typed: Typed,
    background: Background,
    items: Iterable[ReviewItem],
    chips: Mapping[int, list[EvidenceLink]],
) -> CriterionRow:
    """The criterion as the database has it, with what was typed and not saved; `chips` prove its indicators."""
    indicators = []
    for sheet in criterion.indicators:
        prefix = f"i{sheet.indicator.code}"
        form = typed.forms.get(prefix) or ValueForm(sheet=sheet)
        assert isinstance(form, ValueForm)
        before = background.accepted_text(sheet.indicator.code)
        papers = chips.get(sheet.indicator.pk, [])
        indicators.append(IndicatorRow(sheet, form, before, typed.clashes.get(prefix), papers))
    prefix = f"c{criterion.criterion.number}"
    claim = typed.forms.get(prefix) or ClaimForm(sheet=criterion)
    assert isinstance(claim, ClaimForm)
    own_items = [item for item in items if item.criterion_id == criterion.criterion.pk]
    return CriterionRow(criterion, claim, indicators, own_items, typed.clashes.get(prefix))


def slots_of(row: IndicatorRow | CriterionRow, *names: str) -> dict[str, str]:
    """These slots of a row as HTML, by their names in the page."""
    return {f"{row.prefix}-{name}": rendered(row.SLOTS[name], {"row": row}) for name in names or row.SLOTS}


def errors_of(row: IndicatorRow | CriterionRow) -> dict[str, str]:
    """What is wrong with the fields of a row as HTML, by the names of the fields."""
    found = {}
    for name, errors in row.form.errors.items():
        field_name = "row_version" if name == "__all__" else name
        found[f"{row.prefix}-{field_name}"] = rendered("reports/_field_errors.html", {"errors": errors})
    return found


def rendered(template: str, context: dict[str, Any]) -> str:
    """A piece of a page, without the space around its tags."""
    return strip_spaces_between_tags(render_to_string(template, context).strip())


def clash_of(form: RowForm, conflict: entry.Conflict, by: object) -> Clash:
    """Both contents in words, with who wrote them, when, and how each would be judged."""
    row = conflict.current
    author, now = str(by), clock.now()
    if isinstance(form, ValueForm):
        assert isinstance(row, IndicatorValue)
        level, mine = form.sheet.level, form.as_row()
        return Clash(
            Side(say_row(mine, form), rules.judge_indicator(mine.answer, level).value, author, now),
            Side(
                say_row(row, form), rules.judge_indicator(row.answer, level).value, str(row.updated_by), row.updated_at
            ),
            row.row_version,
        )
    assert isinstance(row, CriterionVerdict)
    content = conflict.write.content
    return Clash(
        Side(say_claim(content["claimed"], content["claim_reason"]), "", author, now),
        Side(say_claim(row.claimed, row.claim_reason), "", str(row.updated_by), row.updated_at),
        row.row_version,
    )


def _verdict(row: IndicatorValue, form: ValueForm) -> str:
    return rules.judge_indicator(row.answer, form.sheet.level).value


def say_row(row: IndicatorValue, form: ValueForm) -> str:
    """A row of an indicator in words, with its reason, note and explanation."""
    parts = [say_value(row, form.indicator, form.sheet.level), row.absence_reason, row.note, row.explanation]
    return " · ".join(part for part in parts if part) or _("empty")


def say_claim(claimed: str, reason: str) -> str:
    """A claim in words, with its reason."""
    words = capital(verdict_word(claimed)) if claimed else ""
    return " · ".join(part for part in (words, reason) if part) or _("empty")
