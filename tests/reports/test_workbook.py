"""The Excel file of a draft: what it holds, and that what is typed into it is what typing by hand would give."""

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from communes.models import User
from reports import entry
from reports.models import (
    CriterionVerdict,
    IndicatorValue,
    QuarterlyReport,
    ReportVersion,
    ResourceEntry,
    Section,
    SectionLine,
    ValueChange,
)
from reports.workbook.reading import exact_number, plain_number
from tests import factories

from .workbook_file import Filled, download, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report("Hải Đường")


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    """An editor of the commune's committee, signed in."""
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


class Fields(HTMLParser):
    """What a browser would send for the form with this id, but for its radio buttons."""

    def __init__(self, html: str, form: str) -> None:
        super().__init__()
        self.form, self.inside = form, False
        self.data: dict[str, str] = {}
        self.radios: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = found.get("id") == self.form
        elif tag == "input" and self.inside and found.get("type") == "radio":
            self.radios.add(found.get("name") or "")
        elif tag == "input" and self.inside and found.get("name"):
            self.data[str(found["name"])] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def page(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode().replace("\xa0", " ")
    return text


def words(response: Any) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page(response)))


def confirm(client: Client, report: QuarterlyReport, shown: Any, **choices: str) -> Any:
    """Press the button under what was shown."""
    fields = Fields(shown.content.decode(), "confirm").data
    assert fields.get("confirm"), "there is nothing to confirm"
    chosen = {f"choice-{prefix}": choice for prefix, choice in choices.items()}
    return client.post(reverse("reports:workbook_upload", args=[report.pk]), fields | chosen)


def write(report: QuarterlyReport, by: User, code: str, row_version: int = 0, **content: Any) -> None:
    """Somebody writes one value on the site."""
    version = factories.working(report)
    saved = entry.save_rows(version, [entry.Write(indicator(report, code), row_version, content)], by=by)
    assert saved.written == 1


def indicator(report: QuarterlyReport, code: str) -> Any:
    from criteria.models import Indicator

    return Indicator.objects.get(criterion__criteria_set=report.period.criteria_set, code=code)


def value(report: QuarterlyReport, code: str) -> IndicatorValue:
    return IndicatorValue.objects.get(version=factories.working(report), indicator__code=code)


# The template


def test_a_template_holds_what_the_draft_says_and_what_helps(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    write(report, editor, "10", value=Decimal("22.5"), note="=1+1")

    filled = download(client, report)

    row = filled.cell("i10", "value")
    assert (row.value, row.number_format) == (22.5, "General")
    note = filled.cell("i10", "note")
    assert (note.value, note.data_type, note.quotePrefix) == ("=1+1", "s", True)
    sheet = filled.book["Criteria"]
    assert str(sheet.cell(row.row, 4).value).startswith("≥")
    assert "QĐ" in str(sheet.cell(row.row, 4).value) or "CV" in str(sheet.cell(row.row, 4).value)
    assert "Hải Đường" in str(filled.book["How to"]["B3"].value)


def test_only_cells_to_fill_in_can_be_changed(client: Client, report: QuarterlyReport, editor: User) -> None:
    filled = download(client, report)

    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in filled.book.worksheets)
    assert filled.book.security.lockStructure
    unlocked = {
        cell.coordinate for row in filled.book["Criteria"].iter_rows() for cell in row if not cell.protection.locked
    }
    place = filled.cell("i11", "value").row
    assert {f"{letter}{place}" for letter in "GHIJKL"} <= unlocked
    assert not {f"{letter}{place}" for letter in "ABCDEFNO"} & unlocked
    assert filled.cell("c11", "claimed").coordinate in unlocked
    assert filled.book["_ntm"].sheet_state == "veryHidden"
    assert filled.book["Criteria"].column_dimensions["A"].hidden


def test_drop_downs_offer_the_words_of_the_pages(client: Client, report: QuarterlyReport, editor: User) -> None:
    filled = download(client, report)

    def choices(prefix: str, name: str) -> list[str]:
        cell = filled.cell(prefix, name)
        sheet = cell.parent
        found = next(
            one for one in sheet.data_validations.dataValidation if one.type == "list" and cell.coordinate in one.sqref
        )
        _sheet, _mark, area = found.formula1.rpartition("!")
        return [row[0].value for row in filled.book["_ntm"][area.replace("$", "")]]

    assert choices("i11", "absence") == ["No data", "Not considered"]
    assert choices("i19", "value") == ["Yes", "No", "No data", "Not considered"]
    assert choices("c11", "claimed") == ["Met", "Basically met", "Not met", "Not considered"]
    line = filled.free_lines(Section.PROPOSALS)[0]
    assert choices(line, "kind") == ["The centre", "The province", "The district"]
    assert len(choices(line, "criterion")) == 19


def test_every_section_has_its_sheet_with_lines_and_free_ones(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    factories.write_line(report, "Thu nhập tăng", editor, key="0123456789abcdef")

    filled = download(client, report)

    assert filled.cell("l0123456789abcdef", "text").value == "Thu nhập tăng"
    assert all(len(filled.free_lines(code)) == 15 for code in Section if code != Section.RESOURCES)
    assert filled.cell("rprovince", "planned").value is None
    assert len(filled.book.sheetnames) == len(set(filled.book.sheetnames)) == 11


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_template_speaks_the_language_of_the_reader(
    client: Client, report: QuarterlyReport, editor: User, language: str
) -> None:
    client.cookies["django_language"] = language
    with translation.override(language):
        filled = download(client, report)
        title = str(Section.PROPOSALS.label)

    assert title in filled.book.sheetnames
    assert ("How to" in filled.book.sheetnames) == (language == "en")


@pytest.mark.parametrize("name", ["workbook", "workbook_upload"])
def test_the_file_and_its_page_take_at_most_ten_queries(
    client: Client,
    report: QuarterlyReport,
    editor: User,
    name: str,
    django_assert_max_num_queries: Queries,
) -> None:
    factories.fill_in(report, editor)

    with django_assert_max_num_queries(10):
        response = client.get(reverse(f"reports:{name}", args=[report.pk]))

    assert response.status_code == 200


def test_a_demonstration_says_so_in_the_file(
    client: Client, report: QuarterlyReport, editor: User, settings: Any
) -> None:
    settings.DEMO_TODAY = date(2015, 1, 10)

    filled = download(client, report)

    assert "illustrative" in str(filled.book["How to"]["B6"].value)
    assert "Illustrative" in str(filled.book["Criteria"]["B2"].value)


# There and back


def test_a_file_sent_back_untouched_changes_nothing(client: Client, report: QuarterlyReport, editor: User) -> None:
    factories.fill_in(report, editor, values={"11": {"value": Decimal("12.345678")}})
    factories.write_line(report, "Dòng một\r\ndòng hai", editor, key="0123456789abcdef")
    before = ValueChange.objects.count()

    response = send(client, report, download(client, report).content())

    assert "says what the report says already" in page(response)
    assert ValueChange.objects.count() == before


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_file_of_the_other_language_is_understood(
    client: Client, report: QuarterlyReport, editor: User, language: str
) -> None:
    factories.fill_in(report, editor, verdicts={11: "no_data", 7: "not_considered"})
    client.cookies["django_language"] = language
    with translation.override(language):
        content = download(client, report).content()
    client.cookies["django_language"] = "en" if language == "vi" else "vi"

    with translation.override(client.cookies["django_language"].value):
        response = send(client, report, content)

    assert "alert-info" in page(response)


def test_every_change_is_shown_before_anything_is_saved(client: Client, report: QuarterlyReport, editor: User) -> None:
    write(report, editor, "10", value=Decimal("22.5"))
    filled = download(client, report)
    filled.put("i10", "value", 23)
    filled.put("c10", "claimed", "Not met")

    shown = send(client, report, filled.content())

    text = words(shown)
    assert f"Value {filled.cell('i10', 'value').coordinate} 22.5 million" in text
    assert "23 million" in text
    assert "Not met" in text
    assert "Save 2 rows" in text
    assert value(report, "10").value == Decimal("22.5")
    assert not CriterionVerdict.objects.filter(version=factories.working(report)).exists()

    answer = confirm(client, report, shown)

    assert answer.status_code == 302
    assert value(report, "10").value == 23
    assert "2 rows are saved from the file." in page(client.get(answer.headers["Location"]))


# (prefix, field, as typed on the page, as the cell holds it, its number format)
TYPED: list[tuple[str, str, str, Any, str]] = [
    ("i10", "value", "22,5", 22.5, ""),
    ("i10", "note", "=SUM(A1)", "=SUM(A1)", ""),
    ("i11", "numerator", "64", 64, ""),
    ("i11", "denominator", "2 070", 2070, ""),
    ("i12", "value", "95,25 %", 0.9525, "0.00%"),
    ("i14.2", "value", "12,345678", 12.345678, ""),
    ("i2.1", "value", "0.5 %", "0.5 %", ""),
    ("i3.2", "value", "100", "100", ""),
    ("i4.2", "absence", "no_data", "no data", ""),
    ("i4.2", "absence_reason", "Chưa điều tra", "Chưa điều tra", ""),
    ("i19", "value", "1", "Yes", ""),
    ("i7", "value", "not_considered", "Not considered", ""),
    ("i7", "absence_reason", "Quy hoạch không có chợ", "Quy hoạch không có chợ", ""),
    ("c10", "claimed", "not_met", "not met", ""),
    ("c11", "claimed", "met", "Met", ""),
    ("c11", "claim_reason", "Theo rà soát", "Theo rà soát", ""),
    ("rprovince", "planned", "12480,125", 12480.125, ""),
    ("rprovince", "mobilised", "0", 0, ""),
    ("rpeople_land", "cumulative", "1250", 1250.0, ""),
    ("rcredit", "note", "Vay ưu đãi", "Vay ưu đãi", ""),
]
LINES: list[tuple[str, str, str, Any, str]] = [
    (Section.STEERING, "kind", "document", "Document issued", ""),
    (Section.STEERING, "text", "Nghị quyết\r\nvề thủy lợi", "Nghị quyết\nvề thủy lợi", ""),
    (Section.STEERING, "number", "05", "05", ""),
    (Section.STEERING, "day", "05/12/2014", date(2014, 12, 5), "dd/mm/yyyy"),
    (Section.STEERING, "quantity", "120,5", 120.5, ""),
    (Section.STEERING, "unit", "người", "người", ""),
    (Section.DIFFICULTIES, "text", "Thiếu vốn", "Thiếu vốn", ""),
    (Section.DIFFICULTIES, "kind", "objective", "objective", ""),
    (Section.DIFFICULTIES, "detail", "Chưa phân bổ", "Chưa phân bổ", ""),
    (Section.DIFFICULTIES, "criterion", "2", "2 Roads", ""),
]


def told(version: ReportVersion) -> dict[str, Any]:
    """Everything a version says, without what differs from report to report."""
    said: dict[str, Any] = {}
    for value_ in version.values.select_related("indicator"):
        said[f"i{value_.indicator.code}"] = {name: getattr(value_, name) for name in entry.EMPTY_VALUE}
    for claim in version.verdicts.select_related("criterion"):
        said[f"c{claim.criterion.number}"] = (claim.claimed, claim.claim_reason)
    for line in version.lines.select_related("criterion"):
        name = line.key if line.says_nothing else line.section
        said[name] = {column: getattr(line, column) for column in entry.EMPTY_LINE}
    for resources in version.resources.all():
        said[f"r{resources.source}"] = {name: getattr(resources, name) for name in entry.EMPTY_RESOURCE}
    return said


def test_what_a_file_says_is_what_typing_it_by_hand_gives(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    by_hand = factories.make_report("Thụy Hương")
    typist = Client()
    typist.cookies["django_language"] = "vi"
    typist.force_login(factories.editor_of(by_hand.commune))
    keys = {Section.STEERING: "a" * 32, Section.DIFFICULTIES: "b" * 32}
    fields = [(prefix, name, typed) for prefix, name, typed, _cell, _format in TYPED]
    fields += [(f"l{keys[Section(section)]}", name, typed) for section, name, typed, _cell, _format in LINES]
    pages: dict[str, tuple[str, ...]] = {f"groups/{code}/": ("i", "c") for code in ("I", "II", "III", "IV", "V")}
    pages["sections/resources/"] = ("r",)
    pages |= {f"sections/{section.value}/": (f"l{key}",) for section, key in keys.items()}
    for address, prefixes in pages.items():
        data = {f"{prefix}-{name}": typed for prefix, name, typed in fields if prefix.startswith(prefixes)}
        data |= {f"{prefix}-row_version": "0" for prefix, _name, _typed in fields if prefix.startswith(prefixes)}
        typist.post(f"{by_hand.get_absolute_url()}{address}", data)

    filled = download(client, report)
    for prefix, name, _typed, cell, number_format in TYPED:
        filled.put(prefix, name, cell, number_format)
    free = {section: filled.free_lines(section)[0] for section in keys}
    for section, name, _typed, cell, number_format in LINES:
        filled.put(free[Section(section)], name, cell, number_format)
    answer = confirm(client, report, send(client, report, filled.content()))

    assert answer.status_code == 302
    expected = told(factories.working(by_hand))
    assert told(factories.working(report)) == expected
    assert {"i10", "i11", "i4.2", "c10", "rprovince", "rcredit", "steering", "difficulties"} <= expected.keys()
    assert expected["i11"]["value"] == Decimal("3.091787")
    assert expected["i12"]["value"] == Decimal("95.25")


def test_the_last_two_digits_of_a_float_are_noise() -> None:
    assert exact_number(0.1 + 0.2) == Decimal("0.3")
    assert exact_number(12.345) == Decimal("12.345")
    assert exact_number(123456789012345) == Decimal("123456789012345")
    assert exact_number(0.000001) == Decimal("0.000001")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_number_is_spelled_so_that_no_language_asks_about_it(language: str) -> None:
    from ntm_tracker.numbers import parse_number

    with translation.override(language):
        for text in ("12.345", "0.5", "1250", "1234567.891", "-3.125"):
            assert parse_number(plain_number(Decimal(text))) == Decimal(text)


def test_a_line_is_changed_removed_and_added_by_the_file(client: Client, report: QuarterlyReport, editor: User) -> None:
    factories.write_line(report, "Giữ", editor, key="aaaaaaaaaaaaaaaa")
    factories.write_line(report, "Bỏ", editor, key="bbbbbbbbbbbbbbbb")
    filled = download(client, report)
    filled.put("laaaaaaaaaaaaaaaa", "text", "Sửa")
    filled.put("lbbbbbbbbbbbbbbbb", "removed", "x")
    added = filled.free_lines(Section.RESULTS)[3]
    filled.put(added, "text", "Thêm")

    shown = send(client, report, filled.content())
    confirm(client, report, shown)

    lines = SectionLine.objects.filter(version=factories.working(report), section=Section.RESULTS)
    assert {(line.text, line.removed) for line in lines} == {("Sửa", False), ("Bỏ", True), ("Thêm", False)}
    assert f"l{lines.get(text='Thêm').key}" == added


def test_the_same_file_sent_twice_adds_its_lines_once(client: Client, report: QuarterlyReport, editor: User) -> None:
    filled = download(client, report)
    filled.put(filled.free_lines(Section.RESULTS)[0], "text", "Thêm")
    confirm(client, report, send(client, report, filled.content()))

    again = send(client, report, filled.content())

    assert "says what the report says already" in page(again)
    assert SectionLine.objects.get(version=factories.working(report)).text == "Thêm"


def test_a_section_with_lines_no_longer_says_that_it_is_empty(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    factories.fill_in(report, editor)
    filled = download(client, report)
    filled.put(filled.free_lines(Section.RESULTS)[0], "text", "Thêm")

    confirm(client, report, send(client, report, filled.content()))

    silent = SectionLine.objects.filter(version=factories.working(report), kind=SectionLine.NOTHING, removed=False)
    assert "results" not in {line.section for line in silent}


def test_a_section_is_said_to_be_empty_and_that_is_taken_back(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    filled.put("lnothing-proposals", "nothing", "x")
    filled.put("lnothing-resources", "nothing", "X")
    confirm(client, report, send(client, report, filled.content()))

    rows = SectionLine.objects.filter(version=factories.working(report), kind=SectionLine.NOTHING, removed=False)
    assert {row.section for row in rows} == {"proposals", "resources"}

    filled = download(client, report)
    assert filled.cell("lnothing-proposals", "nothing").value == "x"
    filled.put("lnothing-proposals", "nothing", None)
    confirm(client, report, send(client, report, filled.content()))

    assert rows.get().section == "resources"


def test_resources_are_emptied_as_well(client: Client, report: QuarterlyReport, editor: User) -> None:
    version = factories.working(report)
    from reports.models import Source

    target = entry.ResourceOf(Source.PROVINCE)
    entry.save_rows(version, resources=[entry.Write(target, 0, {"planned": Decimal(5)})], by=editor)
    filled = download(client, report)
    filled.put("rprovince", "planned", None)

    shown = send(client, report, filled.content())
    confirm(client, report, shown)

    assert "5 million dong" in words(shown)
    assert ResourceEntry.objects.get(version=version).planned is None


# What is wrong in the cells


def test_every_error_is_told_at_once_with_its_cell(client: Client, report: QuarterlyReport, editor: User) -> None:
    filled = download(client, report)
    line = filled.free_lines(Section.DIFFICULTIES)[1]
    task = filled.free_lines(Section.TASKS)[0]
    planted = {
        filled.put("i10", "value", "26.345"): "can be read in two ways. Which number do you mean? Type",
        filled.put("i11", "value", 250): "between 0 and 100",
        filled.put("i12", "value", "khoảng 90"): "is more than a number",
        filled.put("i4.2", "value", 0.95): "Is this 0.95 %, or 95 %?",
        filled.put("i2.2", "value", date(2014, 5, 12), "dd/mm/yyyy"): "took this for a date",
        filled.put("i2.3", "value", True): "TRUE or FALSE",
        filled.put("i3.2", "absence", "mất sổ"): "is not in the list",
        filled.put("i14.2", "absence_reason", "Chưa có"): "Choose why there is no value",
        filled.put("rprovince", "planned", -5): "Enter a number from 0",
        filled.put("rdistrict", "planned", 0.5, "0%"): "took this for a percentage",
        filled.put(line, "criterion", "20 Không có"): "is not in the list",
        filled.put(task, "until", "31/02/2015"): "This is not a date",
    }
    filled.put(line, "text", "Thiếu vốn")
    filled.put(line, "kind", "Objective")
    filled.put(line, "detail", "Vì sao")
    filled.put(task, "text", "Làm đường")
    filled.put(task, "body", "UBND xã")

    response = send(client, report, filled.content())

    found = re.findall(r"<li>([^<]*)</li>", page(response))
    told_of = {text.split(" · ")[0]: text for text in found if "!" in text}
    assert len(planted) == 12
    assert told_of.keys() == planted.keys()
    for address, sentence in planted.items():
        assert sentence in told_of[address].replace("&#x27;", "'"), address
    assert "There are 12 problems in the file" in page(response)
    assert 'form="confirm"' not in page(response)
    assert not factories.working(report).values.exists()


def test_with_an_error_nothing_is_applied_even_when_it_is_sent(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    filled.put("i10", "value", 22)
    shown = send(client, report, filled.content())
    fields = Fields(shown.content.decode(), "confirm").data
    fields |= {"i11-value": "250", "i11-row_version": "0", "at-i11": "criteria!40"}

    response = client.post(reverse("reports:workbook_upload", args=[report.pk]), fields)

    assert "between 0 and 100" in page(response)
    assert not factories.working(report).values.exists()


@pytest.mark.parametrize(("cell", "sentence"), [("=1+1", "formula"), ("#DIV/0!", "error of Excel")])
def test_a_formula_is_refused_with_its_cell(
    client: Client, report: QuarterlyReport, editor: User, cell: str, sentence: str
) -> None:
    filled = download(client, report)
    target = filled.cell("i10", "note")
    target.value = cell
    assert target.data_type in ("f", "e")

    response = send(client, report, filled.content())

    assert filled.address("i10", "note") in page(response)
    assert sentence in page(response)


def test_something_beside_the_cells_to_fill_in_is_not_lost_silently(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    sheet = filled.book[str(Section.RESULTS.label)]
    below = sheet.max_row + 3
    sheet[f"C{below}"] = "Viết nhầm chỗ"
    filled.put("i19", "numerator", 5)

    text = page(send(client, report, filled.content()))

    assert f"{sheet.title}!C{below}" in text
    assert filled.address("i19", "numerator") in text
    assert text.count("Nothing is asked for in this cell.") == 2


# Two people


def test_a_row_somebody_changed_meanwhile_is_shown_with_both_and_needs_a_choice(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    write(report, editor, "10", value=Decimal(20))
    filled = download(client, report)
    other = factories.make_user(full_name="Trần Thị Khác")
    other.assignments.create(duty="editor", province=report.commune.province, since=date(2009, 1, 1))
    write(report, other, "10", 1, value=Decimal(21))
    write(report, other, "11", value=Decimal(9))
    filled.put("i10", "value", 22)

    shown = send(client, report, filled.content())

    text = words(shown)
    assert "1 row was changed by somebody else meanwhile" in text
    assert "Trần Thị Khác, 10/01/2015" in text
    assert "21 million" in text
    assert "22 million" in text
    assert "i11" not in page(shown)  # untouched in the file, so it stays as the other one wrote it

    again = confirm(client, report, shown)

    assert "choose which one should stay" in words(again)
    assert value(report, "10").value == 21

    answer = confirm(client, report, again, i10="file")

    assert answer.status_code == 302
    assert value(report, "10").value == 22
    assert value(report, "11").value == 9
    assert [change.value for change in ValueChange.objects.filter(row=value(report, "10"))] == [20, 21, 22]


def test_keeping_theirs_leaves_the_row_and_saves_the_rest(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    write(report, editor, "10", value=Decimal(21))
    filled.put("i10", "value", 22)
    filled.put("i11", "value", 8)

    shown = send(client, report, filled.content())
    answer = confirm(client, report, shown, i10="theirs")

    assert answer.status_code == 302
    assert value(report, "10").value == 21
    assert value(report, "11").value == 8
    # Whichever stays, the other one is in the history.
    assert [change.value for change in ValueChange.objects.filter(row=value(report, "10"))] == [21, 22, 21]
    assert "1 row is saved from the file." in page(client.get(answer.headers["Location"]))


def test_what_was_chosen_stays_chosen_until_all_is_chosen(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    write(report, editor, "10", value=Decimal(21))
    write(report, editor, "11", value=Decimal(9))
    filled.put("i10", "value", 22)
    filled.put("i11", "value", 8)
    shown = send(client, report, filled.content())

    again = confirm(client, report, shown, i10="theirs")

    assert re.search(r'id="choice-i10-theirs"\s+value="theirs"\s+checked', page(again))
    assert value(report, "10").value == 21

    confirm(client, report, again, i10="theirs", i11="file")

    assert value(report, "10").value == 21
    assert value(report, "11").value == 8


def test_a_change_between_preview_and_confirmation_leaves_everything_out(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    filled = download(client, report)
    filled.put("i10", "value", 22)
    filled.put("i11", "value", 8)
    shown = send(client, report, filled.content())
    write(report, editor, "11", value=Decimal(7))

    again = confirm(client, report, shown)

    assert "Somebody changed rows of the file meanwhile" in words(again)
    assert not IndicatorValue.objects.filter(indicator__code="10", version=factories.working(report)).exists()
    assert value(report, "11").value == 7

    write(report, editor, "11", 1, value=Decimal(6))
    third = confirm(client, report, again, i11="file")

    assert "Somebody changed rows of the file meanwhile" in words(third)
    assert value(report, "11").value == 6

    confirm(client, report, third, i11="file")

    assert value(report, "11").value == 8
    assert value(report, "10").value == 22


def test_a_change_at_the_very_moment_of_saving_leaves_everything_out(
    client: Client, report: QuarterlyReport, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reports.views import workbook

    filled = download(client, report)
    filled.put("i10", "value", 22)
    filled.put("i11", "value", 8)
    shown = send(client, report, filled.content())
    save = workbook.apply

    def save_too_late(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(workbook, "apply", save)
        write(report, editor, "11", value=Decimal(7))
        return save(*args, **kwargs)

    monkeypatch.setattr(workbook, "apply", save_too_late)
    again = confirm(client, report, shown)

    assert "Somebody changed rows of the file meanwhile" in words(again)
    assert not IndicatorValue.objects.filter(indicator__code="10", version=factories.working(report)).exists()
    assert value(report, "11").value == 7


def test_nothing_is_saved_into_a_report_that_was_sent_meanwhile(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    factories.fill_in(report, editor)
    filled = download(client, report)
    filled.put("i10", "value", 40)
    shown = send(client, report, filled.content())
    factories.submit(report, factories.signer_of(report.commune))

    response = confirm(client, report, shown)

    assert response.status_code == 403
    assert value(report, "10").value != 40


def test_nothing_is_saved_into_the_next_version(client: Client, report: QuarterlyReport, editor: User) -> None:
    factories.fill_in(report, editor)
    filled = download(client, report)
    filled.put("i10", "value", 40)
    shown = send(client, report, filled.content())
    factories.submit(report, factories.signer_of(report.commune))
    reviewer = factories.reviewer_of(report.commune)
    factories.take_up(report, reviewer)
    factories.give_back(report, reviewer)

    response = confirm(client, report, shown)

    assert response.status_code == 302
    assert "Another version is in work now" in page(client.get(response.headers["Location"]))
    assert value(report, "10").value != 40


def test_a_template_with_a_thousand_lines_is_still_read(client: Client, report: QuarterlyReport, editor: User) -> None:
    writes = [factories.a_line(f"Dòng {n}", key=f"{n:016x}") for n in range(400)]
    entry.save_rows(factories.working(report), lines=writes, by=editor)
    filled = download(client, report)
    filled.put(f"l{399:016x}", "text", "Sửa")

    shown = send(client, report, filled.content())

    assert "Save 1 row" in words(shown)


def test_the_file_is_an_attachment_with_a_name_that_says_what_it_is(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    response = client.get(reverse("reports:workbook", args=[report.pk]))

    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''H%E1%BA%A3i%20")
    assert "no-store" in response.headers["Cache-Control"]
    assert openpyxl.load_workbook(io.BytesIO(response.content)).sheetnames[0] == "How to"
    assert isinstance(Filled(response.content), Filled)
