"""What is typed to urge a committee on."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .steps import LONGEST


class UrgeForm(forms.Form):
    """The text of one letter."""

    text = forms.CharField(
        label=_("Text to the committee"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Please write what the committee should do.")},
        help_text=_("Proposed from what is known of the report; change it as you need. It can be printed as a letter."),
    )
