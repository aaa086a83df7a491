"""Where a figure is explained, for templates."""

from django import template
from django.template.context import Context
from django.urls import reverse

register = template.Library()


@register.simple_tag(takes_context=True)
def why(context: Context, page: str, *args: object, quarter: str = "") -> str:
    """The address of `why_<page>` for the figures that are shown: quarter, day, official or provisional.

    Needs `form` and `standing` in the context. `quarter` is the code of another quarter than the one shown.
    """
    code = quarter or context["standing"].period.code
    return reverse(f"reports:why_{page}", args=args) + str(context["form"].query(quarter=code))
