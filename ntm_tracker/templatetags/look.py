"""How does it look? Shapes, words, numbers and dates, written the same way on every page.

The functions are filters and tags for templates and plain functions for Python; `docs/look.md` shows them
at work. This is the only place that knows which word, shape and CSS class belongs to a stored code.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy

from criteria.rules import rounded

register = template.Library()

Number = int | Decimal | Fraction

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


class Sign(NamedTuple):
    """What a code looks like: its CSS class (the symbol is `i-<css>`) and its word."""

    css: str
    word: Promise


VERDICTS = {
    "met": Sign("met", pgettext_lazy("verdict", "met")),
    "basic": Sign("basic", pgettext_lazy("verdict", "basically met")),
    "not_met": Sign("unmet", pgettext_lazy("verdict", "not met")),
    "not_considered": Sign("na", pgettext_lazy("verdict", "not considered")),
    "no_data": Sign("nodata", pgettext_lazy("verdict", "no data")),
    "not_reported": Sign("unrep", pgettext_lazy("verdict", "not reported")),
}

MARKS = {
    "up": Sign("up", pgettext_lazy("mark", "newly met")),
    "down": Sign("down", pgettext_lazy("mark", "regression")),
    "frag": Sign("frag", pgettext_lazy("mark", "fragile")),
    "flag": Sign("flag", pgettext_lazy("mark", "target date missed")),
}

STATES = {
    "draft": Sign("", pgettext_lazy("state", "draft")),
    "submitted": Sign("now", pgettext_lazy("state", "submitted")),
    "in_review": Sign("now", pgettext_lazy("state", "in review")),
    "accepted": Sign("ok", pgettext_lazy("state", "accepted")),
    "returned": Sign("warn", pgettext_lazy("state", "returned")),
    "superseded": Sign("", pgettext_lazy("state", "superseded")),
    "discarded": Sign("", pgettext_lazy("state", "discarded")),
    "not_submitted": Sign("", pgettext_lazy("state", "not submitted")),
    "overdue": Sign("bad", pgettext_lazy("state", "overdue")),
    # Said beside a state: the accepted version counts until the correction is accepted.
    "correcting": Sign("warn", pgettext_lazy("state", "correction in work")),
}

WORK = {
    "todo": Sign("todo", pgettext_lazy("work", "to do")),
    "wait": Sign("wait", pgettext_lazy("work", "waiting")),
    "ok": Sign("ok", pgettext_lazy("work", "done")),
    "warn": Sign("warn", pgettext_lazy("work", "needs attention")),
    # How far a part of a report is.
    "not_started": Sign("todo", pgettext_lazy("work", "not started")),
    "in_progress": Sign("doing", pgettext_lazy("work", "in progress")),
    "complete": Sign("ok", pgettext_lazy("work", "complete")),
    "to_correct": Sign("warn", pgettext_lazy("work", "to be corrected")),
    "corrected": Sign("redone", pgettext_lazy("work", "corrected")),
}


# Signs


@register.filter
def capital(word: object) -> str:
    """The word with its first letter large, the rest as it is."""
    text = str(word)
    return text[:1].upper() + text[1:]


def _drawing(kind: str, css: str) -> SafeString:
    """One symbol of `_icons.html`, silent for screen readers: a word stands beside it or in `label`."""
    return format_html('<svg class="{} {}" aria-hidden="true"><use href="#i-{}"/></svg>', kind, css, css)


_SHAPES = {code: _drawing("st", sign.css) for code, sign in VERDICTS.items()}
_MARKS = {code: _drawing("mk", sign.css) for code, sign in MARKS.items()}
_WORK = {
    code: format_html('<svg class="st" aria-hidden="true"><use href="#i-{}"/></svg>', sign.css)
    for code, sign in WORK.items()
}


def _with_label(drawing: SafeString, label: object) -> SafeString:
    if not label:
        return drawing
    return format_html('{}<span class="visually-hidden">{}</span>', drawing, label)


@register.filter
def verdict_word(code: str) -> str:
    """The verdict in words, small letters: for the middle of a sentence or a label."""
    return str(VERDICTS[code].word)


@register.filter
def shape(code: str | None, label: object = "") -> SafeString:
    """The verdict's shape alone: only in a matrix, a strip or a row of pips. `label` is read aloud."""
    if not code:
        return SafeString("")
    return _with_label(_SHAPES[code], label)


@register.filter
def verdict(code: str | None, text: object = "") -> SafeString:
    """The verdict's shape and its word (or `text` in its place); nothing when there is no verdict."""
    if not code:
        return SafeString("")
    css, word = VERDICTS[code]
    return format_html('<span class="vd {}">{}{}</span>', css, _SHAPES[code], text or capital(word))


@register.filter
def mark(code: str | None, label: object = "") -> SafeString:
    """A mark alone: up, down, frag or flag. `label` is read aloud."""
    if not code:
        return SafeString("")
    return _with_label(_MARKS[code], label)


@register.filter
def mark_word(code: str | None, text: object = "") -> SafeString:
    """A mark and its word (or `text` in its place)."""
    if not code:
        return SafeString("")
    css, word = MARKS[code]
    return format_html('<span class="vd {}">{} {}</span>', css, _MARKS[code], text or word)


@register.filter
def state_tag(state: str | None, text: object = "") -> SafeString:
    """The state of a report or version as a word in a box (or `text` in its place)."""
    if not state:
        return SafeString("")
    css, word = STATES[state]
    return format_html('<span class="tag{}">{}</span>', f" {css}" if css else "", text or capital(word))


@register.filter
def work_state(code: str | None, text: object = "") -> SafeString:
    """A sign for work: todo, wait, ok or warn, with `text` (or its own word). Never a verdict."""
    if not code:
        return SafeString("")
    css = " bad" if WORK[code].css == "warn" else ""
    return format_html('<span class="state{}">{}{}</span>', css, _WORK[code], text or capital(WORK[code].word))


@register.filter
def work_shape(code: str | None, label: object = "") -> SafeString:
    """The sign for work with its word (or `label`) for screen readers only: beside a count, or in a wide table."""
    return _with_label(_WORK[code], label or WORK[code].word) if code else SafeString("")


# Numbers and dates


@register.filter
def number(value: Number | None, decimals: int | None = None, against: Number | None = None) -> str:
    """The number as people write it: 1.250,5 in Vietnamese, 1,250.5 in English; "" for none.

    Without `decimals` it has no trailing zeros, and more than four decimals are cut to two. With `against`
    (a threshold) it gets the digits it takes not to contradict the comparison: 69.99996 is not shown as 70.
    """
    if value is None:
        return ""
    exact = Fraction(value)
    places = _places(value) if decimals is None else decimals
    shown = rounded(exact, places)
    if against is not None:
        limit = Fraction(against)
        while places < 10 and (shown > limit, shown < limit) != (exact > limit, exact < limit):
            places += 1
            shown = rounded(exact, places)
    # "," and "." stand for the English marks here; Vietnamese has them the other way round.
    text = f"{abs(shown):,.{places}f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if get_language() != "en":
        text = text.translate({ord(","): ".", ord("."): ","})
    return f"{MINUS}{text}" if shown < 0 else text


def _places(value: Number) -> int:
    """How many decimals the number has, two when it has more than four or never ends."""
    scaled = Fraction(value)
    for places in range(5):
        if scaled.denominator == 1:
            return places
        scaled *= 10
    return 2


@register.simple_tag
def quantity(
    value: Number | None, unit: object = "", decimals: int | None = None, against: Number | None = None
) -> str:
    """The number and its unit, never parted at the end of a line: 12,5 %."""
    text = number(value, decimals, against)
    return f"{text}{NBSP}{unit}" if text and unit else text


@register.filter
def delta(value: Number | None, decimals: int | None = None) -> str:
    """A change: +1, −1 (a real minus), 0; "" when unknown."""
    text = number(value, decimals)
    return f"+{text}" if value is not None and value > 0 else text


@register.filter
def day(value: date | datetime | None) -> str:
    """A date: 10/01/2015. A moment gives its day in Việt Nam."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = _in_viet_nam(value)
    return f"{value:%d/%m/%Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in Việt Nam's time: 10/01/2015 14:05."""
    return "" if value is None else f"{_in_viet_nam(value):%d/%m/%Y}{NBSP}{_in_viet_nam(value):%H:%M}"


def _in_viet_nam(value: datetime) -> datetime:
    return timezone.localtime(value, timezone.get_default_timezone())


@register.filter
def minutes(value: timedelta) -> int:
    """Whole minutes, a begun one counted: for "try again in … minutes"."""
    return -(-int(value.total_seconds()) // 60)


# Parts of a page


@register.filter
def who(user: Any) -> str:
    """Somebody signed in: their name, what they do and for whom. Reads their assignments, once a request."""
    duties = dict.fromkeys(assignment.get_duty_display() for assignment in user.current_assignments)
    if user.is_staff:
        duties[pgettext("duty", "administrator")] = None
    roles = ", ".join(str(duty) for duty in duties)
    return " · ".join(part for part in (str(user), roles, user.body) if part)


class Tab(NamedTuple):
    """One page of the main navigation; `current` is the value of aria-current, or nothing."""

    url: str
    name: Promise
    current: str


TABS = [
    ("reports:work", gettext_lazy("My work")),
    ("reports:overview", gettext_lazy("Overview")),
    ("communes:list", gettext_lazy("Communes")),
    ("reports:compliance", gettext_lazy("Reporting")),
    ("reports:summaries", gettext_lazy("Summaries")),
    ("criteria:list", gettext_lazy("Criteria")),
]
ADMIN_TAB = ("admin:index", gettext_lazy("Administration"))
TAB_OF = {
    "reports:periods": "reports:compliance",
    "reports:period_open": "reports:compliance",
    "reports:urge_many": "reports:compliance",
    "reports:why_cell": "reports:overview",
    "reports:why_commune": "reports:overview",
    "reports:why_criterion": "reports:overview",
    "reports:why_target": "reports:overview",
    "reports:trial": "criteria:list",
    "reports:summary": "reports:summaries",
    "reports:summary_publish": "reports:summaries",
}
"""The pages that belong to another tab than the first one of their app."""


@register.inclusion_tag("_tabs.html", takes_context=True)
def tabs(context: Context) -> dict[str, Any]:
    """The main navigation, with the tab of the page being shown.

    A page belongs to the tab with its own name, else to the one in `TAB_OF`, else to the first tab of its app (a
    report is work).
    """
    request = context["request"]
    match = getattr(request, "resolver_match", None)
    here, app = (match.view_name, match.app_name) if match else ("", "")
    wanted = [*TABS, ADMIN_TAB] if context["user"].is_staff else TABS
    section = next((name for name, _ in wanted if name == TAB_OF.get(here, here)), None)
    section = section or next((name for name, _ in wanted if app and name.startswith(f"{app}:")), None)
    shown = []
    for view_name, name in wanted:
        current = "" if view_name != section else "page" if view_name == here else "true"
        try:
            shown.append(Tab(reverse(view_name), name, current))
        except NoReverseMatch:
            continue
    return {"tabs": shown}


@register.inclusion_tag("_breadcrumb.html")
def breadcrumb(*parts: object) -> dict[str, Any]:
    """The way to this page: url, text, url, text, ..., and at the end the text of the page itself."""
    pairs = [(str(url), text) for url, text in zip(parts[:-1:2], parts[1:-1:2], strict=True)]
    return {"crumbs": [*pairs, ("", parts[-1])]}


@register.inclusion_tag("_legend.html")
def legend(marks: bool = False, hatched: object = "", provisional: bool = False) -> dict[str, Any]:
    """What the shapes mean; with the four marks, what hatching means here, what a dashed frame means."""
    return {
        "verdicts": list(VERDICTS),
        "marks": list(MARKS.items()) if marks else [],
        "hatched": hatched,
        "provisional": provisional,
    }


@register.inclusion_tag("_field.html")
def field(bound: BoundField, css: str = "", unit: object = "", hint: object = "") -> dict[str, Any]:
    """One field: label, explanation, error, input with its unit. `css` sizes it (w-num, w-date).

    For texts, selects, files and single check boxes; radio buttons are written out in the page.
    """
    kind = bound.widget_type
    base = {"checkbox": "form-check-input", "select": "form-select"}.get(kind, "form-control")
    classes = f"{base} {css}".strip() + (" is-invalid" if bound.errors else "")
    return {
        "field": bound,
        "kind": kind,
        "input": bound.as_widget(attrs={"class": classes}),
        "unit": unit,
        "hint": hint or bound.help_text,
    }


@register.filter
def form_errors(form: BaseForm) -> list[tuple[str, str]]:
    """The errors of a form for `_errors.html`: where the field is, and a sentence that names it."""
    found = [("", str(error)) for error in form.non_field_errors()]
    for bound in form:
        found += [(f"#{bound.id_for_label}", f"{bound.label}: {error}") for error in bound.errors]
    return found


@register.filter
def page_numbers(page: "Page[Any]") -> Iterable[int | str]:
    """The page numbers to offer, with "…" where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
