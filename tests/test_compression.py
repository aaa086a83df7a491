"""How do pages get to the reader? Without the indents of their templates, and compressed."""

import gzip

import brotli
import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


def overview(client: Client, encodings: str) -> tuple[bytes, str]:
    """The page as it is sent, and how it says that it is packed."""
    page = client.get(reverse("reports:overview"), headers={"accept-encoding": encodings})
    assert page.status_code == 200
    assert "Accept-Encoding" in page.headers["Vary"]
    assert int(page.headers["Content-Length"]) == len(page.content)
    return page.content, page.headers.get("Content-Encoding", "")


def test_a_page_is_the_same_however_it_is_packed() -> None:
    factories.reference()
    client = Client()
    client.force_login(factories.make_viewer())

    plain, as_plain = overview(client, "identity")
    zipped, as_gzip = overview(client, "gzip, deflate")
    small, as_brotli = overview(client, "gzip, deflate, br")

    assert (as_plain, as_gzip, as_brotli) == ("", "gzip", "br")
    assert len(small) < len(zipped) < len(plain)
    words = plain.decode().split('csrfmiddlewaretoken" value="')[0]
    assert gzip.decompress(zipped).decode().startswith(words)
    assert brotli.decompress(small).decode().startswith(words)
    assert "\n" not in words


def test_an_answer_that_is_packed_already_stays_as_it_is() -> None:
    report = factories.make_report()
    client = Client()
    client.force_login(factories.editor_of(report.commune))

    book = client.get(reverse("reports:workbook", args=[report.pk]), headers={"accept-encoding": "identity"})

    assert "Content-Encoding" not in book.headers
    content = book.getvalue() if hasattr(book, "getvalue") else book.content
    assert content.startswith(b"PK")
