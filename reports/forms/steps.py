"""What is typed along with a step: a reason, a new due date, an answer to the reviewer."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ntm_tracker import clock
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import day

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
