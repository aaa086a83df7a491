"""Which criteria sets can be tried before they are published? For the page of the criteria."""

from typing import Any

from django import template
from django.template.context import Context

from criteria.models import CriteriaSet
from reports import permissions

register = template.Library()


@register.inclusion_tag("reports/_drafts_to_try.html", takes_context=True)
def drafts_to_try(context: Context) -> dict[str, Any]:
    """Links to try each unpublished set, for those who may. One query, and none for everybody else."""
    may = permissions.can_try(context["user"])
    return {"drafts": CriteriaSet.objects.filter(published_at__isnull=True) if may else []}
