"""What is said of a paper when it is sent, and which indicators it proves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from criteria.models import Criterion, CriterionGroup, Indicator
from ntm_tracker import contents
from ntm_tracker.fields import DateField
from ntm_tracker.templatetags.look import capital
from reports import evidence
from reports.evidence import Checked
from reports.judging import Sheet
from reports.models import Evidence


@dataclass
class Fold:
    """The boxes of one group of criteria, unfolded where one is ticked."""

    group: CriterionGroup
    criteria: list[tuple[Criterion, list[tuple[Indicator, bool]]]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return any(is_ticked for _criterion, ones in self.criteria for _one, is_ticked in ones)


class PaperField(forms.FileField):
    """A file whose content was looked into; gives it back as `Checked`."""

    widget = forms.FileInput
    default_error_messages = {
        "required": _("Choose a file."),
        "missing": _("Choose a file."),
        "empty": _("The file is empty."),
    }

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """What the browser offers to choose. It is a help only: the content decides."""
        return super().widget_attrs(widget) | {"accept": ",".join(contents.ENDINGS)}

    def clean(self, data: Any, initial: Any = None) -> Checked:
        file = super().clean(data, initial)
        try:
            return evidence.check(file)
        except contents.Unacceptable as refusal:
            raise ValidationError(str(refusal), code="content") from refusal


class IndicatorsForm(forms.Form):
    """Which indicators a paper proves: at least one of those of the report."""

    indicators = forms.MultipleChoiceField(
        label=_("Indicators that it proves"),
        error_messages={"required": _("Tick at least one indicator that the file proves.")},
    )

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        self.by_code = {one.indicator.code: one.indicator for one in sheet.indicators()}
        boxes = self.fields["indicators"]
        assert isinstance(boxes, forms.ChoiceField)
        boxes.choices = [(code, code) for code in self.by_code]

    def clean_indicators(self) -> list[Indicator]:
        return [self.by_code[code] for code in self.cleaned_data["indicators"]]

    @property
    def folds(self) -> list[Fold]:
        """The indicators under their criteria and groups, with what is ticked."""
        ticked = self["indicators"].value() or []
        found: dict[int, Fold] = {}
        for sheet in self.sheet.criteria:
            ones = [(one.indicator, one.indicator.code in ticked) for one in sheet.indicators]
            found.setdefault(sheet.group.pk, Fold(sheet.group)).criteria.append((sheet.criterion, ones))
        return list(found.values())


class PaperForm(forms.Form):
    """One file and what it is."""

    file = PaperField(label=_("File"))
    title = forms.CharField(
        label=_("What it is"),
        max_length=200,
        help_text=_("In the words a reviewer would look for, such as: Result of the poverty review 2014."),
        error_messages={"required": _("Say in a few words what it is.")},
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("evidence", "Kind"), error_messages={"required": _("Choose the kind of document.")}
    )
    document_number = forms.CharField(label=_("Document number"), max_length=50, required=False)
    document_date = DateField(label=_("Date of the document"), required=False, not_in_future=True)
    valid_until = DateField(
        label=_("Valid until"), required=False, help_text=_("Only where the paper itself says until when it is valid.")
    )
    whole = forms.BooleanField(
        error_messages={"required": _("The upload was cut off. Nothing was stored; please send the file again.")},
    )
    """The last field of the page: it is missing when the connection broke before all of the form was there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", "–"), *((code, capital(label)) for code, label in Evidence.Kind.choices)]

    def clean(self) -> dict[str, Any]:
        """The document cannot expire before its own date."""
        cleaned = super().clean() or {}
        dated, until = cleaned.get("document_date"), cleaned.get("valid_until")
        if dated and until and until < dated:
            self.add_error("valid_until", gettext("The document cannot expire before its own date."))
        return cleaned

    def metadata(self) -> dict[str, Any]:
        """What was typed, once it is valid."""
        return {name: self.cleaned_data[name] for name in evidence.METADATA}

    @property
    def file_is_lost(self) -> bool:
        """Whether the page comes back without the file: browsers never keep a chosen one."""
        return self.is_bound and bool(self.errors)


class AddForm(PaperForm, IndicatorsForm):
    """A new file with the indicators it proves."""

    field_order = ["file", "title", "kind", "document_number", "document_date", "valid_until", "indicators", "whole"]

    def __init__(self, data: Any = None, files: Any = None, *, sheet: Sheet, ticked: Iterable[str] = ()) -> None:
        super().__init__(data, files, sheet=sheet, initial={"indicators": list(ticked)})


class AttachForm(IndicatorsForm):
    """A file that is already here, and the further indicators it proves."""

    existing = forms.ChoiceField(label=_("File"), error_messages={"required": _("Choose one of the files.")})

    def __init__(self, data: Any = None, *, sheet: Sheet, files: list[Evidence], ticked: Iterable[str] = ()) -> None:
        super().__init__(data, sheet=sheet, prefix="here", initial={"indicators": list(ticked)})
        self.by_pk = {str(one.pk): one for one in files}
        existing = self.fields["existing"]
        assert isinstance(existing, forms.ChoiceField)
        existing.choices = [("", "–"), *((pk, _called(one, sheet)) for pk, one in self.by_pk.items())]

    def clean_existing(self) -> Evidence:
        return self.by_pk[self.cleaned_data["existing"]]


def _called(one: Evidence, sheet: Sheet) -> str:
    """A file in a list to choose from: an earlier quarter's with the quarter."""
    parts = [one.title, one.document_number, one.tag]
    if one.report_id != sheet.version.report_id:
        parts.append(str(one.report.period))
    return " · ".join(part for part in parts if part)
