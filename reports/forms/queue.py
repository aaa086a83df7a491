"""Which part of the queue is asked for, by its address?"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from reports.queue import HEADINGS, Pile, Wanted

ALL = [("", _("All"))]


class QueueForm(forms.Form):
    """Province, reviewer and part of the queue. What is not understood is as if it had not been asked."""

    province = forms.ChoiceField(label=_("Province"), required=False)
    holder = forms.ChoiceField(label=_("In the hands of"), required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[*ALL, *((each.code, each.title) for each in HEADINGS)]
    )

    def __init__(self, asked: QueryDict, piles: Iterable[Pile]) -> None:
        super().__init__(asked)
        provinces = {pile.province[0]: pile.province[1] for pile in piles}
        holders = {str(pile.holder[0]): pile.holder[1] for pile in piles if pile.holder}
        self._offer("province", provinces)
        self._offer("holder", holders)
        self.is_valid()

    def _offer(self, name: str, choices: dict[str, str]) -> None:
        field: Any = self.fields[name]
        field.choices = [*ALL, *sorted(choices.items(), key=lambda choice: choice[1])]

    @property
    def wanted(self) -> Wanted:
        """What is asked for, as the queue understands it."""
        asked = self.cleaned_data
        part = next((each.part for each in HEADINGS if each.code == asked.get("state")), None)
        return Wanted(asked.get("province", ""), int(asked["holder"]) if asked.get("holder") else None, part)
