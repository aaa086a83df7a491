"""What the reviewer types: verdicts on the criteria, items, and why the report goes back."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from criteria import rules
from criteria.models import Criterion, Indicator
from ntm_tracker import clock
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import capital, day
from reports.entry import EMPTY_REVIEW, Write
from reports.forms.steps import LONGEST
from reports.judging import CriterionSheet, Sheet
from reports.models import ReviewItem

CONSIDERED = (rules.Verdict.MET, rules.Verdict.BASIC, rules.Verdict.NOT_MET, rules.Verdict.NOT_CONSIDERED)
"""What a reviewer can conclude. “No data” is no conclusion; it stands only where the rule says so."""

FRAGILE = "on"
LONGEST_NAME = 32


REMARK = forms.Textarea(attrs={"rows": 2, "cols": False, "class": "form-control"})


class Remark(forms.CharField):
    """A text that is needed in some cases only, which its form knows; so it is not called optional."""

    def validate(self, value: Any) -> None:
        """Empty is fine here."""


class VerdictForm(forms.Form):
    """The verified verdict on one criterion. Its fields are called c10-verified and so on.

    What is met or basically met is sustainable or not yet. Where the rule calls it fragile, its sentences
    (`rule`) stand as the reason until the reviewer gives another one, and the opposite needs a reason too.
    """

    use_required_attribute = False

    verified = forms.ChoiceField(
        label=_("Verified verdict"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    verified_reason = Remark(label=_("Reason of the reviewer"), max_length=500, widget=REMARK)
    fragile = forms.ChoiceField(
        label=_("Sustainability"),
        choices=[("", _("Sustainable")), (FRAGILE, _("Not yet sustainable"))],
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        required=False,
    )
    fragile_reason = Remark(label=_("Why not sustainable"), max_length=500, widget=REMARK)

    def __init__(self, data: Any = None, *, sheet: CriterionSheet) -> None:
        self.sheet = sheet
        self.rule = sheet.row.fragile_rule if sheet.row else ""
        self.stored = {name: getattr(sheet.row, name) for name in EMPTY_REVIEW} if sheet.row else EMPTY_REVIEW
        initial = self.stored | {"fragile": FRAGILE if self.stored["fragile"] else ""}
        if self.rule and initial["fragile_reason"] == self.rule:
            initial["fragile_reason"] = ""
        # Its labels stand around the fields, so that nineteen of these forms need no ids.
        super().__init__(data, prefix=f"c{sheet.criterion.number}", initial=initial, auto_id=False)
        field = self.fields["verified"]
        assert isinstance(field, forms.ChoiceField)
        field.widget.attrs["aria-label"] = f"{field.label} {sheet.criterion.number}"
        field.choices = [("", gettext("choose")), *((code.value, capital(code.label)) for code in self.conclusions)]
        if self.rule:
            self.fields["fragile_reason"].label = gettext("Reason, where you see it otherwise than the rule")

    @property
    def conclusions(self) -> list[rules.Verdict]:
        """The verdicts to choose from."""
        return [*CONSIDERED, *([rules.Verdict.NO_DATA] if self.sheet.computed == rules.Verdict.NO_DATA else [])]

    def clean_fragile(self) -> bool:
        """As it is stored."""
        return bool(self.cleaned_data["fragile"] == FRAGILE)

    def clean(self) -> dict[str, Any]:
        """Sustainability is said only of what is met, and no reason that was typed is lost silently."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["verified"] not in (rules.Verdict.MET, rules.Verdict.BASIC):
            self._clean_where_lost(cleaned)
        elif cleaned["fragile"]:
            cleaned["fragile_reason"] = cleaned["fragile_reason"] or self.rule
        elif cleaned["fragile_reason"] == self.rule:
            cleaned["fragile_reason"] = ""
        elif not self.rule:
            self.add_error("fragile", gettext("Choose “Not yet sustainable”, or leave out the reason below."))
        return cleaned

    def _clean_where_lost(self, cleaned: dict[str, Any]) -> None:
        """What was said of the sustainability goes with the verdict, unless it was written just now."""
        is_new = cleaned["fragile"] and not self.stored["fragile"]
        if is_new or cleaned["fragile_reason"] not in ("", self.rule, self.stored["fragile_reason"]):
            self.add_error("fragile", gettext("Only what is met or basically met can be not yet sustainable."))
        cleaned["fragile"], cleaned["fragile_reason"] = False, ""

    @property
    def is_posted(self) -> bool:
        """Whether the page that was sent had this row at all."""
        return self.is_bound and self.add_prefix("row_version") in self.data

    @property
    def row_version(self) -> int:
        """The version of the row the page was made from; anything odd counts as none, so that it conflicts."""
        try:
            return int(self.data.get(self.add_prefix("row_version"), ""))
        except ValueError:
            return 0

    def as_write(self) -> Write:
        """What the valid form wants the row to say."""
        return Write(self.sheet.criterion, self.row_version, {name: self.cleaned_data[name] for name in EMPTY_REVIEW})


class ItemForm(forms.Form):
    """Something the committee must fix or answer: about the whole report, a criterion or an indicator."""

    use_required_attribute = False

    about = forms.ChoiceField(label=_("About"))
    kind = forms.ChoiceField(label=_("Kind"), choices=ReviewItem.Kind, initial=ReviewItem.Kind.MUST_FIX)
    text = forms.CharField(
        label=_("What must be fixed or answered"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please say what must be fixed or answered.")},
    )

    def __init__(self, *args: Any, sheet: Sheet, about: str = "", **kwargs: Any) -> None:
        """`about` is what the item is raised on where somebody pressed the button beside it: c10, i15.1."""
        if about:
            kwargs["initial"] = kwargs.get("initial", {}) | {"about": about}
        super().__init__(*args, **kwargs)
        if about:
            self.fields["text"].widget.attrs["autofocus"] = True
        self._targets: dict[str, Criterion | Indicator] = {}
        targets, kind = self.fields["about"], self.fields["kind"]
        assert isinstance(targets, forms.ChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        targets.choices = [("all", gettext("the whole report")), *self._choices(sheet)]
        kind.choices = [(code, capital(word)) for code, word in ReviewItem.Kind.choices]

    def _choices(self, sheet: Sheet) -> Iterator[tuple[str, str]]:
        """Every criterion, followed by its indicators; their names are long, and the page has them elsewhere."""
        for criterion in sheet.criteria:
            code = f"c{criterion.criterion.number}"
            self._targets[code] = criterion.criterion
            yield code, str(criterion.criterion)
            for indicator in criterion.indicators:
                code = f"i{indicator.indicator.code}"
                self._targets[code] = indicator.indicator
                yield code, f"– {Truncator(indicator.indicator).chars(LONGEST_NAME)}"

    @property
    def target(self) -> Criterion | Indicator | None:
        """What the item is about; None for the whole report."""
        return self._targets.get(self.cleaned_data["about"])


class ReturnForm(forms.Form):
    """Why the report goes back, and by when the committee should respond."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reason for returning"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please say why.")},
        help_text=_("The committee reads it above the items."),
    )
    respond_by = DateField(label=_("Respond by"))

    def __init__(self, *args: Any, days: int = 0, **kwargs: Any) -> None:
        """`days` is what a return proposes to respond within."""
        default = {"respond_by": clock.today() + timedelta(days=days)}
        kwargs["initial"] = default | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def clean_respond_by(self) -> date:
        """Not over yet."""
        respond_by: date = self.cleaned_data["respond_by"]
        if respond_by < clock.today():
            text = gettext("This day is already over: today is %(today)s.")
            raise ValidationError(text % {"today": day(clock.today())}, code="past")
        return respond_by
