"""Which file does the committee send back?"""

from django import forms
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class WorkbookForm(forms.Form):
    """A filled-in template. What is in it is checked by `reports.workbook`, whatever its name."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("The filled-in file"),
        help_text=_("The template as an Excel workbook (.xlsx), at most 5 MB."),
        widget=forms.FileInput(attrs={"accept": f".xlsx,{MEDIA_TYPE}"}),
        error_messages={
            "required": _("Choose the file first."),
            "empty": _("The file is empty."),
            "missing": _("Choose the file first."),
            "invalid": _("Choose the file first."),
        },
    )
