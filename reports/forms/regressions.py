"""What the committee says to what it lost, and which part of the list shall be shown."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ntm_tracker import clock
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import day
from reports.explanations import Explanation
from reports.forms.steps import LONGEST
from reports.losses import ENDED, EXPLAINED, REGAINED, UNEXPLAINED, ToldLoss
from reports.models import RegressionAnswer


class ExplanationForm(forms.Form):
    """Why a criterion was lost, what is done to regain it, and by when."""

    use_required_attribute = False

    explanation = forms.CharField(
        label=_("Why it was lost"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please say why it was lost.")},
    )
    recovery = forms.CharField(
        label=_("What is done to regain it"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What exactly, and who is in charge of it."),
        error_messages={"required": _("Please say what is done to regain it.")},
    )
    regained_by = DateField(label=_("To be regained by"), help_text=_("Day/month/year, for example 31/03/2015."))

    def __init__(self, data: Any = None, *, loss: ToldLoss) -> None:
        self.clash: RegressionAnswer | None = None
        self.newest = loss.answer
        names = ("explanation", "recovery", "regained_by")
        super().__init__(data, initial={name: getattr(loss.answer, name) for name in names} if loss.answer else None)
        self.fields["regained_by"].required = loss.regained_in is None

    @property
    def loaded(self) -> int:
        """The state of the answer that the page was made from; anything odd counts as none."""
        text = str(self.data.get("answer_version", "")) if self.is_bound else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def answer_version(self) -> int:
        """What the page sends along: who has seen another's answer may replace it."""
        if self.clash:
            return self.clash.answer_version
        if self.is_bound:
            return self.loaded
        return self.newest.answer_version if self.newest else 0

    def clean_regained_by(self) -> date | None:
        """Not over yet, unless it is the day that stands there already."""
        regained_by: date | None = self.cleaned_data["regained_by"]
        standing = self.newest.regained_by if self.newest else None
        if regained_by and regained_by < clock.today() and regained_by != standing:
            text = gettext("This day is already over: today is %(today)s.")
            raise ValidationError(text % {"today": day(clock.today())}, code="past")
        return regained_by

    def as_explanation(self) -> Explanation:
        """What the valid form wants to say."""
        names = ("explanation", "recovery", "regained_by")
        return Explanation(self.loaded, *(self.cleaned_data[name] for name in names))


class LossFilter(forms.Form):
    """Which regressions shall be shown; what is not understood shows all that hold."""

    use_required_attribute = False

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", pgettext_lazy("regressions", "all that hold")),
            (UNEXPLAINED, pgettext_lazy("regressions", "not explained yet")),
            (EXPLAINED, pgettext_lazy("regressions", "explained, not regained")),
            (REGAINED, pgettext_lazy("regressions", "regained since")),
            (ENDED, pgettext_lazy("regressions", "no longer holding")),
        ],
    )

    @property
    def report(self) -> int | None:
        """The key of the one report that was asked for."""
        text = self.data.get("report", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None

    @property
    def wanted(self) -> str:
        """The part that was asked for."""
        asked = self.data.get("show", "")
        return asked if asked in (UNEXPLAINED, EXPLAINED, REGAINED, ENDED) else ""
