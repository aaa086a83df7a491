"""What the reviewer types: verdicts on the criteria, items, and why the report goes back."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
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

DAYS_TO_RESPOND = 7


class Remark(forms.CharField):
    """A text that is needed in some cases only, which its form knows; so it is not called optional."""

    def validate(self, value: Any) -> None:
        """Empty is fine here."""


class VerdictForm(forms.Form):
    """The verified verdict on one criterion. Its fields are called c10-verified and so on."""

    use_required_attribute = False

    verified = forms.ChoiceField(
        label=_("Verified verdict"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    verified_reason = Remark(
        label=_("Reason of the reviewer"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when the verdict departs from the computed one."),
    )
    fragile = forms.BooleanField(label=_("Met, but not yet sustainable"), required=False)
    fragile_reason = Remark(label=_("Why not sustainable"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any = None, *, sheet: CriterionSheet) -> None:
        self.sheet = sheet
        initial = {name: getattr(sheet.row, name) for name in EMPTY_REVIEW} if sheet.row else EMPTY_REVIEW
        super().__init__(data, prefix=f"c{sheet.criterion.number}", initial=initial)
        field = self.fields["verified"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("choose")), *((code, capital(word)) for code, word in rules.Verdict.choices)]

    def clean(self) -> dict[str, Any]:
        """Only what is met can be fragile; a reason without the tick would be lost silently."""
        cleaned = super().clean() or self.cleaned_data
        fragile = cleaned.get("fragile")
        if fragile and cleaned.get("verified") not in (rules.Verdict.MET, rules.Verdict.BASIC):
            self.add_error("fragile", gettext("Only what is met or basically met can be not yet sustainable."))
        if cleaned.get("fragile_reason") and not fragile:
            self.add_error("fragile", gettext("Tick this box, or leave out the reason below."))
        return cleaned

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

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets: dict[str, Criterion | Indicator] = {}
        about, kind = self.fields["about"], self.fields["kind"]
        assert isinstance(about, forms.ChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        about.choices = [("all", gettext("the whole report")), *self._choices(sheet)]
        kind.choices = [(code, capital(word)) for code, word in ReviewItem.Kind.choices]

    def _choices(self, sheet: Sheet) -> Iterator[tuple[str, str]]:
        """Every criterion, followed by its indicators."""
        for criterion in sheet.criteria:
            code = f"c{criterion.criterion.number}"
            self._targets[code] = criterion.criterion
            yield code, str(criterion.criterion)
            for indicator in criterion.indicators:
                code = f"i{indicator.indicator.code}"
                self._targets[code] = indicator.indicator
                yield code, f"– {indicator.indicator}"

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        default = {"respond_by": clock.today() + timedelta(days=DAYS_TO_RESPOND)}
        kwargs["initial"] = default | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def clean_respond_by(self) -> date:
        """Not over yet."""
        respond_by: date = self.cleaned_data["respond_by"]
        if respond_by < clock.today():
            text = gettext("This day is already over: today is %(today)s.")
            raise ValidationError(text % {"today": day(clock.today())}, code="past")
        return respond_by
