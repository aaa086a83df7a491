"""Do the pages of papers show, take in, replace and hand out what they should, and to whom?"""

import socket
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.messages import get_messages
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse

from criteria.models import Expectation
from reports import evidence
from reports.models import Evidence, EvidenceLink, QuarterlyReport
from tests import factories
from tests.factories import PDF, add_paper, editor_of, working

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january", "english")]

SAID = {"title": "Kết quả rà soát", "kind": "survey", "document_number": "3127/QĐ-UBND", "document_date": "20/12/2014"}
LIMIT = 10


def send(client: Client, report: QuarterlyReport, file: Any = None, **fields: Any) -> Any:
    """Send the form for a new file, by default a PDF that proves 11."""
    data = SAID | {"file": file or factories.paper(), "indicators": ["11"], "whole": "1"} | fields
    return client.post(reverse("reports:evidence_add", args=[report.pk]), data)


def text(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def report(client: Client) -> QuarterlyReport:
    """A draft whose editor is signed in."""
    report = factories.make_report()
    client.force_login(editor_of(report.commune))
    return report


def test_a_file_is_sent_with_what_it_is_and_proves_several_indicators(client: Client, report: QuarterlyReport) -> None:
    response = send(client, report, indicators=["11", "12"], valid_until="31/12/2015")

    assert response.headers["Location"] == reverse("reports:evidence", args=[report.pk])
    found = Evidence.objects.get()
    assert (found.title, found.kind, found.document_number) == ("Kết quả rà soát", "survey", "3127/QĐ-UBND")
    assert (found.document_date, found.valid_until) == (date(2014, 12, 20), date(2015, 12, 31))
    page = text(client.get(response.headers["Location"]))
    assert "“Kết quả rà soát” is stored." in page
    assert "3127/QĐ-UBND" in page
    assert "31/12/2015" in page


def test_the_indicator_of_the_address_is_ticked(client: Client, report: QuarterlyReport) -> None:
    Expectation.objects.update_or_create(
        indicator=working(report).report.period.criteria_set.criteria.get(number=11).indicators.get(code="11"),
        defaults={"evidence_en": "Decision on the poverty review"},
    )

    page = text(client.get(reverse("reports:evidence_add", args=[report.pk]), {"indicator": "11"}))

    assert 'value="11" checked' in " ".join(page.split())
    assert "Expected here: Decision on the poverty review." in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"file": factories.paper(b"", "a.pdf")}, "The file is empty."),
        ({"file": factories.paper(b"<svg/>", "a.svg")}, "web page or an SVG drawing"),
        ({"file": factories.paper(PDF, "a.docx")}, "The name ends in “.docx”"),
        ({"indicators": []}, "Tick at least one indicator"),
        ({"title": ""}, "Say in a few words what it is."),
        ({"document_date": "11/01/2015"}, "This day is still to come"),
        ({"valid_until": "19/12/2014"}, "cannot expire before its own date"),
        ({"whole": ""}, "The upload was cut off. Nothing was stored"),
        ({"indicators": ["99"]}, "99 is not one of the available choices"),
    ],
)
def test_a_refusal_is_a_sentence_and_keeps_what_was_typed(
    client: Client, report: QuarterlyReport, changed: dict[str, Any], sentence: str
) -> None:
    response = send(client, report, **({"document_number": "77/BC"} | changed))

    page = text(response)
    assert response.status_code == 422
    assert sentence in page
    assert 'value="77/BC"' in page
    assert "Browsers do not keep a chosen file" in page
    assert not Evidence.objects.exists()


def test_a_file_beyond_the_limit_is_refused_with_both_sizes(
    client: Client, report: QuarterlyReport, settings: Any
) -> None:
    settings.EVIDENCE_MAX_BYTES = 5 * 1024

    response = send(client, report, factories.paper(PDF + b"0" * 8000))

    assert "The file has 8\xa0kB; the largest that can be sent is 5\xa0kB." in text(response)
    assert 'value="3127/QĐ-UBND"' in text(response)


def test_a_refusal_is_in_the_readers_language(client: Client, report: QuarterlyReport) -> None:
    client.cookies["django_language"] = "vi"

    page = text(send(client, report, factories.paper(b"MZ", "a.pdf")))

    assert "Programs are not taken" not in page
    assert "chương trình" in page


def test_the_same_file_again_is_said(client: Client, report: QuarterlyReport) -> None:
    send(client, report)

    response = send(client, report, title="Another title", indicators=["12"])

    assert said(response) == [
        "“Kết quả rà soát” is stored.",
        "This file was already here as “Kết quả rà soát”. It was not stored again, only linked.",
    ]
    assert Evidence.objects.count() == 1


def test_a_script_is_told_where_to_go_on(client: Client, report: QuarterlyReport) -> None:
    data = SAID | {"file": factories.paper(), "indicators": ["11"], "whole": "1"}

    response = client.post(
        reverse("reports:evidence_add", args=[report.pk]), data, headers={"accept": "application/json"}
    )

    assert response.json() == {"url": reverse("reports:evidence", args=[report.pk])}
    assert "is stored" in text(client.get(response.json()["url"]))


def test_a_file_that_is_here_proves_further_indicators(client: Client, report: QuarterlyReport) -> None:
    send(client, report)
    data = {"here-existing": str(Evidence.objects.get().pk), "here-indicators": ["11", "12"]}

    response = client.post(reverse("reports:evidence_attach", args=[report.pk]), data)

    assert said(response)[-1] == "“Kết quả rà soát” proves 1 indicator more."
    assert EvidenceLink.objects.count() == 2


def test_attaching_nothing_says_what_is_wrong(client: Client, report: QuarterlyReport) -> None:
    send(client, report)

    page = text(client.post(reverse("reports:evidence_attach", args=[report.pk]), {}))

    assert "Choose one of the files." in page
    assert "Tick at least one indicator" in page


def test_a_file_is_replaced_and_the_list_names_the_old_one(client: Client, report: QuarterlyReport) -> None:
    send(client, report)
    address = reverse("reports:evidence_replace", args=[report.pk, Evidence.objects.get().pk])
    assert 'value="Kết quả rà soát"' in text(client.get(address))
    data = SAID | {"title": "Kết quả mới", "file": factories.paper(PDF + b"%%EOF\n"), "whole": "1"}

    response = client.post(address, data, follow=True)

    page = " ".join(text(response).split())
    assert "Kết quả mới" in page
    assert "In the place of: <a" in page
    assert client.get(address).status_code == 404


def test_taking_off_asks_for_a_link_of_this_draft(client: Client, report: QuarterlyReport) -> None:
    editor = editor_of(report.commune)
    link = add_paper(report, editor)
    elsewhere = factories.make_report("Gia Phố")
    foreign = add_paper(elsewhere, editor_of(elsewhere.commune))

    taken_off = client.post(reverse("reports:evidence_unlink", args=[report.pk, link.pk]))
    refused = client.post(reverse("reports:evidence_unlink", args=[report.pk, foreign.pk]))

    assert said(taken_off) == ["“QĐ 3127.pdf” no longer proves 11."]
    assert refused.status_code == 404
    assert evidence.links_of(working(report)) == []
    assert len(evidence.links_of(working(elsewhere))) == 1


def test_a_file_goes_out_as_an_attachment_that_no_browser_runs(client: Client, report: QuarterlyReport) -> None:
    link = add_paper(report, editor_of(report.commune), name="QĐ 3127 “rà soát”.pdf")

    response = client.get(
        reverse("reports:evidence_file", args=[report.pk, link.evidence_id]), headers={"accept-encoding": "gzip"}
    )

    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


HEADERS = {
    "Content-Type": "application/pdf",
    "Content-Length": str(len(PDF)),
    "Content-Disposition": ("attachment; filename*=utf-8''Q%C4%90%203127%20%E2%80%9Cr%C3%A0%20so%C3%A1t%E2%80%9D.pdf"),
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


def test_a_file_of_another_report_is_not_found_under_this_one(client: Client, report: QuarterlyReport) -> None:
    other = factories.make_report(quarter="2014-3")
    link = add_paper(other, editor_of(report.commune))

    response = client.get(reverse("reports:evidence_file", args=[report.pk, link.evidence_id]))

    assert response.status_code == 404


def test_a_file_gone_from_the_disk_is_not_found_and_logged(
    client: Client, report: QuarterlyReport, caplog: pytest.LogCaptureFixture
) -> None:
    found = add_paper(report, editor_of(report.commune)).evidence
    found.file.storage.delete(found.file.name)

    response = client.get(reverse("reports:evidence_file", args=[report.pk, found.pk]))

    assert response.status_code == 404
    assert f"Evidence {found.pk} is not in the storage" in caplog.text


def test_a_reviewer_reads_the_papers_of_every_version_and_changes_none(client: Client) -> None:
    report = factories.make_report()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    factories.fill_in(report, signer)
    add_paper(report, signer, title="Bản đầu")
    factories.submit(report, signer)
    factories.give_back(report, reviewer)
    old = evidence.links_of(working(report))[0].evidence
    fields = {"title": "Bản sau", "kind": "survey", "document_number": "", "document_date": None, "valid_until": None}
    checked = evidence.check(factories.paper(PDF + b"%%EOF\n"))
    evidence.replace(working(report), old, checked, fields, by=signer)
    client.force_login(reviewer)
    address = reverse("reports:evidence", args=[report.pk])

    now, before = text(client.get(address)), text(client.get(address, {"version": "1"}))

    assert "Bản sau" in now
    assert "Bản đầu" in before
    assert "Bản sau" not in before
    assert "take off" not in now
    assert client.get(address, {"version": "9"}).status_code == 404
    assert client.get(address, {"version": "x"}).status_code == 404


@pytest.mark.parametrize("papers", [1, 8])
def test_the_pages_take_the_same_few_queries_for_any_number_of_papers(
    client: Client, report: QuarterlyReport, papers: int, django_assert_max_num_queries: Any
) -> None:
    editor = editor_of(report.commune)
    for n in range(papers):
        add_paper(report, editor, "10", "11", "12", content=PDF + b"%%%d\n%%%%EOF\n" % n, name=f"{n}.pdf")

    for name in ("evidence", "evidence_add", "group"):
        arguments = [report.pk, "III"] if name == "group" else [report.pk]
        with django_assert_max_num_queries(LIMIT):
            assert client.get(reverse(f"reports:{name}", args=arguments)).status_code == 200


def test_a_row_shows_its_papers_and_which_one_is_missing(client: Client, report: QuarterlyReport) -> None:
    editor = editor_of(report.commune)
    Expectation.objects.all().delete()
    criteria = report.period.criteria_set.criteria
    Expectation.objects.create(
        indicator=criteria.get(number=12).indicators.get(code="12"), evidence_en="the register of workers"
    )
    factories.fill_in(report, editor)
    add_paper(report, editor, "11", title="Kết quả rà soát", valid_until=date(2014, 12, 31))

    page = " ".join(text(client.get(reverse("reports:group", args=[report.pk, "III"]))).split())

    assert '<b>PDF</b> Kết quả rà soát <span class="bad">· expired on 31/12/2014</span>' in page
    assert page.count("Missing:") == 1
    assert "Missing: the register of workers" in page


def test_a_saved_row_says_at_once_which_paper_it_needs(client: Client, report: QuarterlyReport) -> None:
    Expectation.objects.all().delete()
    eleven = report.period.criteria_set.criteria.get(number=11).indicators.get(code="11")
    Expectation.objects.create(indicator=eleven, evidence_en="the approved result")

    answer = client.post(
        reverse("reports:row_save", args=[report.pk]), {"row": "i11", "i11-row_version": "0", "i11-value": "2,5"}
    )

    assert "Missing: the approved result" in answer.json()["slots"]["i11-paper"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cut", ["within the file", "after the file"])
def test_a_sender_that_hangs_up_in_the_middle_leaves_neither_row_nor_file(
    cut: str,
    client: Client,
    report: QuarterlyReport,
    live_server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored, coming_in = tmp_path / "stored", tmp_path / "coming-in"
    coming_in.mkdir()
    monkeypatch.setattr(storages["evidence"], "location", str(stored))
    monkeypatch.setattr("tempfile.tempdir", str(coming_in))
    address = urlsplit(live_server.url)
    token = "a" * 32
    cookies = f"csrftoken={token}; sessionid={client.cookies['sessionid'].value}"
    fields = SAID | {"csrfmiddlewaretoken": token, "indicators": "11"}
    begun = "%PDF-1.4\n" + "%%EOF\n" * 50_000  # looks whole wherever it is cut
    parts = [f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append('--X\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + begun)
    if cut == "after the file":
        parts = [parts[-1], *parts[:-1], '--X\r\nContent-Disposition: form-data; name="ind']
    body = "\r\n".join(parts).encode()
    head = (
        f"POST {reverse('reports:evidence_add', args=[report.pk])} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Cookie: {cookies}\r\nContent-Type: multipart/form-data; boundary=X\r\nContent-Length: {len(body) + 5000}\r\n"
        "Connection: close\r\n\r\n"
    )

    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(20)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b" 422 " in answer.splitlines()[0]
    assert not Evidence.objects.exists()
    assert not EvidenceLink.objects.exists()
    assert not stored.exists()
    assert list(coming_in.iterdir()) == []
