"""What is typed when figures are published: what changed since the issue before."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .steps import LONGEST


class NoteForm(forms.Form):
    """The note of an issue: needed from the second issue on."""

    note = forms.CharField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write what changed since the issue before.")},
    )

    def __init__(self, *args: Any, is_first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        note.required = not is_first
        note.label = _("Note") if is_first else _("What changed, and why")
        note.help_text = (
            _("Stands in the issue for everybody. May stay empty.")
            if is_first
            else _("Stands in the issue for everybody, above the list of changes.")
        )
