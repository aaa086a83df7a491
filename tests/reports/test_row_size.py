"""Is a saved row small on the line? Many offices write over a slow one."""

import json
from typing import Any
from urllib.parse import urlencode

import brotli
import pytest
from django.test import Client
from django.urls import reverse

from reports.models import QuarterlyReport
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january")]

SERVER_ADDS = 120
"""What the server writes around the headers of a view: the status line, its name, the date, the connection."""


@pytest.fixture
def report() -> QuarterlyReport:
    """A draft that is filled in, after an accepted quarter."""
    factories.make_accepted(quarter="2014-3")
    report = factories.make_report(quarter="2014-4")
    factories.fill_in(report, factories.signer_of(report.commune))
    return report


@pytest.fixture
def client(report: QuarterlyReport) -> Client:
    client = Client()
    client.force_login(factories.editor_of(report.commune))
    return client


def save(client: Client, report: QuarterlyReport, value: str, **more: str) -> tuple[dict[str, Any], int]:
    """What is answered when the income is saved, and the bytes of request and answer with the answer's headers."""
    sent = {"row": "i10", "i10-row_version": "1", "i10-value": value, "csrfmiddlewaretoken": "a" * 64} | more
    answer = client.post(
        reverse("reports:row_save", args=[report.pk]),
        sent,
        headers={"accept": "application/json", "accept-encoding": "gzip, deflate, br"},
    )
    head = sum(len(f"{name}: {text}\r\n") for name, text in answer.items())
    assert answer["Content-Encoding"] == "br"
    told = json.loads(brotli.decompress(answer.content))
    return told, len(urlencode(sent)) + SERVER_ADDS + head + len(answer.content)


def test_saving_a_row_takes_less_than_a_kilobyte(client: Client, report: QuarterlyReport) -> None:
    told, size = save(client, report, "27")

    assert told["state"] == "saved"
    assert size < 1024


def test_a_lost_criterion_with_its_question_and_all_that_follows_takes_little_more(
    client: Client, report: QuarterlyReport
) -> None:
    told, size = save(client, report, "9")

    assert {"i10-facts", "i10-soft", "c10-computed"} <= told["slots"].keys()
    assert size < 1400


def test_only_what_looks_otherwise_comes_back(client: Client, report: QuarterlyReport) -> None:
    told, _size = save(client, report, "27")

    assert {"i10-echo", "i10-facts"} <= told["slots"].keys()
    assert not {"i10-ask", "i10-clash", "c10-state", "progress"} & told["slots"].keys()


def test_a_page_that_shows_an_error_gets_everything_of_its_row(client: Client, report: QuarterlyReport) -> None:
    save(client, report, "12.345")

    told, _size = save(client, report, "27", all="1")

    assert {"i10-ask", "i10-clash", "i10-soft"} <= told["slots"].keys()
