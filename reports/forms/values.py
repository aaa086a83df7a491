"""What the committee types into a criterion group: a form for each indicator and for each claimed verdict.

A row is saved whole or not at all. Its fields are called i2.1-value, i2.1-absence, c2-claimed and so on.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from criteria import rules
from criteria.models import Criterion, Indicator
from ntm_tracker.fields import NumberField
from ntm_tracker.numbers import Reading, format_number
from ntm_tracker.templatetags.look import capital, quantity, verdict_word
from reports.counting import counted_by
from reports.entry import EMPTY_CLAIM, EMPTY_VALUE, Write
from reports.forms.review import Remark
from reports.judging import CriterionSheet, IndicatorSheet
from reports.models import CriterionVerdict, IndicatorValue, ReportVersion
from reports.reading import say_value

# Beyond these a number was meant in another unit: 26345 for 26.345 million dong.
PLAUSIBLE = {
    Indicator.Kind.PERCENT: Decimal(100),
    Indicator.Kind.AMOUNT: Decimal(1000),
    Indicator.Kind.MULTIPLE: Decimal(20),
}
# A share of 1 or less where so much is required was perhaps meant as a part of one: 0.95 for 95 %.
LARGE_SHARE = Decimal(20)
KEPT = ("note", "explanation", "row_version")
"""What a row keeps that is made like the one of an earlier quarter."""


class RowForm(forms.Form):
    """One row of the page, and the version of the stored row that the page was made from."""

    use_required_attribute = False
    row: IndicatorValue | CriterionVerdict | None
    target: Indicator | Criterion

    row_version = forms.CharField(widget=forms.HiddenInput, required=False)

    def said(self) -> str:
        """What the stored row says, in words."""
        raise NotImplementedError

    def content(self) -> dict[str, Any]:
        """What the valid form wants the row to say."""
        raise NotImplementedError

    @property
    def named(self) -> str:
        """The row in words."""
        return str(self.target)

    def typed(self) -> list[tuple[str, str]]:
        """What was typed and is not what is stored: the field and the text as they stood on the page."""
        found = []
        for name in self.changed_data:
            if name == "row_version":
                continue
            field, text = self.fields[name], str(self.data.get(self.add_prefix(name), ""))
            words = dict(field.choices) if isinstance(field, forms.ChoiceField) else {}  # type: ignore[arg-type]
            found.append((str(field.label), str(words.get(text, text)) or "–"))
        return found

    @property
    def is_posted(self) -> bool:
        """Whether the page that was sent had this row at all."""
        return self.is_bound and any(name.startswith(f"{self.prefix}-") for name in self.data)

    @property
    def loaded(self) -> int | None:
        """The version of the row that the page was made from; None when it does not say."""
        text = str(self.data.get(self.add_prefix("row_version"), ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def as_write(self) -> Write:
        """The write of the valid form. Whoever keeps their own over another's sends the newer version along."""
        return Write(self.target, self.loaded or 0, self.content())

    def clean(self) -> dict[str, Any]:
        """Without a known starting point a row could overwrite somebody else's, so the user has to look first."""
        cleaned = super().clean() or self.cleaned_data
        if self.loaded is None:
            text = gettext(
                "It is not known which state of this row you started from. Compare what you typed with what is "
                "stored now (%(stored)s), then save again."
            )
            self.add_error(None, text % {"stored": self.said() or gettext("nothing")})
            self.data = dict(self.data.items()) | {self.add_prefix("row_version"): self._stored_version()}
        return cleaned

    def _stored_version(self) -> str:
        return str(self.row.row_version if self.row else 0)


class ValueForm(RowForm):
    """The value of one indicator, or why there is none."""

    absence = forms.ChoiceField(label=_("Why there is no value"), required=False)
    absence_reason = forms.CharField(label=_("Reason"), required=False, max_length=500)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    explanation = forms.CharField(
        label=_("Your explanation"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any = None, *, sheet: IndicatorSheet) -> None:
        self.sheet, self.row, self.target = sheet, sheet.row, sheet.indicator
        self.taken_from: ReportVersion | None = None
        initial = self._stored() | {"row_version": self._stored_version()}
        super().__init__(data, prefix=f"i{sheet.indicator.code}", initial=initial)
        if sheet.indicator.is_yes_no:
            self._ask_yes_or_no()
        else:
            self._ask_number()

    def said(self) -> str:
        return (
            say_value(self.row, self.sheet.indicator, self.sheet.level) if isinstance(self.row, IndicatorValue) else ""
        )

    @classmethod
    def like(cls, accepted: IndicatorValue, data: Mapping[str, Any], *, sheet: IndicatorSheet) -> "ValueForm":
        """The row as it was accepted in an earlier quarter, under the note, explanation and row version of `data`."""
        typed = cls(data, sheet=sheet)
        copied = {"value": "", "absence": accepted.absence, "absence_reason": accepted.absence_reason}
        if sheet.indicator.is_yes_no:
            copied["value"] = accepted.absence or _yes_or_no(accepted)
        elif accepted.numerator is not None and accepted.denominator is not None and typed.takes_parts:
            copied["numerator"], copied["denominator"] = map(format_number, (accepted.numerator, accepted.denominator))
        elif accepted.value is not None:
            # With its sign a small percentage is not asked about again.
            sign = "%" if sheet.indicator.kind == Indicator.Kind.PERCENT else ""
            copied["value"] = f"{format_number(accepted.value)}{sign}"
        kept = {name: data[typed.add_prefix(name)] for name in KEPT if typed.add_prefix(name) in data}
        form = cls({typed.add_prefix(name): text for name, text in (kept | copied).items()}, sheet=sheet)
        form.taken_from = accepted.version
        return form

    def content(self) -> dict[str, Any]:
        """Whether the row is like the one of an earlier quarter is said only where it was asked for; so that a row
        that stays as it is keeps what was said of it."""
        content = {name: self.cleaned_data.get(name) or default for name, default in EMPTY_VALUE.items()}
        content |= {name: self.cleaned_data.get(name) for name in ("value", "numerator", "denominator")}
        del content["same_as"]
        return content | ({"same_as": self.taken_from} if self.taken_from else {})

    @property
    def indicator(self) -> Indicator:
        return self.sheet.indicator

    def as_row(self) -> IndicatorValue:
        """What the valid form wants the row to say, as a row that is not stored."""
        return IndicatorValue(indicator=self.indicator, **self.content())

    @property
    def takes_parts(self) -> bool:
        return "numerator" in self.fields

    @property
    def parts(self) -> list[BoundField]:
        """The two numbers a percentage may be computed from."""
        return [self["numerator"], self["denominator"]] if self.takes_parts else []

    @property
    def says_nothing(self) -> bool:
        """Whether nothing stands in the fields for the value and why there is none."""
        names = ("value", "numerator", "denominator", "absence", "absence_reason")
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in names)

    @property
    def numbers(self) -> list[BoundField]:
        """The fields for numbers, which may have to ask what was meant."""
        return [] if self.indicator.is_yes_no else [self["value"], *self.parts]

    def clean(self) -> dict[str, Any]:
        """The fields of one row together: value, two numbers, absence and reason."""
        cleaned = super().clean()
        if self.sheet.indicator.is_yes_no:
            answer = cleaned.get("value") or ""
            cleaned["absence"] = answer if answer in rules.Absence.values else ""
            cleaned["value"] = Decimal(answer) if answer in ("0", "1") else None
        elif self.takes_parts:
            self._compute(cleaned)
        given = [name for name in ("value", "numerator", "denominator") if cleaned.get(name) is not None]
        if cleaned.get("absence") and given:
            self.add_error("absence", gettext("There is a value, so this must stay empty. Remove one of the two."))
        if cleaned.get("absence_reason") and not cleaned.get("absence") and "absence" not in self.errors:
            text = gettext("Choose why there is no value, or move this text to the note.")
            self.add_error("absence_reason", text)
        self._question_small_share(cleaned)
        return cleaned

    def _stored(self) -> dict[str, Any]:
        """The stored row as its fields show it: a percentage computed from two numbers is not typed again."""
        row = self.sheet.row
        if row is None:
            return dict(EMPTY_VALUE)
        stored = {name: getattr(row, name) for name in EMPTY_VALUE}
        if self.sheet.indicator.is_yes_no:
            stored["value"] = row.absence or _yes_or_no(row)
        elif row.numerator is not None:
            stored["value"] = None
        return stored

    def _ask_yes_or_no(self) -> None:
        """Of the four answers two are values and two are reasons for having none."""
        del self.fields["absence"]
        answers = [("1", pgettext("answer", "Yes")), ("0", pgettext("answer", "No"))]
        absences = [(code, capital(verdict_word(code))) for code in rules.Absence.values]
        self.fields["value"] = forms.ChoiceField(
            label=self.sheet.indicator.name, choices=[*answers, *absences], required=False, widget=forms.RadioSelect
        )

    def _ask_number(self) -> None:
        indicator = self.sheet.indicator
        absence = self.fields["absence"]
        assert isinstance(absence, forms.ChoiceField)
        absence.choices = [("", "–"), *((code, verdict_word(code)) for code in rules.Absence.values)]
        level = self.sheet.level
        limit = PLAUSIBLE[Indicator.Kind(indicator.kind)]
        if indicator.kind != Indicator.Kind.PERCENT and level and level.value:
            limit = max(limit, level.value * 20)
        unit = indicator.unit if indicator.kind != Indicator.Kind.PERCENT else "%"
        self.fields["value"] = NumberField(
            label=indicator.name, min_value=0, max_value=_plain(limit), unit=unit, required=False
        )
        if indicator.takes_parts:
            counted = counted_by(indicator.code)
            for name, label in (("numerator", gettext("Counted")), ("denominator", gettext("In total"))):
                self.fields[name] = NumberField(
                    label=f"{label} ({counted})" if counted else label,
                    min_value=0,
                    max_digits=18,
                    decimal_places=4,
                    required=False,
                )

    def _compute(self, cleaned: dict[str, Any]) -> None:
        """The percentage from its two numbers; one that is typed beside them has to agree."""
        if self.errors.keys() & {"numerator", "denominator"}:
            return
        part, total = cleaned.get("numerator"), cleaned.get("denominator")
        if part is None and total is None:
            return
        if part is None or total is None:
            missing = "numerator" if part is None else "denominator"
            self.add_error(missing, gettext("Give both numbers, or neither of them."))
        elif total == 0:
            self.add_error("denominator", gettext("The total cannot be zero."))
        elif part > total:
            self.add_error("numerator", gettext("The number counted cannot be larger than the total."))
        elif "value" not in self.errors:
            share = rules.percentage(part, total)
            typed = cleaned.get("value")
            if self.sheet.row and typed == self.sheet.row.value:
                typed = None  # not typed, but left over from before the two numbers
            if typed is not None and abs(share - Fraction(typed)) > half_of_last_digit(typed):
                text = gettext(
                    "The two numbers give %(share)s, not %(typed)s. Leave the percentage empty, or correct one of them."
                )
                names = {"share": quantity(rules.rounded(share, 2), "%"), "typed": quantity(typed, "%")}
                self.add_error("value", text % names)
            cleaned["value"] = rules.rounded(share, 6)

    def _question_small_share(self, cleaned: dict[str, Any]) -> None:
        """0.95 where 90 % are required: is it 0.95 % or 95 %? Typed with its sign there is no question."""
        value, level = cleaned.get("value"), self.sheet.level
        asks = self.sheet.indicator.kind == Indicator.Kind.PERCENT and cleaned.get("numerator") is None
        if not asks or value is None or not 0 < value <= 1 or level is None or level.value is None:
            return
        if level.comparator not in (rules.Comparator.AT_LEAST, rules.Comparator.MORE_THAN) or level.value < LARGE_SHARE:
            return
        stored = self.sheet.row.value if self.sheet.row else None
        if value == stored or str(self.data.get(self.add_prefix("value"), "")).rstrip().endswith("%"):
            return
        readings = [
            Reading(number, f"{format_number(number)} %", quantity(number, "%")) for number in (value, value * 100)
        ]
        text = gettext("Is this %(small)s, or %(large)s?") % {"small": readings[0].label, "large": readings[1].label}
        question = ValidationError(text.replace("%", "%%"), code="ambiguous", params={"readings": tuple(readings)})
        self.add_error("value", question)


class ClaimForm(RowForm):
    """The committee's own verdict on one criterion."""

    claimed = forms.ChoiceField(label=_("Your own assessment"), required=False, widget=forms.RadioSelect)
    claim_reason = Remark(label=_("Why your assessment differs from the computed verdict"), max_length=500)

    def __init__(self, data: Any = None, *, sheet: CriterionSheet) -> None:
        self.sheet, self.row, self.target = sheet, sheet.row, sheet.criterion
        initial = {name: getattr(sheet.row, name) for name in EMPTY_CLAIM} if sheet.row else EMPTY_CLAIM
        prefix = f"c{sheet.criterion.number}"
        super().__init__(data, prefix=prefix, initial=initial | {"row_version": self._stored_version()})
        field = self.fields["claimed"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, capital(word)) for code, word in CriterionVerdict.CLAIMS]

    def said(self) -> str:
        return capital(verdict_word(self.sheet.claimed)) if self.sheet.claimed else ""

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in EMPTY_CLAIM}


def prefixes_of(criterion: CriterionSheet) -> list[str]:
    """The prefixes of the rows that are written for a criterion, in the order of the page."""
    return [f"c{criterion.criterion.number}", *(f"i{each.indicator.code}" for each in criterion.indicators)]


def _yes_or_no(row: IndicatorValue) -> str:
    """The stored answer as its radio button is called; empty when there is none."""
    return "" if row.value is None else f"{row.value:.0f}"


def half_of_last_digit(typed: Decimal) -> Fraction:
    """How far a number may be from the one it was rounded from: 0.05 for 12.5."""
    exponent = typed.as_tuple().exponent
    assert isinstance(exponent, int)
    return Fraction(10) ** exponent / 2


def _plain(limit: Decimal) -> Decimal | int:
    """The limit as an integer where it is one, as `NumberField` names it."""
    return int(limit) if limit == limit.to_integral_value() else limit
