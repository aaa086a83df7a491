"""Does the Excel file survive LibreOffice? Opened there, saved there, and sent back."""

import io
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.test import Client

from communes.models import User
from ntm_tracker import clock
from reports.models import CriterionVerdict, QuarterlyReport, Section, SectionLine
from tests import factories, libreoffice
from tests.reports.test_workbook import confirm, page, value
from tests.reports.workbook_file import Filled, download, send

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.libreoffice,
    pytest.mark.usefixtures("english", "_in_january"),
]


@pytest.fixture
def _in_january() -> Iterator[None]:
    with clock.at(factories.moment("2015-01-10")):
        yield


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report("Hải Đường")


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


def saved_by_libreoffice(content: bytes, folder: Path) -> bytes:
    """What LibreOffice makes of a workbook when it opens and saves it."""
    (folder / "mau.xlsx").write_bytes(content)
    profile = (folder / "profile").as_uri()  # of its own: two at once would wait for one another
    command = [
        libreoffice.PATH,
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run(
        [*command, "--outdir", str(folder / "out"), str(folder / "mau.xlsx")],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return (folder / "out" / "mau.xlsx").read_bytes()


def test_what_was_filled_in_comes_through_libreoffice(
    client: Client, report: QuarterlyReport, editor: User, tmp_path: Path
) -> None:
    filled = download(client, report)
    filled.put("i10", "value", 22.5)
    filled.put("i11", "numerator", 64)
    filled.put("i11", "denominator", 2070)
    filled.put("i12", "value", 0.9525, "0.00%")
    filled.put("i10", "note", "=không phải công thức")
    filled.put("c10", "claimed", "Not met")
    line = filled.free_lines(Section.STEERING)[2]
    filled.put(line, "kind", "Training")
    filled.put(line, "text", "Tập huấn\nhai ngày")
    filled.put(line, "number", "05")
    filled.put(line, "day", date(2014, 12, 5), "dd/mm/yyyy")

    shown = send(client, report, saved_by_libreoffice(filled.content(), tmp_path))
    answer = confirm(client, report, shown)

    assert answer.status_code == 302
    assert str(value(report, "10").value) == "22.500000"
    assert value(report, "10").note == "=không phải công thức"
    assert str(value(report, "11").value) == "3.091787"
    assert str(value(report, "12").value) == "95.250000"
    version = factories.working(report)
    assert CriterionVerdict.objects.get(version=version, criterion__number=10).claimed == "not_met"
    stored = SectionLine.objects.get(version=version, section=Section.STEERING)
    assert (stored.kind, stored.text, stored.number) == ("training", "Tập huấn\r\nhai ngày", "05")
    assert stored.day == date(2014, 12, 5)


def test_an_untouched_template_says_the_same_after_libreoffice(
    client: Client, report: QuarterlyReport, editor: User, tmp_path: Path
) -> None:
    factories.fill_in(report, editor, verdicts={7: "not_considered", 12: "no_data"})
    factories.write_line(report, "Dòng một\r\ndòng hai", editor, key="0123456789abcdef")

    response = send(client, report, saved_by_libreoffice(download(client, report).content(), tmp_path))

    assert "says what the report says already" in page(response)


def test_locks_lists_and_the_hidden_sheet_stay(
    client: Client, report: QuarterlyReport, editor: User, tmp_path: Path
) -> None:
    before = download(client, report)

    after = Filled(saved_by_libreoffice(before.content(), tmp_path))

    assert after.book.sheetnames == before.book.sheetnames
    assert after.book["_ntm"].sheet_state in ("hidden", "veryHidden")
    for sheet in before.book.worksheets:
        other = after.book[sheet.title]
        assert other.protection.sheet
        for row in sheet.iter_rows():
            for cell in row:
                assert other[cell.coordinate].protection.locked == cell.protection.locked, (
                    sheet.title,
                    cell.coordinate,
                )
    for prefix, name in (
        ("i11", "absence"),
        ("c11", "claimed"),
        (before.free_lines(Section.PROPOSALS)[0], "criterion"),
    ):
        assert offered(after, prefix, name) == offered(before, prefix, name) != []


def offered(filled: Filled, prefix: str, name: str) -> list[str]:
    """The choices of the drop-down of a cell."""
    cell = filled.cell(prefix, name)
    for found in cell.parent.data_validations.dataValidation:
        if found.type == "list" and cell.coordinate in found.sqref:
            _sheet, _mark, area = str(found.formula1).rpartition("!")
            return [str(row[0].value) for row in filled.book["_ntm"][area.replace("$", "")]]
    return []


def test_libreoffice_shows_the_template_as_a_document(
    client: Client, report: QuarterlyReport, editor: User, tmp_path: Path
) -> None:
    content = saved_by_libreoffice(download(client, report).content(), tmp_path)

    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    assert not [cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "e"]
