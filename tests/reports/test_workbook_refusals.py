"""Files that are not taken as a whole: each with the reason, and without anything of it being saved."""

import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from communes.models import User
from reports.models import QuarterlyReport
from reports.workbook import seal
from reports.workbook.layout import layouts, mark_of
from reports.workbook.package import Refused
from tests import factories

from .workbook_file import Filled, download, repacked, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report("Hải Đường")


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


@pytest.fixture
def template(client: Client, report: QuarterlyReport, editor: User) -> bytes:
    """A template with one value filled in, which must not be saved."""
    filled = download(client, report)
    filled.put("i10", "value", 22)
    return filled.content()


def refuses(client: Client, report: QuarterlyReport, content: bytes, reason: str, name: str = "mau.xlsx") -> bool:
    """Whether the file is refused with this reason, and nothing of it can be confirmed or is saved."""
    response = send(client, report, content, name)
    text = response.content.decode()
    assert response.status_code == 200
    assert reason in text.replace("&#x27;", "'")
    assert 'name="confirm"' not in text
    return not factories.working(report).values.exists()


def test_a_file_that_cannot_be_opened_is_refused_with_the_reason(
    client: Client, report: QuarterlyReport, template: bytes
) -> None:
    assert refuses(client, report, b"Mot van ban", "This is no Excel file.")
    assert refuses(client, report, template[:5000], "damaged or not complete")
    assert refuses(client, report, repacked(template, {"xl/vbaProject.bin": b"..."}), "contains macros")
    assert refuses(
        client, report, repacked(template, {"xl/worksheets/sheet2.xml": ""}), "The sheet “Criteria” is missing."
    )
    assert refuses(client, report, template + bytes(5 * 1024 * 1024), "larger than 5 MB")


def test_no_file_at_all_is_asked_for(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = client.post(reverse("reports:workbook_upload", args=[report.pk]), {})

    assert "Choose the file first." in response.content.decode()


def test_a_workbook_of_ones_own_is_refused(client: Client, report: QuarterlyReport, editor: User) -> None:
    book = openpyxl.Workbook()
    stream = io.BytesIO()
    book.save(stream)

    assert refuses(client, report, stream.getvalue(), "This is no template of this site")


def test_a_file_for_another_report_is_refused(client: Client, report: QuarterlyReport, editor: User) -> None:
    other = factories.make_report(report.commune, "2014-3")
    filled = download(client, other)
    filled.put("i10", "value", 22)

    reason = "made for another report: Hải Đường, quarter III/2014. Here you write Hải Đường, quarter IV/2014."
    assert refuses(client, report, filled.content(), reason)


def test_a_file_of_an_older_version_is_refused(client: Client, report: QuarterlyReport, editor: User) -> None:
    factories.fill_in(report, editor)
    filled = download(client, report)
    filled.put("i10", "value", 99)
    factories.submit(report, factories.signer_of(report.commune))
    reviewer = factories.reviewer_of(report.commune)
    factories.take_up(report, reviewer)
    factories.give_back(report, reviewer)

    text = send(client, report, filled.content()).content.decode()

    assert "made from version 1 of the report; now version 2 is in work" in text
    assert not factories.working(report).values.filter(value=99).exists()


def test_a_file_for_another_criteria_set_is_refused(client: Client, report: QuarterlyReport, template: bytes) -> None:
    filled = Filled(template)
    sealed = seal.unseal(filled.book["_ntm"]["A2"].value)
    filled.book["_ntm"]["A2"].value = seal.Seal(**{**vars(sealed), "edition": "2009"}).signed()

    assert refuses(client, report, filled.content(), "made for the criteria set 2009; the quarter is judged by 2013")


def test_a_template_of_an_older_layout_is_refused(
    client: Client, report: QuarterlyReport, template: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets = layouts()
    assert mark_of(sheets) == mark_of(layouts())
    moved = replace(sheets[1], inputs=(*sheets[1].inputs[1:], sheets[1].inputs[0]))
    monkeypatch.setattr(seal, "layouts", lambda: [sheets[0], moved, *sheets[2:]])

    assert refuses(client, report, template, "made from an older kind of template")


@pytest.mark.parametrize("sealed", ["", "xyz", None])
def test_a_file_without_its_seal_is_refused(
    client: Client, report: QuarterlyReport, template: bytes, sealed: str | None
) -> None:
    filled = Filled(template)
    filled.book["_ntm"]["A2"].value = sealed

    assert refuses(client, report, filled.content(), "its hidden sheet was changed or removed")


def test_a_file_without_the_hidden_sheet_is_refused(client: Client, report: QuarterlyReport, template: bytes) -> None:
    filled = Filled(template)
    del filled.book["_ntm"]

    assert refuses(client, report, filled.content(), "its hidden sheet was changed or removed")


def test_a_seal_that_somebody_changed_is_refused(client: Client, report: QuarterlyReport, template: bytes) -> None:
    filled = Filled(template)
    text = str(filled.book["_ntm"]["A2"].value)
    filled.book["_ntm"]["A2"].value = ("A" if text[5] != "A" else "B").join([text[:5], text[6:]])
    assert refuses(client, report, filled.content(), "its hidden sheet was changed or removed")


def test_a_seal_of_another_site_is_refused(report: QuarterlyReport, settings: Any) -> None:
    sealed = seal.seal_of(factories.working(report), {}, {}).signed()
    assert seal.unseal(sealed).report == report.pk

    settings.SECRET_KEY = "another-site"
    with pytest.raises(Refused, match="its hidden sheet was changed or removed"):
        seal.unseal(sealed)


def test_a_missing_sheet_is_named(client: Client, report: QuarterlyReport, template: bytes) -> None:
    filled = Filled(template)
    del filled.book["Resources"]

    assert refuses(client, report, filled.content(), "The sheet “Resources” is missing.")


def test_rows_that_the_template_does_not_have_are_refused(
    client: Client, report: QuarterlyReport, template: bytes
) -> None:
    filled = Filled(template)
    sheet = filled.book["Criteria"]
    place = filled.cell("i10", "value").row
    sheet.cell(place + 1, 1).value = "i10"  # twice
    sheet.cell(place + 2, 1).value = "i99.9"

    text = send(client, report, filled.content()).content.decode()

    assert f"Criteria!A{place + 1}: This row is not one of the template" in text
    assert f"Criteria!A{place + 2}: This row is not one of the template" in text
    assert 'name="confirm"' not in text


def test_a_reader_gets_neither_the_file_nor_its_page(client: Client, report: QuarterlyReport) -> None:
    client.force_login(factories.reviewer_of(report.commune))
    upload = {"file": SimpleUploadedFile("mau.xlsx", b"PK")}

    assert client.get(reverse("reports:workbook", args=[report.pk])).status_code == 403
    assert client.post(reverse("reports:workbook_upload", args=[report.pk]), upload).status_code == 403
    assert client.post(reverse("reports:workbook_upload", args=[report.pk]), {"confirm": "1"}).status_code == 403


def test_a_confirmation_made_up_by_hand_goes_the_same_way(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    version = factories.working(report)
    fields = {
        "confirm": "1",
        "version": str(version.pk),
        "at-i10": "criteria!x",
        "at-i11": "nowhere!4",
        "at-lshort": "results!4",
        "at-i12": "criteria!4",
        "i10-value": "1",
        "i10-row_version": "0",
    }

    response = client.post(reverse("reports:workbook_upload", args=[report.pk]), fields)

    assert response.status_code == 302
    assert not version.values.exists()
