"""Is everything said in Vietnamese? Every text of the code stands in the catalogue, complete and with its
placeholders, and the pages show one language at a time.
"""

import ast
import html
import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation.reloader import translation_file_changed
from django.utils.translation.template import templatize

from ntm_tracker import clock

from . import factories

ROOT = Path(settings.BASE_DIR)
CODE = ["communes", "criteria", "ntm_tracker", "reports"]
PO = ROOT / "ntm_tracker" / "locale" / "vi" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sd]|\{\w*\}")

# The functions that mark a text, and which of their arguments is context, singular and plural.
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

Text = tuple[str, str, str]
"""Context, singular, plural: what makes a text one of its own."""


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="vi", abort_invalid=True)


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def text_of(message: Message) -> Text:
    singular, plural = (message.id, "") if isinstance(message.id, str) else message.id
    return message.context or "", singular, plural


def said(message: Message) -> str:
    """The Vietnamese; there is one plural form."""
    return message.string if isinstance(message.string, str) else (message.string or ("",))[0]


@pytest.fixture(scope="module", autouse=True)
def _catalogue_is_compiled() -> None:
    """Compile it when that was not done since the last change, as `make` does before the tests."""
    compiled = PO.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= PO.stat().st_mtime:
        return
    unfinished = compiled.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        write_mo(file, catalogue())
    unfinished.replace(compiled)
    translation_file_changed(None, compiled)


# The catalogue


def test_every_text_has_its_vietnamese() -> None:
    empty = [text_of(message) for message in messages() if not said(message).strip()]
    unsure = [text_of(message) for message in messages() if message.fuzzy]
    worded = [message for message in messages() if re.search(r"[^\W\d_]{2}", PLACEHOLDER.sub("", text_of(message)[1]))]
    copied = [text_of(message) for message in worded if said(message) == text_of(message)[1]]

    assert len(messages()) > 500
    assert not empty
    assert not copied
    assert not unsure
    assert not catalogue().obsolete


def test_the_vietnamese_keeps_every_placeholder() -> None:
    wrong = {}
    for message in messages():
        _context, singular, plural = text_of(message)
        wanted = set(PLACEHOLDER.findall(singular)) | set(PLACEHOLDER.findall(plural))
        if wanted != set(PLACEHOLDER.findall(said(message))):
            wrong[singular] = said(message)

    assert not wrong


def test_the_vietnamese_begins_and_ends_like_the_english() -> None:
    """A label stays a label and a sentence a sentence: the same size of the first letter, the same end."""
    wrong = {}
    for message in messages():
        _context, singular, _plural = text_of(message)
        vietnamese = said(message)
        ends = ".:?"
        if singular[-1] in ends and singular[-1] != vietnamese[-1] and vietnamese[-1] != "?":
            wrong[singular] = vietnamese
        if singular[0].islower() and vietnamese[0].isupper():
            wrong[singular] = vietnamese

    assert not wrong


# What stands in the code


def python_files() -> list[Path]:
    return [path for folder in CODE for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]


def template_files() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def collected(source: str) -> Iterator[Text]:
    """Every text marked for translation in Python source."""
    for _line, found, _comments, context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
        singular, plural = (found, "") if isinstance(found, str) else (*found, "")[:2]
        yield context or "", singular, plural


def as_python(path: Path) -> str:
    """A template turned into Python by Django, in brackets because its indents mean nothing."""
    return f"(\n{templatize(path.read_text(), origin=str(path))}\n)"


def texts_of_the_code() -> dict[Text, str]:
    """Every text with a file it stands in."""
    found: dict[Text, str] = {}
    for path in python_files():
        found |= dict.fromkeys(collected(path.read_text()), str(path.relative_to(ROOT)))
    for path in template_files():
        found |= dict.fromkeys(collected(as_python(path)), str(path.relative_to(ROOT)))
    return found


def test_the_catalogue_has_the_texts_of_the_code_and_no_others() -> None:
    code, known = texts_of_the_code(), {text_of(message) for message in messages()}

    assert {text: path for text, path in code.items() if text not in known} == {}
    assert known - code.keys() == set()


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_are_marked_in_a_way_that_is_collected(path: Path) -> None:
    """Under the function's own name or `_`, and as plain strings: anything else is silently left out."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            wrong += [name.asname for name in node.names if name.asname not in (None, "_")]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            texts = node.args[: len(KEYWORDS[node.func.id] or (1,))]
            wrong += [ast.unparse(text) for text in texts if not isinstance(text, ast.Constant)]

    assert not wrong


NOT_SAID = (  # comments, the class of the body, what is marked, other tags and values
    r"\{#.*?#\}",
    r"\{% comment.*?endcomment %\}",
    r"\{% block body_class.*?endblock.*?%\}",
    r"\{% blocktranslate.*?endblocktranslate %\}",
    r"\{[%{].*?[%}]\}",
)
READ_ALOUD = re.compile(r"(?:title|alt|placeholder|aria-label|data-l)=\"([^\"]*)\"")
NAMES = {"Tiếng Việt", "English", "(m²)", "………/BC-BCĐ"}  # the same in both languages, like the number of a paper
ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")  # a partial may hold nothing but attributes
ROMAN = re.compile(r"[IVX]+\.")
BOTH_LANGUAGES = "500.html"  # drawn when nothing works, with both languages on one page


@pytest.mark.parametrize("path", template_files(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_say_nothing_that_is_not_marked(path: Path) -> None:
    if path.name == BOTH_LANGUAGES:
        return
    left = re.sub("|".join(NOT_SAID), " ", path.read_text(), flags=re.DOTALL)
    outside = (ATTRIBUTE.sub(" ", html.unescape(text)) for text in re.split(r"<[^>]*>", left))
    texts = [text.strip() for text in (*outside, *READ_ALOUD.findall(left))]
    worded = [text for text in texts if re.search(r"[^\W\d_]{2}", text) and not ROMAN.fullmatch(text)]
    unmarked = [text for text in worded if text not in NAMES]

    assert not unmarked


# What stands on the pages


def everyday(path: str = "") -> list[str]:
    """The pages of a report in every state, and those around them."""
    with clock.at(factories.moment("2014-12-20")):
        accepted = factories.make_accepted(verdicts={10: "not_met", 7: "not_considered", 16: "no_data"})
        returned = factories.make_in_review("Hải Đường", claims={11: "basic"})
        assert returned.working is not None
        assert returned.working.holder is not None
        factories.give_back(returned, returned.working.holder)
        review = factories.make_in_review("Tân Lập", claims={10: "basic"}, verdicts={11: "not_met"})
    names = ["reports:work", "reports:overview", "communes:list", "criteria:list", "login", "password_change"]
    pages = [reverse(name) for name in names]
    for report in (accepted, returned, review):
        pages += [reverse(f"reports:{name}", args=[report.pk]) for name in ("detail", "history")]
        pages.append(report.commune.get_absolute_url())
    pages.append(reverse("reports:version", args=[accepted.pk, 1]))
    pages.append(reverse("reports:group", args=[returned.pk, "III"]))
    pages += [reverse(f"reports:{name}", args=[returned.pk]) for name in ("check",)]
    pages.append(reverse("reports:review", args=[review.pk]))
    pages += [reverse("reports:step", args=[accepted.pk, action]) for action in ("undo_accept", "open_correction")]
    pages.append(f"{reverse('reports:overview')}?figures=provisional&commune={accepted.commune.pk}")
    return [*pages, "/there-is-no-such-page/"]


def pieces(texts: Iterable[str]) -> set[str]:
    """The parts of texts between placeholders that are too long to be somebody's name or a coincidence."""
    parts = (part.strip() for text in texts for part in PLACEHOLDER.split(text))
    return {part for part in parts if len(part) > 15 and " " in part}


def seen(client: Client, page: str) -> str:
    """What a page says, on one line."""
    answer = client.get(page, follow=True)
    assert answer.status_code < 500
    return re.sub(r"\s+", " ", html.unescape(answer.text))


@pytest.mark.django_db
def test_pages_speak_one_language_at_a_time(client: Client) -> None:
    english, vietnamese = set(), set()
    for message in messages():
        english |= pieces(text_of(message)[1:])
        vietnamese |= pieces([said(message)])
    english, vietnamese = english - vietnamese, vietnamese - english
    wrong = set()
    pages = everyday()
    with clock.at(factories.moment("2014-12-21")):
        people = [factories.make_lead(), factories.make_viewer()]
        province = factories.commune("Hải Đường").province
        people.append(factories.make_user(factories.Duty.SIGNER, province))
        for person in people:
            client.force_login(person)
            for page in pages:
                for language, foreign in (("vi", english), ("en", vietnamese)):
                    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
                    text = seen(client, page)
                    wrong |= {(language, page, part) for part in foreign if part in text}

    assert not wrong


ADMIN_PAGES = [
    "admin:index",
    "admin:communes_user_changelist",
    "admin:communes_user_add",
    "admin:communes_areaassignment_add",
    "admin:communes_commune_changelist",
    "admin:communes_programme_changelist",
    "admin:criteria_criteriaset_changelist",
    "admin:criteria_threshold_changelist",
    "admin:reports_period_changelist",
    "admin:reports_period_add",
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_the_administration_is_vietnamese(client: Client, name: str) -> None:
    client.force_login(factories.make_administrator())
    english = pieces(text for message in messages() for text in text_of(message)[1:])

    text = seen(client, reverse(name))

    assert not [part for part in english if part in text]


def test_a_count_reads_right_with_one_and_with_many() -> None:
    for count in (1, 5):
        assert translation.ngettext("%(n)s open item", "%(n)s open items", count) == "%(n)s mục đang mở"
    with translation.override("en"):
        assert translation.ngettext("%(n)s open item", "%(n)s open items", 5) == "%(n)s open items"
