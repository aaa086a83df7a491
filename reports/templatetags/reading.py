"""Values, thresholds and gaps of an indicator, and how a commune stands, in words for templates."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ntm_tracker.previews import is_drawable
from ntm_tracker.templatetags.look import verdict
from reports.judging import IndicatorSheet
from reports.models import Evidence
from reports.reading import say_distance, say_threshold, say_value
from reports.standing import BASICALLY, COMPLETE, INCOMPLETE, UNKNOWN
from reports.telling import SIGN_OF_OUTCOME

register = template.Library()


@register.filter
def value_text(sheet: IndicatorSheet) -> str:
    """What was reported, with its unit, or why there is no value."""
    return say_value(sheet.row, sheet.indicator, sheet.level)


@register.filter
def threshold_text(sheet: IndicatorSheet) -> str:
    """What must be reached."""
    return say_threshold(sheet.threshold, sheet.indicator)


@register.filter
def gap_text(sheet: IndicatorSheet) -> str:
    """How far the value is from its threshold; empty where there is nothing to measure."""
    gap = sheet.gap
    if gap is None:
        return ""
    names = {"gap": say_distance(gap, sheet.indicator)}
    if gap == 0:
        return _("exactly at the threshold")
    if gap > 0:
        return _("%(gap)s better than the threshold") % names
    return _("%(gap)s short of the threshold") % names


@register.filter
def outcome(code: str) -> SafeString:
    """How a commune stands against "complete", as shape and words."""
    words = {
        COMPLETE: pgettext("commune", "Complete"),
        BASICALLY: pgettext("commune", "Basically complete"),
        INCOMPLETE: pgettext("commune", "Not complete"),
        UNKNOWN: pgettext("commune", "Not reported"),
    }
    return verdict(SIGN_OF_OUTCOME[code], words[code])


@register.filter
def has_preview(paper: Evidence) -> bool:
    """Whether the pages of a paper can be looked at without downloading it."""
    return is_drawable(paper.media_type)
