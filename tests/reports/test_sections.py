"""What do the sections of a version say, when are they complete, and what in them is hard to believe?"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from reports import entry, workflow
from reports.models import QuarterlyReport, ReportVersion, ResourceEntry, Section, SectionLine, Source
from reports.sections import (
    FORMS,
    SectionSheet,
    filled_sections,
    line_words,
    read_sections,
    resource_words,
    say_line,
    say_resources,
    section_gap,
)
from tests import factories

pytestmark = pytest.mark.usefixtures("_in_january", "english")


def sheet_of(version: ReportVersion, section: Section, **kwargs: Any) -> SectionSheet:
    return next(sheet for sheet in read_sections(version, **kwargs) if sheet.form.section == section)


def resources(**by_source: dict[str, int]) -> SectionSheet:
    """A sheet of resources with these amounts, not stored."""
    entries = {Source[name].value: amounts for name, amounts in by_source.items()}
    return SectionSheet(
        FORMS[Section.RESOURCES],
        resources={
            source: ResourceEntry(source=source, **{name: Decimal(n) for name, n in amounts.items()})
            for source, amounts in entries.items()
        },
    )


# The table of sections


@pytest.mark.parametrize("section", Section)
def test_every_section_has_a_form_whose_columns_can_be_stored(section: Section) -> None:
    form = FORMS[section]
    names = [column.name for column in form.columns]

    assert set(names) <= set(SectionLine.CONTENT)
    assert len(names) == len(set(names))
    assert ("kind" in names) == bool(form.kinds)
    # A number is never without the column for its unit.
    assert ("unit" in names) == bool({"quantity", "quantity_before"} & set(names))
    assert section == Section.RESOURCES or any(column.required for column in form.columns)


# In words


def test_a_line_is_said_column_by_column_with_its_unit() -> None:
    line = SectionLine(
        kind="training", text="Lớp nghề", day=date(2014, 11, 3), quantity=Decimal("1250"), unit="người", number=""
    )

    said = dict(say_line(line, FORMS[Section.STEERING]))

    assert said["Kind"] == "Training"
    assert said["Date"] == "03/11/2014"
    assert said["Quantity"] == "1,250\N{NO-BREAK SPACE}người"
    assert said["Document number"] == ""
    assert "Counted in" not in said


def test_land_is_said_in_square_metres_and_money_in_million_dong() -> None:
    row = ResourceEntry(planned=Decimal(1250))

    assert ("Planned for the year", "1,250\N{NO-BREAK SPACE}m²") in say_resources(row, Source.PEOPLE_LAND)
    assert ("Planned for the year", "1,250\N{NO-BREAK SPACE}million dong") in say_resources(row, Source.CREDIT)


@pytest.mark.django_db
def test_lines_are_read_under_the_headings_of_their_kinds_in_the_order_of_the_form() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    for kind, text in (("living", "Nước sạch"), ("production", "Lúa"), ("living", "Đường sạch")):
        factories.write_line(report, text, editor, Section.IMPACT, kind=kind)

    headings = sheet_of(factories.working(report), Section.IMPACT).headings

    found = [(heading, [said.text for said in lines]) for heading, lines in headings]
    assert found == [("Production", ["Lúa"]), ("Living conditions", ["Nước sạch", "Đường sạch"])]


# Complete or not


@pytest.mark.django_db
def test_a_section_is_complete_with_a_line_an_amount_or_the_word_that_there_is_nothing() -> None:
    report = factories.make_report()
    editor, version = factories.editor_of(report.commune), factories.working(report)
    assert filled_sections(version) == set()

    factories.write_line(report, "Xong đường", editor, Section.RESULTS)
    amount = entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal(5)})
    entry.save_rows(version, lines=entry.nothing_to_report(Section.TASKS), resources=[amount], by=editor)

    expected = {Section.RESULTS, Section.RESOURCES, Section.TASKS}
    assert filled_sections(version) == expected
    assert {sheet.code for sheet in read_sections(version) if sheet.is_filled} == expected
    assert section_gap(Section.IMPACT).sentence.startswith("Impact: write at least one line")


@pytest.mark.django_db
def test_a_section_whose_only_line_was_removed_is_not_complete_and_remembers_it() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.write_line(report, "Xong đường", editor, Section.RESULTS, key="road")
    removed = {"text": "Xong đường", "removed": True}
    write = entry.Write(entry.LineOf(Section.RESULTS, "road"), 1, removed)
    entry.save_rows(factories.working(report), lines=[write], by=editor)

    sheet = sheet_of(factories.working(report), Section.RESULTS)

    assert not sheet.is_filled
    assert [line.text for line in sheet.removed] == ["Xong đường"]


@pytest.mark.django_db
def test_content_outweighs_the_word_that_there_is_nothing() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    entry.save_rows(factories.working(report), lines=entry.nothing_to_report(Section.RESULTS), by=editor)
    factories.write_line(report, "Xong đường", editor, Section.RESULTS)

    sheet = sheet_of(factories.working(report), Section.RESULTS)

    assert sheet.nothing is not None
    assert not sheet.says_nothing


# Sums


def test_sums_are_made_by_block_and_never_with_land() -> None:
    sheet = resources(
        PROVINCE={"planned": 100},
        COMMUNE={"planned": 20, "disbursed": 0},
        PEOPLE_CASH={"planned": 7},
        PEOPLE_LAND={"planned": 9000},
        CREDIT={"planned": 500},
    )

    planned = {name: dict(amounts)["Planned for the year"] for name, amounts in sheet.sums}
    assert planned == {
        "State budget together": Decimal(120),
        "People together, without land": Decimal(7),
        "All money together": Decimal(627),
    }
    assert sheet.total("planned") == Decimal(627)
    assert sheet.total("disbursed") == 0
    assert sheet.total("mobilised") is None


# Hard to believe


def test_amounts_that_agree_are_not_questioned() -> None:
    row = ResourceEntry(mobilised=Decimal(40), cumulative=Decimal(100), disbursed=Decimal(100))

    assert resource_words(row, None, Source.CREDIT) == []


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ({"mobilised": 101, "cumulative": 100}, "101 million dong this quarter is more than"),
        ({"disbursed": 101, "cumulative": 100}, "101 million dong disbursed is more than"),
        ({"mobilised": 101, "disbursed": 101}, ""),
        ({"mobilised": 100, "planned": 1}, ""),
    ],
)
def test_amounts_that_contradict_one_another_are_questioned(amounts: dict[str, int], said: str) -> None:
    row = ResourceEntry(**{name: Decimal(amount) for name, amount in amounts.items()})

    words = [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in resource_words(row, None, Source.CREDIT)]

    assert [sentence[: len(said)] for sentence in words] == ([said] if said else [])


@pytest.mark.parametrize(("day", "is_questioned"), [("2014-10-01", False), ("2014-12-31", False), ("2015-01-01", True)])
@pytest.mark.django_db
def test_a_day_outside_the_quarter_is_questioned(day: str, is_questioned: bool) -> None:
    line = SectionLine(day=date.fromisoformat(day))

    assert bool(line_words(line, factories.period("2014-4"))) is is_questioned


def accepted_with(report: QuarterlyReport, cumulative: int) -> None:
    """Accept the report with this amount of the province."""
    editor, reviewer = factories.editor_of(report.commune), factories.reviewer_of(report.commune)
    write = entry.Write(entry.ResourceOf(Source.PROVINCE), 0, {"cumulative": Decimal(cumulative)})
    entry.save_rows(factories.working(report), resources=[write], by=editor)
    factories.fill_in(report, editor)
    factories.submit(report, factories.signer_of(report.commune))
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)


@pytest.mark.django_db
def test_resources_stand_beside_the_last_accepted_quarter_of_the_same_year_and_commune() -> None:
    accepted_with(factories.make_report(quarter="2014-1"), 100)
    accepted_with(factories.make_report(quarter="2014-2"), 250)
    accepted_with(factories.make_report("Gia Phố", "2014-3"), 999)
    version = factories.working(factories.make_report(quarter="2014-4"))

    sheet = sheet_of(version, Section.RESOURCES, with_accepted=True)

    assert {source: row.cumulative for source, row in sheet.accepted.items()} == {"province": Decimal(250)}
    assert sheet.resources == {}
    assert sheet_of(version, Section.RESOURCES).accepted == {}


@pytest.mark.django_db
def test_a_correction_takes_over_lines_and_amounts_but_not_what_was_removed() -> None:
    report = factories.make_report(quarter="2014-1")
    editor = factories.editor_of(report.commune)
    factories.write_line(report, "Bỏ đi", editor, Section.RESULTS, key="gone")
    factories.write_line(report, "Giữ lại", editor, Section.RESULTS, key="kept")
    gone = entry.Write(entry.LineOf(Section.RESULTS, "gone"), 1, {"text": "Bỏ đi", "removed": True})
    entry.save_rows(factories.working(report), lines=[gone], by=editor)
    accepted_with(report, 70)
    reason = workflow.StepData(reason="Sửa số liệu.")
    workflow.take_step(factories.official(report), "open_correction", by=factories.make_lead(), data=reason)

    draft = factories.working(report)

    results = sheet_of(draft, Section.RESULTS)
    assert ([line.text for line in results.lines], results.removed) == (["Giữ lại"], [])
    assert sheet_of(draft, Section.RESOURCES).total("cumulative") == Decimal(70)


def test_labels_follow_the_reader() -> None:
    line = SectionLine(kind="objective", text="Hạn", detail="Không mưa")

    with translation.override("vi"):
        said = dict(say_line(line, FORMS[Section.DIFFICULTIES]))

    assert said["Nguyên nhân"] == "Khách quan"
