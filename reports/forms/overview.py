"""Which figures shall a page show? The filters of the overview and of the commune pages."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ntm_tracker import clock
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import day

OFFICIAL, PROVISIONAL = "official", "provisional"


class FiguresForm(forms.Form):
    """The day the figures were known on, and which figures. What is not understood falls back to the usual."""

    as_of = DateField(label=_("As known on"), not_in_future=True, required=False)
    figures = forms.ChoiceField(
        label=_("Figures"),
        choices=[
            (OFFICIAL, pgettext_lazy("figures", "Official")),
            (PROVISIONAL, pgettext_lazy("figures", "Provisional")),
        ],
        required=False,
    )

    def __init__(self, asked: QueryDict) -> None:
        data: dict[str, Any] = {
            "as_of": asked.get("as_of") or day(clock.today()),
            "figures": asked.get("figures") or OFFICIAL,
        }
        super().__init__(data)
        self.asked = asked
        self.is_valid()

    @property
    def day(self) -> date:
        """The day asked for; today when none was, or when it was not understood."""
        return self.cleaned_data.get("as_of") or clock.today()

    @property
    def is_provisional(self) -> bool:
        return self.cleaned_data.get("figures") == PROVISIONAL

    def query(self, **more: object) -> str:
        """What leads back to the same figures, as the end of a link."""
        kept = {name: self.asked[name] for name in ("programme", "quarter", "as_of", "figures") if self.asked.get(name)}
        return "?" + urlencode({**kept, **more})
