"""What does a workbook say about itself? For which report and version it was made, and from which state of each row.

It is signed, so that nobody can turn a file for one report into a file for another, and stands in a hidden sheet.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from reports.models import ReportVersion

from .layout import layouts, mark_of
from .package import Refused

SALT = "reports.workbook"


@dataclass(frozen=True)
class Seal:
    """Report, version, criteria set and layout of a workbook; the titles of its sheets, the versions of its rows."""

    layout: str
    report: int
    name: str
    version: int
    number: int
    edition: str
    sheets: dict[str, str]
    rows: dict[str, int]

    def signed(self) -> str:
        """The seal as a text for a cell."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def seal_of(version: ReportVersion, sheets: dict[str, str], rows: dict[str, int]) -> Seal:
    """The seal for a workbook of this version. `version.report` comes with its period and criteria set."""
    report = version.report
    edition = report.period.criteria_set.code
    return Seal(mark_of(layouts()), report.pk, str(report), version.pk, version.number, edition, sheets, rows)


def unseal(text: Any) -> Seal:
    """The seal that a file carries; refused when it is missing or somebody changed it."""
    try:
        content = signing.loads(str(text or ""), salt=SALT)
        if content["layout"] != mark_of(layouts()):
            raise Refused(_("This file was made from an older kind of template. Download a new template."))
        return Seal(**content)
    except (signing.BadSignature, TypeError, KeyError, ValueError) as broken:
        text = _(
            "This is no template of this site, or its hidden sheet was changed or removed. Download a new template and "
            "copy your figures into it."
        )
        raise Refused(text) from broken


def refuse_unless_for(seal: Seal, version: ReportVersion) -> None:
    """The file must be made for this report and for the version that is in work now."""
    report = version.report
    if seal.report != report.pk:
        text = _("This file was made for another report: %(other)s. Here you write %(this)s.")
        raise Refused(text % {"other": seal.name, "this": report})
    if seal.edition != report.period.criteria_set.code:
        text = _("This file was made for the criteria set %(other)s; the quarter is judged by %(this)s.")
        raise Refused(text % {"other": seal.edition, "this": report.period.criteria_set.code})
    if seal.version != version.pk:
        text = _(
            "This file was made from version %(other)s of the report; now version %(this)s is in work. Download a new "
            "template and copy your figures into it."
        )
        raise Refused(text % {"other": seal.number, "this": version.number})
