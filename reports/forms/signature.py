"""What is signed: by whom, under which official letter, and which state of the draft."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ntm_tracker.fields import DateField


class SignatureForm(forms.Form):
    """The signature under a report.

    `revision` says which state of the draft was shown, `judged_by` by which thresholds it was judged then.
    """

    use_required_attribute = False

    signer_name = forms.CharField(label=_("Signed by"), max_length=150)
    signer_title = forms.CharField(label=_("Position"), max_length=150)
    letter_number = forms.CharField(
        label=_("Official letter number"), max_length=50, help_text=_("For example: 05/BC-BCĐ")
    )
    letter_date = DateField(label=_("Date of the letter"), not_in_future=True, help_text=_("Day/month/year"))
    read = forms.BooleanField(
        label=_("I have read and sign exactly what is on this page."),
        error_messages={"required": _("Tick this box to sign: only what was read can be signed.")},
    )
    revision = forms.CharField(widget=forms.HiddenInput, required=False)
    judged_by = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean_revision(self) -> int:
        """A revision that is none was never shown, so that the page is asked for again."""
        text: str = self.cleaned_data["revision"]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1

    def clean_letter_number(self) -> str:
        number: str = self.cleaned_data["letter_number"]
        if not any(character.isdigit() for character in number):
            raise ValidationError(gettext("An official letter number has a number in it, such as 05/BC-BCĐ."))
        return number
