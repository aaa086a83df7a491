"""What does every form need in which somebody writes?"""

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ntm_tracker import keeping

register = template.Library()


@register.simple_tag(takes_context=True)
def writer(context: Context) -> SafeString:
    """The hidden field that says whom the page was made for. Needs: user."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', keeping.WRITER, keeping.sign_writer(context["user"])
    )
