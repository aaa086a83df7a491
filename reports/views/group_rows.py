"""What does a row of a criterion group show: beside its fields, in the page and in the answer to a saved row?

Parts that change when a row is saved are slots, each a template of its own, so that page and answer agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from criteria import rules
from criteria.models import Indicator
from ntm_tracker import clock
from ntm_tracker.templatetags.look import NBSP, capital, quantity, verdict_word
from reports import entry, evidence
from reports.changes import Background
from reports.checks import SoftCheck
from reports.forms.values import ClaimForm, RowForm, ValueForm
from reports.gauge import Gauge, gauge_of
from reports.judging import CriterionSheet, IndicatorSheet
from reports.models import CriterionVerdict, EvidenceLink, IndicatorValue, ReviewItem
from reports.reading import level_of, say_comparison, say_numbers, say_threshold, say_value, say_why
from reports.views.typed import Clash, Side, Typed, rendered


@dataclass
class IndicatorRow:
    """One indicator on the page. `accepted` is what the last accepted quarter says of the same."""

    sheet: IndicatorSheet
    form: ValueForm
    accepted: IndicatorValue | None
    clash: Clash | None = None
    chips: list[EvidenceLink] = field(default_factory=list)
    check: SoftCheck | None = None

    SLOTS = {
        "ask": "reports/_readings.html",
        "echo": "reports/_value_echo.html",
        "reason": "reports/_absence_reason.html",
        "facts": "reports/_value_facts.html",
        "dot": "reports/_gauge_dot.html",
        "soft": "reports/_soft_check.html",
        "clash": "reports/_clash.html",
        "paper": "reports/_value_paper.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    def same_places(self, other: "IndicatorRow | CriterionRow") -> dict[str, bool]:
        """Which of the slots with a text to write are in the same state in the other row."""
        assert isinstance(other, IndicatorRow)
        asked = [(row.check.sentence if row.check else "", row.asks_explanation) for row in (self, other)]
        return {"soft": asked[0] == asked[1]}

    @property
    def asks_explanation(self) -> bool:
        """Whether the explanation is to be seen: something asks for it, or something is written there."""
        field = self.form["explanation"]
        return bool(self.check or field.value() or field.errors)

    @property
    def title(self) -> str:
        """The name, with its code where the criterion has several indicators."""
        indicator = self.sheet.indicator
        return indicator.name if indicator.code.isdigit() else str(indicator)

    @property
    def missing_paper(self) -> str:
        """The paper that is expected for the value and is not there; empty when nothing is missing."""
        return evidence.expected(self.sheet) if evidence.is_missing(self.sheet, self.chips) else ""

    @property
    def threshold(self) -> str:
        return say_threshold(self.sheet.threshold, self.sheet.indicator)

    @property
    def why(self) -> str:
        return say_why(self.sheet)

    @property
    def before(self) -> str:
        """What was accepted last, in words."""
        return say_value(self.accepted, self.accepted.indicator, level_of(self.accepted)) if self.accepted else ""

    @property
    def parts_before(self) -> str:
        return say_numbers(self.accepted) if self.accepted else ""

    @property
    def outlook(self) -> str:
        """How the value accepted last stands to the threshold of now, while there is no new one."""
        value = self.accepted.answer.exact if self.accepted and not self.sheet.is_answered else None
        return say_comparison(value, self.sheet) if value is not None else ""

    @property
    def gauge(self) -> Gauge | None:
        return gauge_of(self.sheet, self.accepted.answer.exact if self.accepted else None)

    @property
    def is_unanswered(self) -> bool:
        """Whether the stored row has neither a value nor says why there is none."""
        return not (self.sheet.row and (self.sheet.row.absence or self.sheet.exact is not None))

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the row, stored or typed."""
        return self.is_unanswered and not self.form.is_bound

    @property
    def mark(self) -> str:
        """The threshold in few signs, for the gauge."""
        threshold = self.sheet.threshold
        assert threshold is not None
        sign = "%" if self.sheet.indicator.kind == Indicator.Kind.PERCENT else ""
        return f"{threshold.get_comparator_display()}{NBSP}{quantity(threshold.value, sign)}"

    @property
    def offers_same(self) -> bool:
        """Whether there is something to take over, and it is not taken over yet."""
        taken = self.sheet.row.same_as_id if self.sheet.row else None
        return self.accepted is not None and taken != self.accepted.version_id

    @property
    def lacks_reason(self) -> bool:
        """Whether it is said that there is no value, and not why."""
        row = self.sheet.row
        return bool(row and row.absence and not row.absence_reason and not self.form.is_bound)

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
        return row if row and not self.form.errors and not self.clash else None


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

    def same_places(self, other: "IndicatorRow | CriterionRow") -> dict[str, bool]:
        """Which of the slots with a text to write are in the same state in the other row."""
        assert isinstance(other, CriterionRow)
        return {"reason": self.asks_reason == other.asks_reason}

    @property
    def is_wrong(self) -> bool:
        """Whether something typed into this criterion is not saved."""
        return bool(self.form.errors or self.clash or any(row.form.errors or row.clash for row in self.indicators))

    @property
    def is_settled(self) -> bool:
        """Whether nothing in it waits for anybody, so that it is shown folded."""
        unexplained = any(row.check and not row.check.is_explained for row in self.indicators)
        asked = self.is_wrong or self.items or unexplained or self.sheet.is_disputed
        return self.sheet.is_filled and not asked

    @property
    def asks_reason(self) -> bool:
        """Whether the reason of the claim is to be seen: it is needed, or something is written there."""
        field = self.form["claim_reason"]
        return self.sheet.needs_claim_reason or bool(field.value() or field.errors)

    @property
    def lacks(self) -> str:
        """What is missing in a criterion that was begun, in a few words."""
        unanswered = [row.sheet.indicator.code for row in self.indicators if not row.sheet.is_answered]
        missing = [", ".join(unanswered)] if unanswered else []
        if not self.sheet.claimed:
            missing.append(_("your assessment"))
        elif self.sheet.needs_claim_reason and not (self.sheet.row and self.sheet.row.claim_reason):
            missing.append(_("the reason for your assessment"))
        return _("missing: %(what)s") % {"what": ", ".join(missing)} if missing else ""

    @property
    def why(self) -> str:
        """Which of several indicators decide the computed verdict; empty where it is met, or there is one only."""
        if len(self.indicators) == 1:
            return ""
        deciding = [row for row in self.indicators if row.sheet.verdict == self.sheet.computed]
        if self.sheet.computed not in (rules.Verdict.NOT_MET, rules.Verdict.NO_DATA):
            return ""
        return ", ".join(row.sheet.indicator.code for row in deciding)

    @property
    def offers_same(self) -> bool:
        """Whether several rows are empty and could be taken over with one click."""
        return sum(row.is_empty and row.offers_same for row in self.indicators) > 1


@dataclass(frozen=True)
class Surroundings:
    """What stands around the rows of a version: earlier quarters, soft checks, evidence, what the reviewer asks."""

    background: Background
    checks: Mapping[str, SoftCheck]
    chips: Mapping[int, list[EvidenceLink]]
    items: Iterable[ReviewItem] = ()


def criterion_row(criterion: CriterionSheet, typed: Typed, around: Surroundings) -> CriterionRow:
    """The criterion as the database has it, with what was typed and not saved."""
    indicators = []
    for sheet in criterion.indicators:
        code = sheet.indicator.code
        form = typed.forms.get(f"i{code}") or ValueForm(sheet=sheet)
        assert isinstance(form, ValueForm)
        accepted, papers = around.background.accepted(sheet), around.chips.get(sheet.indicator.pk, [])
        clash, check = typed.clashes.get(f"i{code}"), around.checks.get(code)
        indicators.append(IndicatorRow(sheet, form, accepted, clash, papers, check))
    prefix = f"c{criterion.criterion.number}"
    claim = typed.forms.get(prefix) or ClaimForm(sheet=criterion)
    assert isinstance(claim, ClaimForm)
    own_items = [item for item in around.items if item.criterion_id == criterion.criterion.pk]
    return CriterionRow(criterion, claim, indicators, own_items, typed.clashes.get(prefix))


def slots_of(row: IndicatorRow | CriterionRow) -> dict[str, str]:
    """The parts of a row that change when it is saved, as HTML, by their names in the page."""
    return {f"{row.prefix}-{name}": rendered(template, {"row": row}) for name, template in row.SLOTS.items()}


def both_slots(
    before: IndicatorRow | CriterionRow, after: IndicatorRow | CriterionRow
) -> tuple[dict[str, str], dict[str, str]]:
    """The slots of a row after a save and before it.

    A text that somebody writes into a slot is on their page already: only whether there is a place for it counts.
    """
    was, slots = slots_of(before), slots_of(after)
    for name, is_same in after.same_places(before).items():
        if is_same:
            slots[f"{after.prefix}-{name}"] = was[f"{after.prefix}-{name}"]
    return slots, was


def clash_of(form: RowForm, conflict: entry.Conflict, by: object) -> Clash:
    """Both contents in words, with who wrote them, when, and how each would be judged."""
    row = conflict.current
    author, now = str(by), clock.now()
    if isinstance(form, ValueForm):
        assert isinstance(row, IndicatorValue)
        mine = form.as_row()
        return Clash(
            Side(say_row(mine, form), _verdict(mine, form), author, now),
            Side(say_row(row, form), _verdict(row, form), str(row.updated_by), row.updated_at),
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
    """How a row of the indicator would be judged."""
    return rules.judge_indicator(row.answer, form.sheet.level).value


def say_row(row: IndicatorValue, form: ValueForm) -> str:
    """A row of an indicator in words, with its reason, note and explanation."""
    value, numbers = say_value(row, form.indicator, form.sheet.level), say_numbers(row)
    parts = [f"{value} ({numbers})" if numbers else value, row.absence_reason, row.note, row.explanation]
    return " · ".join(part for part in parts if part) or _("empty")


def say_claim(claimed: str, reason: str) -> str:
    """A claim in words, with its reason."""
    words = capital(verdict_word(claimed)) if claimed else ""
    return " · ".join(part for part in (words, reason) if part) or _("empty")
