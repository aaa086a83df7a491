"""Are shapes, words, numbers and dates the same everywhere, and does the style sheet know every class?"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from ntm_tracker.templatetags import look

ROOT = Path(__file__).resolve().parent.parent
STYLE_SHEETS = (ROOT / "static/css/look.css").read_text() + next(
    ROOT.glob("static/vendor/bootstrap-5.*/bootstrap.min.css")
).read_text()
ICONS = (ROOT / "templates/_icons.html").read_text()


def everything_drawn() -> str:
    """Every sign of every kind, as one piece of HTML."""
    return "".join(
        [draw(code) for code in look.VERDICTS for draw in (look.shape, look.verdict)]
        + [draw(code) for code in look.MARKS for draw in (look.mark, look.mark_word)]
        + [look.state_tag(state) for state in look.STATES]
        + [look.work_state(code) for code in look.WORK]
    )


@pytest.mark.parametrize(
    ("code", "css", "word"),
    [
        ("met", "met", "Met"),
        ("basic", "basic", "Basically met"),
        ("not_met", "unmet", "Not met"),
        ("not_considered", "na", "Not considered"),
        ("no_data", "nodata", "No data"),
        ("not_reported", "unrep", "Not reported"),
    ],
)
def test_a_verdict_is_a_shape_a_word_and_a_colour(code: str, css: str, word: str) -> None:
    with translation.override("en"):
        drawn = look.verdict(code)

    assert drawn == (
        f'<span class="vd {css}"><svg class="st {css}" aria-hidden="true"><use href="#i-{css}"/></svg>{word}</span>'
    )


def test_a_shape_alone_is_silent_unless_it_has_a_label() -> None:
    assert look.shape("met") == '<svg class="st met" aria-hidden="true"><use href="#i-met"/></svg>'
    assert look.shape("met", "10 <b>").endswith('<span class="visually-hidden">10 &lt;b&gt;</span>')


def test_no_two_verdicts_share_a_shape() -> None:
    drawings = re.findall(r'<symbol id="i-(\w+)"[^>]*>(.*?)</symbol>', ICONS)
    shapes = [drawing for name, drawing in drawings if name in {sign.css for sign in look.VERDICTS.values()}]

    assert len(shapes) == len(set(shapes)) == len(look.VERDICTS)


@pytest.mark.parametrize(
    ("state", "css"),
    [
        ("draft", "tag"),
        ("submitted", "tag now"),
        ("in_review", "tag now"),
        ("accepted", "tag ok"),
        ("returned", "tag warn"),
        ("superseded", "tag"),
        ("discarded", "tag"),
        ("not_submitted", "tag"),
        ("overdue", "tag bad"),
    ],
)
def test_a_state_is_a_word_in_a_box(state: str, css: str) -> None:
    with translation.override("en"):
        word = state.replace("_", " ").capitalize()
        assert look.state_tag(state) == f'<span class="{css}">{word}</span>'


def test_a_text_takes_the_place_of_the_word_and_is_escaped() -> None:
    assert "<i>" not in look.verdict("met", "<i>") + look.state_tag("draft", "<i>") + look.mark_word("up", "<i>")
    assert "lưu 10:32" in look.work_state("ok", "lưu 10:32")


def test_no_code_draws_nothing_and_an_unknown_code_is_a_mistake() -> None:
    assert look.verdict("") == look.verdict(None) == look.shape(None) == look.mark("") == look.state_tag("") == ""
    with pytest.raises(KeyError):
        look.verdict("unmet")


def test_the_style_sheet_knows_every_class_that_is_drawn() -> None:
    used = set(re.findall(r'class="([^"]+)"', everything_drawn()))
    names = {name for found in used for name in found.split()}
    boxes = {f".{found.replace(' ', '.')}" for found in used if found.startswith(("tag ", "state "))}

    assert {name for name in names if not re.search(rf"\.{name}[^\w-]", STYLE_SHEETS)} == set()
    assert {box for box in boxes if f"\n{box} {{" not in STYLE_SHEETS} == set()


def test_every_shape_that_is_drawn_has_its_symbol() -> None:
    used = set(re.findall(r'href="#(i-\w+)"', everything_drawn()))

    assert used <= set(re.findall(r'symbol id="(i-\w+)"', ICONS))


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [
        (None, "", ""),
        (0, "0", "0"),
        (1250, "1.250", "1,250"),
        (Decimal("1250.50"), "1.250,5", "1,250.5"),
        (Decimal("12.500"), "12,5", "12.5"),
        (Decimal("100"), "100", "100"),
        (Decimal("1E+3"), "1.000", "1,000"),
        (Decimal("-0.29"), "−0,29", "−0.29"),
        (Decimal("0.0004"), "0,0004", "0.0004"),
        (Fraction(200, 3), "66,67", "66.67"),
        (Fraction(1, 2), "0,5", "0.5"),
        (Decimal(200) / 3, "66,67", "66.67"),
    ],
)
def test_a_number_is_written_as_its_readers_write_it(value: Any, vietnamese: str, english: str) -> None:
    with translation.override("vi"):
        assert look.number(value) == vietnamese
    with translation.override("en"):
        assert look.number(value) == english


def test_a_number_with_given_decimals_keeps_its_zeros_and_rounds_halves_away_from_zero() -> None:
    assert look.number(Decimal("12.5"), 2) == "12,50"
    assert look.number(Decimal("0.125"), 2) == "0,13"
    assert look.number(Decimal("-0.125"), 2) == "−0,13"
    assert look.number(Decimal("-0.001"), 1) == "0,0"


@pytest.mark.parametrize(
    ("value", "decimals", "threshold", "shown"),
    [
        (Decimal("69.96"), 1, 70, "69,96"),
        (Fraction(699999, 10000), 1, 70, "69,9999"),
        (Decimal("70.0"), 1, 70, "70,0"),
        (Decimal("10.04"), 1, 10, "10,04"),
        (Decimal("66.7"), 1, 70, "66,7"),
    ],
)
def test_a_number_beside_its_threshold_never_contradicts_the_verdict(
    value: Any, decimals: int, threshold: int, shown: str
) -> None:
    assert look.number(value, decimals, against=threshold) == shown


def test_a_unit_is_never_parted_from_its_number() -> None:
    assert look.quantity(Decimal("12.4"), "%") == "12,4\u00a0%"
    assert look.quantity(None, "%") == ""


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (0, "0"), (1, "+1"), (-1, "−1"), (Decimal("0.40"), "+0,4"), (-1250, "−1.250")]
)
def test_a_change_has_its_sign(value: Any, shown: str) -> None:
    assert look.delta(value) == shown


def test_days_and_moments_are_those_of_viet_nam() -> None:
    late_evening = datetime(2015, 1, 9, 18, 5, tzinfo=UTC)

    assert look.day(date(2015, 1, 10)) == "10/01/2015"
    assert look.day(late_evening) == "10/01/2015"
    assert look.moment(late_evening) == "10/01/2015\u00a001:05"
    assert look.day(None) == look.moment(None) == ""
    assert look.minutes(timedelta(seconds=61)) == 2


def test_the_way_to_a_page_ends_with_the_page_itself() -> None:
    crumbs = look.breadcrumb("/work/", "My work", "Check")["crumbs"]

    assert crumbs == [("/work/", "My work"), ("", "Check")]


def test_a_field_shows_its_error_above_the_input_and_ties_both_together() -> None:
    class LetterForm(forms.Form):
        letter_date = forms.CharField(help_text="dd/mm/yyyy")

    form = LetterForm({"letter_date": ""})
    html = render_to_string("_field.html", look.field(form["letter_date"], css="w-date"))

    assert html.index('id="id_letter_date_error"') < html.index("<input")
    assert 'class="form-control w-date is-invalid"' in html
    assert re.search(r'aria-describedby="[^"]*id_letter_date_error', html)
    assert 'aria-invalid="true"' in html
    (href, sentence) = look.form_errors(form)[0]
    assert href == "#id_letter_date"
    assert sentence.startswith("Letter date: ")


def test_a_long_list_offers_its_pages_and_keeps_the_other_filters() -> None:
    page = Paginator(range(9021), 50).page(7)
    html = render_to_string("_pagination.html", {"page": page}, RequestFactory().get("/?province=36&page=7"))

    assert "province=36&amp;page=8" in html
    assert "301–350" in html
    assert "9.021" in html


@pytest.mark.parametrize("name", ["404.html", "403.html", "403_csrf.html", "400.html", "registration/login.html"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_the_frame_says_that_figures_are_illustrative(name: str, language: str, settings: Any) -> None:
    settings.DEMO_TODAY = date(2015, 1, 10)
    request = RequestFactory().get("/somewhere?q=1")
    request.user = AnonymousUser()
    context = {"form": AuthenticationForm(), "next": ""} if "login" in name else {}

    with translation.override(language):
        html = render_to_string(name, context, request)

    assert f'<html lang="{language}">' in html
    assert "10/01/2015" in html
    assert 'name="next" value="/somewhere?q=1"' in html
    assert "style=" not in html
    assert "<script" not in html


def test_a_real_site_has_no_banner(settings: Any) -> None:
    settings.DEMO_TODAY = None
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert 'class="demo"' not in render_to_string("404.html", {}, request)


def test_a_refusal_says_its_reason() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert "Only the holder may." in render_to_string("403.html", {"exception": "Only the holder may."}, request)


def test_the_page_for_a_broken_server_needs_nothing_and_speaks_both_languages() -> None:
    html = render_to_string("500.html")

    assert "Trang web đang gặp lỗi" in html
    assert "Something went wrong" in html


def test_the_locked_page_says_how_long() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    context = {"cooloff_timedelta": timedelta(minutes=15)}

    with translation.override("en"):
        assert "15 minutes" in render_to_string("registration/locked.html", context, request)
