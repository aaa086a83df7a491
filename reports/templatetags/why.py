"""Where a figure is explained, for templates."""

from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.urls import reverse

from reports.models import Period
from reports.standing import Quarter

register = template.Library()


@register.simple_tag(takes_context=True)
def why(context: Context, page: str, *args: object, quarter: Period | Quarter | None = None) -> str:
    """The address of `why_<page>` for the figures that are shown, or for those of another quarter.

    Needs `standing` and `query`, which names the programme, the day, and whether the figures are provisional.
    """
    asked = QueryDict(context["query"].removeprefix("?"))
    period = quarter or context["standing"].period
    code = f"{period.year}-{period.quarter}"
    return f"{reverse(f'reports:why_{page}', args=args)}?{urlencode({**asked.dict(), 'quarter': code})}"
