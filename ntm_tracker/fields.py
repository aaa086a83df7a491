"""How are numbers and dates typed into a form? The fields for both, with sentences that help.

A number with two readings is asked about: the field's error has the code "ambiguous", and the template offers
`bound.readings`, one button each, below the input (a later value of the same name wins):

    <button name="{{ field.html_name }}" value="{{ reading.spelling }}">{{ reading.label }}</button>

The form's ordinary button must come before them in the page, or Enter in any field presses the first answer.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ntm_tracker import clock
from ntm_tracker.numbers import (
    DECIMAL_PLACES,
    MAX_DIGITS,
    Ambiguous,
    NotANumber,
    Reading,
    format_number,
    parse_number,
)
from ntm_tracker.templatetags.look import day, quantity


class BoundNumber(BoundField):
    """A number in a form: beside what every field has, what was understood and what must be asked."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The two ways to read what was typed; empty when there is nothing to ask."""
        for error in self.form.errors.as_data().get(self.name, ()):
            if error.code == "ambiguous" and isinstance(error.params, dict):
                return tuple(error.params["readings"])
        return ()

    @property
    def understood(self) -> Decimal | None:
        """The number as it was read, for the echo beside the input; None when there is none."""
        if not self.form.is_bound:
            return self.initial
        # Asking for the errors also cleans the form.
        return None if self.errors else self.form.cleaned_data.get(self.name)


class NumberField(forms.Field):
    """A number, typed the Vietnamese way or the English way; see `ntm_tracker.numbers`.

    Both limits are allowed values; `unit` ("%", "km") is named in the sentence about them.
    """

    widget = forms.TextInput
    bound_field_class = BoundNumber
    default_error_messages = {"required": gettext_lazy("Enter a number.")}

    def __init__(
        self,
        *,
        min_value: Decimal | int | None = None,
        max_value: Decimal | int | None = None,
        unit: object = "",
        max_digits: int = MAX_DIGITS,
        decimal_places: int = DECIMAL_PLACES,
        **kwargs: Any,
    ) -> None:
        self.min_value, self.max_value, self.unit = min_value, max_value, unit
        self.max_digits, self.decimal_places = max_digits, decimal_places
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Phones show their number pad; browsers offer no old entries."""
        return super().widget_attrs(widget) | {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        """A stored number as the reader types it; what somebody typed stays as it was."""
        if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
            return format_number(value)
        return value

    def to_python(self, value: Any) -> Decimal | None:
        """The number, or None for an empty input."""
        if value is None or not str(value).strip():
            return None
        try:
            return parse_number(
                str(value) if isinstance(value, str) else format_number(value),
                max_digits=self.max_digits,
                decimal_places=self.decimal_places,
            )
        except Ambiguous as question:
            # The sentence is complete; a "%" in it is no placeholder.
            sentence = str(question).replace("%", "%%")
            raise ValidationError(sentence, code="ambiguous", params={"readings": question.readings}) from question
        except NotANumber as refusal:
            raise ValidationError(str(refusal), code="invalid") from refusal

    def validate(self, value: Decimal | None) -> None:
        """Required, and within the limits."""
        super().validate(value)
        if value is None:
            return
        if self.min_value is not None and value < self.min_value:
            raise ValidationError(self._limits(), code="min_value")
        if self.max_value is not None and value > self.max_value:
            raise ValidationError(self._limits(), code="max_value")

    def _limits(self) -> str:
        """A sentence about what may be entered, in the reader's language."""
        if (self.unit, self.min_value, self.max_value) == ("%", 0, 100):
            return _("A percentage lies between 0 and 100.")
        low, high = _decimal(self.min_value), _decimal(self.max_value)
        parts = {"low": quantity(low, self.unit), "high": quantity(high, self.unit)}
        if low is None:
            return _("Enter %(high)s or less.") % parts
        if high is None:
            return _("Enter %(low)s or more.") % parts
        return _("Enter a number from %(low)s to %(high)s.") % parts


def _decimal(limit: Decimal | int | None) -> Decimal | None:
    return None if limit is None else Decimal(limit)


class DateField(forms.DateField):
    """A day, typed 10/01/2015, 10/1/2015 or 2015-01-10. With `not_in_future`, today is the last one."""

    widget = forms.DateInput
    default_error_messages = {
        "required": gettext_lazy("Enter a date."),
        "invalid": gettext_lazy("This is not a date. Type day/month/year, for example 10/01/2015."),
    }

    def __init__(self, *, not_in_future: bool = False, **kwargs: Any) -> None:
        self.not_in_future = not_in_future
        kwargs.setdefault("input_formats", ["%d/%m/%Y", "%Y-%m-%d"])
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Browsers offer no old entries."""
        return super().widget_attrs(widget) | {"autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        """A stored day as people type it, in both languages."""
        return day(value) if isinstance(value, (date, datetime)) else value

    def validate(self, value: date | None) -> None:
        """Required, a year of our time, and not in the future where that is asked for."""
        super().validate(value)
        if value is None:
            return
        if value.year < 1900:
            raise ValidationError(_("Type the year with four digits, for example 2015."), code="year")
        if self.not_in_future and value > clock.today():
            raise ValidationError(
                _("This day is still to come: today is %(today)s."),
                code="future",
                params={"today": day(clock.today())},
            )
