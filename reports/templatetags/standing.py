"""What stands beside the figures of a commune, for templates."""

from typing import Any

from django import template
from django.template.context import Context

from communes.models import Commune
from communes.permissions import is_insider
from reports.standing import Known, Owed

register = template.Library()


@register.inclusion_tag("reports/_correction.html", takes_context=True)
def correction(context: Context, report: Owed | Known | None, commune: Commune) -> dict[str, Any]:
    """ "Correction in work" while one is, leading to the report for those who may read it; else nothing."""
    if report is None or not report.is_being_corrected:
        return {"report": None}
    return {"report": report, "is_insider": is_insider(context["user"], commune)}
