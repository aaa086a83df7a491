"""The parts of a report: how far each is, and the panel that says so beside every page of writing."""

import pytest
from django.template.loader import render_to_string

from reports import entry
from reports.judging import read_sheet
from reports.models import QuarterlyReport, ReviewItem
from reports.sections import filled_sections
from reports.views.parts import Parts, parts_of
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]


def parts(report: QuarterlyReport, here: str = "", others: tuple[str, ...] = ()) -> Parts:
    version = factories.working(report)
    items = list(ReviewItem.objects.filter(report=report, resolved_at__isnull=True))
    return parts_of(version.report, read_sheet(version), filled_sections(version), items, here, others)


def panel(report: QuarterlyReport, here: str = "", others: tuple[str, ...] = ()) -> str:
    text = render_to_string("reports/_parts.html", {"parts": parts(report, here, others)})
    return " ".join(text.split())


def states(report: QuarterlyReport) -> dict[int, str]:
    return {task.sheet.criterion.number: task.state for task in parts(report).tasks}


def returned() -> tuple[QuarterlyReport, ReviewItem]:
    """A report that came back with one item on criterion 11."""
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    version = factories.working(report)
    criterion = version.verdicts.get(criterion__number=11).criterion
    item = entry.raise_item(version, text="Ghi số hộ.", kind="must_fix", criterion=criterion, by=holder)
    factories.give_back(report, holder)
    return factories.reload(report), item


def test_nothing_of_a_new_report_is_started() -> None:
    found = parts(factories.make_report())

    assert {task.state for task in found.tasks} == {"not_started"}
    assert {group.state for group in found.groups} == {"not_started"}
    assert {section.state for section in found.sections} == {"not_started"}
    assert (found.done, found.total, found.sections_done, len(found.sections), found.share) == (0, 19, 0, 8, 0)


def test_a_criterion_is_in_progress_until_nothing_of_it_is_missing() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    version = factories.fill_in(report, editor)
    row = version.verdicts.get(criterion__number=10)
    entry.save_rows(version, [], [entry.Write(row.criterion, row.row_version, {"claimed": ""})], by=editor)

    found = parts(report)

    assert states(report) == dict.fromkeys(range(1, 20), "complete") | {10: "in_progress"}
    assert [(group.done, len(group.tasks), group.state) for group in found.groups][1:3] == [
        (8, 8, "complete"),
        (3, 4, "in_progress"),
    ]
    assert found.gaps == 1


def test_what_the_reviewer_asks_is_to_be_corrected_until_it_is_answered_and_done() -> None:
    report, item = returned()
    before, gaps = states(report), parts(report).gaps
    ReviewItem.objects.filter(pk=item.pk).update(reply="Đang hỏi xã.")
    half_way = states(report)
    ReviewItem.objects.filter(pk=item.pk).update(done=True)
    after = states(report)

    assert before[11] == half_way[11] == "to_correct"
    assert after[11] == "corrected"
    assert before[10] == after[10] == "complete"
    assert gaps == 2
    assert parts(report).gaps == 1


def test_a_corrected_criterion_with_a_gap_is_in_progress_again() -> None:
    report, item = returned()
    ReviewItem.objects.filter(pk=item.pk).update(reply="Đã sửa.", done=True)
    version = factories.working(report)
    row = version.verdicts.get(criterion__number=11)
    claim = entry.Write(row.criterion, row.row_version, {"claimed": ""})
    entry.save_rows(version, [], [claim], by=factories.editor_of(report.commune))

    assert states(report)[11] == "in_progress"


def test_a_section_is_complete_with_a_line_or_the_word_that_there_is_nothing() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.write_line(report, "Tập huấn 40 người.", by=editor)

    done = [section.code for section in parts(report).sections if section.state == "complete"]

    assert done == ["section:results"]


def test_the_panel_counts_and_marks_the_part_the_reader_is_on() -> None:
    report = factories.make_report()
    factories.fill_in(report, factories.editor_of(report.commune))

    text = panel(report, "II", others=("Phạm Quang Huy",))

    assert "19 of 19 criteria complete" in text
    assert text.count('aria-current="page"') == 1
    assert text.index('aria-current="page"') < text.index("II. ") < text.index("III. ")
    assert text.count('data-slot="here"') == 1
    assert "Also writing now: Phạm Quang Huy" in text
    assert "nothing missing" in text


def test_the_panel_marks_a_section_and_the_check() -> None:
    report = factories.make_report()

    assert panel(report, "section:impact").count('aria-current="page"') == 1
    assert panel(report, "check").count('aria-current="page"') == 1
    assert panel(report).count("aria-current") == 0


def test_what_a_saved_row_changes_in_the_panel_is_the_inside_of_its_slots() -> None:
    report = factories.make_report()
    factories.fill_in(report, factories.editor_of(report.commune))

    slots = parts(report, "III").slots()

    assert set(slots) == {"progress", "here", "gaps"}
    text = panel(report, "III")
    for name, inside in slots.items():
        assert f'data-slot="{name}">' in text
        assert " ".join(inside.split()) in text
