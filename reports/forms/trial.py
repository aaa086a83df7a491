"""For which year shall a criteria set be tried? The question above a trial."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ntm_tracker import clock

FIRST, LAST = 2009, 2100


class TrialForm(forms.Form):
    """The year whose thresholds hold. What is not understood falls back to the present one."""

    year = forms.IntegerField(
        label=_("Thresholds of the year"),
        min_value=FIRST,
        max_value=LAST,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": _("Write a year, for example 2015."),
            "min_value": _("Write a year from 2009 on."),
            "max_value": _("Write a year before 2101."),
        },
    )

    def __init__(self, asked: QueryDict) -> None:
        data: dict[str, Any] = {"year": asked.get("year") or clock.today().year}
        super().__init__(data)
        self.is_valid()

    @property
    def chosen(self) -> int:
        """The year asked for; the present one when none was, or when it was not understood."""
        return self.cleaned_data.get("year") or clock.today().year
