"""What is typed along with a step: a reason, who takes a report over, a new due date."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from communes.models import User
from ntm_tracker import clock
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import day
from reports.workflow import StepData

LONGEST = 2000


class ReasonForm(forms.Form):
    """Why a step is taken."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please say why.")},
        help_text=_("Both sides can read it in the history."),
    )

    def as_step_data(self) -> StepData:
        """What was typed, as the workflow takes it. Only when valid."""
        return StepData(reason=self.cleaned_data["reason"])


class HandOverForm(ReasonForm):
    """Who takes a report over, and why."""

    to = forms.ChoiceField(
        label=_("Who takes it over"),
        error_messages={"required": _("Choose who takes the report over.")},
    )
    field_order = ["to", "reason"]

    def __init__(self, *args: Any, takers: Sequence[User], **kwargs: Any) -> None:
        """`takers` come from `queue.takers`."""
        super().__init__(*args, **kwargs)
        self.takers = {str(taker.pk): taker for taker in takers}
        field: Any = self.fields["to"]
        field.choices = [("", gettext("Choose a reviewer")), *((pk, _name(user)) for pk, user in self.takers.items())]

    def as_step_data(self) -> StepData:
        """What was typed, as the workflow takes it. Only when valid."""
        return StepData(reason=self.cleaned_data["reason"], to=self.takers[self.cleaned_data["to"]])


def _name(taker: User) -> str:
    """A reviewer and how much they have in hand."""
    n: int = taker.holding  # type: ignore[attr-defined]  # from queue.takers
    text = ngettext("%(reviewer)s, holds %(n)s report", "%(reviewer)s, holds %(n)s reports", n)
    return text % {"reviewer": taker, "n": n}


class ExtensionForm(forms.Form):
    """More time for one report."""

    new_due = DateField(label=_("New due date"), help_text=_("Inclusive, to the end of the day in Việt Nam."))
    reason = ReasonForm.base_fields["reason"]

    def __init__(self, *args: Any, old_due: date, **kwargs: Any) -> None:
        self.old_due = old_due
        super().__init__(*args, **kwargs)

    def clean_new_due(self) -> date:
        """Later than the present due date, and not over yet."""
        new_due: date = self.cleaned_data["new_due"]
        if new_due <= self.old_due:
            text = gettext("The new due date must be later than the present one, %(day)s.")
            raise ValidationError(text % {"day": day(self.old_due)}, code="too_early")
        if new_due < clock.today():
            text = gettext("This day is already over: today is %(today)s.")
            raise ValidationError(text % {"today": day(clock.today())}, code="past")
        return new_due
