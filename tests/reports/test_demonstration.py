"""Does the demonstration tell what the published facts say, and every case a reader should see?"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from communes.models import Duty, Programme, User
from ntm_tracker import clock
from reports import demonstration, summaries
from reports.changes import read_beside
from reports.checks import soft_checks
from reports.forms.compliance import BoardFilter
from reports.judging import read_sheet
from reports.lateness import Share
from reports.models import (
    CriterionVerdict,
    IndicatorValue,
    Period,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ResourceEntry,
    ReviewLimits,
    Section,
    SectionLine,
    Source,
    State,
)
from reports.queue import HEADINGS, Part, in_order, piles
from reports.readiness import read_all
from reports.sections import filled_sections, resource_words
from reports.views.compliance import Board
from reports.views.detail import open_items, version_at_hand
from reports.views.parts import parts_of
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def history(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The whole demonstration, loaded once and taken back after the module."""
    from django.db import connection, transaction

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with transaction.atomic():
            call_command("load_reference", verbosity=0)
            demonstration.load()
            yield
            transaction.set_rollback(True)
        connection.close()


def counts(quarter: str, *verdicts: str) -> dict[str, int]:
    """By commune: how many criteria carry one of these verified verdicts in the official version."""
    year, number = quarter.split("-")
    rows = CriterionVerdict.objects.filter(
        version__state=State.ACCEPTED, version__report__period__year=year, version__report__period__quarter=number
    ).values_list("version__report__commune__name", "verified")
    result: dict[str, int] = {}
    for commune, verified in rows:
        result[commune] = result.get(commune, 0) + (verified in verdicts)
    return result


def test_four_communes_had_met_18_of_19_at_the_end_of_2011() -> None:
    met = counts("2011-4", "met")

    assert sorted(met.values(), reverse=True)[:5].count(18) == 4
    assert max(met.values()) == 18
    assert met["Hải Đường"] == 13


def test_nine_communes_were_basically_complete_when_the_letter_was_written() -> None:
    good = counts("2013-1", "met", "basic", "not_considered")

    assert {commune for commune, count in good.items() if count < 19} == {"Thanh Chăn", "Hải Đường"}


def test_communes_with_room_gained_two_to_six_criteria_by_the_first_quarter_of_2013() -> None:
    before, after = counts("2011-4", "met"), counts("2013-1", "met")

    gains = [after[commune] - before[commune] for commune in before if before[commune] < 18]
    assert len(gains) == 7
    assert all(2 <= gain <= 6 for gain in gains)


def test_my_long_nam_is_the_first_to_be_complete_at_the_end_of_2012() -> None:
    assert counts("2012-4", "met")["Mỹ Long Nam"] == 19
    assert counts("2012-3", "met")["Mỹ Long Nam"] < 19
    assert [commune for commune, met in counts("2012-4", "met").items() if met == 19] == ["Mỹ Long Nam"]


def test_the_target_of_2013_is_reached_and_that_of_2014_missed_because_of_thanh_chan() -> None:
    by_2013 = counts("2013-4", "met", "not_considered")
    assert {commune for commune, count in by_2013.items() if count < 19} == {"Thanh Chăn", "Hải Đường"}

    by_2014 = counts("2014-4", "met", "not_considered")
    assert {commune for commune, count in by_2014.items() if count < 19} == {"Thanh Chăn"}


def test_every_official_verdict_is_the_one_the_files_tell() -> None:
    letters = {verdict.value: letter for letter, verdict in demonstration.LETTERS.items()}
    told = {(row["commune"], int(row["criterion"])): row["verdicts"] for row in demonstration.rows("verdicts.csv")}
    periods = list(Period.objects.order_by("year", "quarter"))

    rows = CriterionVerdict.objects.filter(version__state=State.ACCEPTED).select_related(
        "version__report__commune", "version__report__period", "criterion"
    )
    seen = 0
    for row in rows:
        report = row.version.report
        expected = told.get((report.commune.code, row.criterion.number), "m" * 13)[periods.index(report.period)]
        assert letters[row.verified] == expected, (report, row.criterion)
        seen += 1
    assert seen == 138 * 19


def test_every_case_a_reader_should_see_is_there() -> None:
    reports = QuarterlyReport.objects.select_related("period").prefetch_related("extensions")
    newest = reports.filter(period__year=2014, period__quarter=4)

    assert sum(report.days_late > 0 for report in reports if report.first_submitted_at) >= 5
    assert ReportVersion.objects.filter(state=State.RETURNED).count() >= 5
    assert ReportVersion.objects.filter(state=State.SUPERSEDED, report__in_force__is_correction=True).exists()
    assert reports.filter(first_submitted_at=None, period__year=2012).exists()
    assert reports.filter(extensions__isnull=False).exists()
    assert CriterionVerdict.objects.filter(fragile=True).exists()
    assert CriterionVerdict.objects.filter(verified="no_data").exists()
    assert set(newest.filter(working__isnull=False).values_list("working__state", flat=True)) == {
        "draft",
        "submitted",
        "in_review",
    }
    assert newest.filter(working__is_correction=True, in_force__isnull=False).exists()
    assert newest.filter(first_submitted_at=None).count() == 1


def test_nothing_happens_after_the_day_the_demonstration_stands_on() -> None:
    from datetime import date

    last = ReportVersion.objects.exclude(submitted_at=None).order_by("-submitted_at")[0].submitted_at
    assert last is not None
    assert clock.local_date(last) <= date(2015, 1, 10)
    assert not QuarterlyReport.objects.filter(events__at__gt=clock.end_of_day(date(2015, 1, 10))).exists()


def test_each_province_has_one_signer_and_one_editor_and_every_duty_is_held() -> None:
    for duty in (Duty.SIGNER, Duty.EDITOR):
        provinces = User.objects.filter(assignments__duty=duty).values_list("assignments__province__code", flat=True)
        assert len(provinces) == len(set(provinces)) == 11
    assert set(User.objects.exclude(assignments=None).values_list("assignments__duty", flat=True)) == set(Duty.values)
    assert User.objects.filter(is_staff=True).count() == 1


def test_percentages_stay_within_bounds_and_agree_with_their_parts() -> None:
    percent = IndicatorValue.objects.filter(indicator__kind="percent", value__isnull=False)
    assert not percent.filter(Q(value__lt=0) | Q(value__gt=100)).exists()

    for row in percent.filter(numerator__isnull=False)[:200]:
        assert row.value is not None
        assert row.answer.exact is not None
        assert abs(Fraction(row.value) - Fraction(row.answer.exact)) < Fraction(1, 10**6)


def test_a_second_load_is_refused_quickly() -> None:
    with pytest.raises(demonstration.AlreadyLoaded):
        demonstration.load()


def test_the_command_is_refused_where_pages_are_not_labelled() -> None:
    with pytest.raises(CommandError, match="DEMO_TODAY"):
        call_command("load_demo")


def test_every_report_sent_has_its_sections_and_most_of_their_content_is_their_own() -> None:
    sent = ReportVersion.objects.exclude(submitted_at=None).filter(number=1)

    assert all(filled_sections(version) == set(Section.values) for version in sent[:30])
    lines = SectionLine.objects.filter(version__number=1).exclude(kind=SectionLine.NOTHING)
    assert lines.count() / sent.count() > 14
    texts = lines.values_list("text", flat=True)
    assert not any("{" in text or "  " in text for text in texts)


def test_amounts_since_the_start_of_the_year_are_the_sum_of_the_quarters() -> None:
    rows = ResourceEntry.objects.filter(version__state=State.ACCEPTED, version__report__period__year=2013)
    by_place: dict[tuple[int, str], list[ResourceEntry]] = {}
    for row in rows.select_related("version__report__period").order_by("version__report__period__quarter"):
        by_place.setdefault((row.version.report.commune_id, row.source), []).append(row)

    whole = [rows for rows in by_place.values() if len(rows) == 4]
    assert len(whole) > 100
    for quarters in whole:
        mobilised = [row.mobilised or 0 for row in quarters]
        assert [row.cumulative for row in quarters] == [sum(mobilised[: n + 1]) for n in range(4)]
        assert all(not resource_words(row, None, Source(row.source)) for row in quarters)


def test_an_open_report_has_parts_in_every_state() -> None:
    dinh_hoa = QuarterlyReport.objects.for_page().get(commune__name="Định Hòa", period__year=2014, period__quarter=4)
    hai_duong = QuarterlyReport.objects.for_page().get(commune__name="Hải Đường", period__year=2014, period__quarter=4)

    def states(report: QuarterlyReport) -> set[str]:
        version = version_at_hand(report)
        parts = parts_of(report, read_sheet(version), filled_sections(version), open_items(report))
        return {task.state for task in parts.tasks} | {section.state for section in parts.sections}

    assert states(dinh_hoa) == {"not_started", "in_progress", "complete"}
    assert states(hai_duong) == {"to_correct", "corrected", "complete"}


def test_what_stands_out_is_explained_in_some_reports_and_still_open_in_others() -> None:
    explained = set()
    for report in QuarterlyReport.objects.for_page().filter(period__year=2014, period__quarter__in=(1, 4)):
        version = report.working or report.in_force
        if version is None or not version.values.exists():
            continue
        version.report = report
        explained |= {check.is_explained for check in soft_checks(*read_beside(version))}

    assert explained == {True, False}
    marked = IndicatorValue.objects.exclude(same_as=None).select_related("same_as__report", "version__report")
    assert marked.count() > 100
    assert all(row.same_as and row.same_as.report.commune_id == row.version.report.commune_id for row in marked[:200])


@pytest.mark.parametrize("today", ["2015-01-10", "2015-01-14", "2015-02-20"])
def test_the_board_of_deadlines_says_what_the_rows_say_one_by_one(today: str) -> None:
    with clock.at(moment(today)):
        board = Board(BoardFilter(QueryDict("all=1")))
        shown = {row.commune.pk: row.cells for row in board.rows(board.communes)}
        quarters = board.quarters
        provinces = {line.code: line for line in board.provinces}

    day, counted = date.fromisoformat(today), Counter[tuple[object, ...]]()
    assert len(shown) == 11
    assert len(quarters) == 13
    for commune, cells in shown.items():
        for quarter, cell in zip(quarters, cells, strict=True):
            report = QuarterlyReport.objects.get(commune=commune, period=quarter.period)
            place = (quarter.period.pk, report.commune.province.code)
            due = quarter.period.due_on
            for extension in report.extensions.order_by("pk"):
                due = extension.new_due
            sent = report.first_submitted_at and timezone.localtime(report.first_submitted_at).date()
            assert cell is not None
            assert (cell.report, cell.due_on, cell.sent_on) == (report.pk, due, sent)
            assert cell.is_extended == (due != quarter.period.due_on)
            if sent is None:
                expected = ("missing", (day - due).days) if day > due else ("ahead", 0)
            else:
                expected = ("late", (sent - due).days) if sent > due else ("on_time", 0)
            assert (cell.kind, cell.days_late) == expected
            urges = [event.at for event in report.events.all() if event.action == "urge"]
            assert cell.urges == len(urges)
            assert cell.urged_on == (timezone.localtime(max(urges)).date() if urges else None)
            if day > due:
                counted["sent", "whole", *place] += 1
                counted["sent", "part", *place] += expected[0] == "on_time"
            counted["late", *place] += expected[0] == "late"
            counted["missing", *place] += expected[0] == "missing"
            answer_due = answered = None
            for version in report.versions.order_by("number"):
                if version.state == "discarded":
                    continue
                came = version.submitted_at and timezone.localtime(version.submitted_at).date()
                if version.based_on is not None and version.based_on.state == "returned":
                    answer_due, answered = version.based_on.respond_by, came
                    assert answer_due is not None
                    if day > answer_due:
                        counted["answered", "whole", *place] += 1
                        counted["answered", "part", *place] += came is not None and came <= answer_due
                if came is None:
                    continue
                steps = {"taken_up": ("take_up", "return", "accept"), "decided": ("return", "accept")}
                for name, days in (("taken_up", 3), ("decided", 10)):
                    moments = [event.at for event in version.events.all() if event.action in steps[name]]
                    done = timezone.localtime(min(moments)).date() if moments else None
                    in_days = done is not None and (done - came).days <= days
                    if done is not None or (day - came).days > days:
                        counted[name, "whole", *place] += 1
                        counted[name, "part", *place] += in_days
            waiting = answer_due is not None and answered is None
            assert cell.is_returned == waiting
            if answer_due is not None:
                assert cell.answer_days_late == max(0, ((answered or day) - answer_due).days)

    def total(*start: object, period: int = 0, province: str = "") -> int:
        return sum(
            n
            for key, n in counted.items()
            if key[: len(start)] == start and period in (0, key[-2]) and province in ("", key[-1])
        )

    for quarter in quarters:
        at = quarter.period.pk
        for name in ("sent", "answered", "taken_up", "decided"):
            share = getattr(quarter, name)
            assert share == Share(total(name, "part", period=at), total(name, "whole", period=at)), (name, quarter)
        assert (quarter.late, quarter.missing) == (total("late", period=at), total("missing", period=at))
    for code, line in provinces.items():
        assert line.sent == Share(total("sent", "part", province=code), total("sent", "whole", province=code))
        assert (line.late, line.missing) == (total("late", province=code), total("missing", province=code))
    assert board.whole.sent == Share(total("sent", "part"), total("sent", "whole"))
    assert total("late") > 5
    assert total("answered", "whole") > 5


def test_committees_were_urged_on_in_vietnamese_and_one_of_them_twice() -> None:
    notes = ReportEvent.objects.filter(action="urge").values_list("report__commune__name", "note")

    assert Counter(name for name, _note in notes) == {"Định Hòa": 2, "Hải Đường": 1}
    assert all("Đề nghị" in note or "đề nghị" in note for _name, note in notes)


def test_summaries_are_published_one_was_replaced_and_one_has_been_overtaken() -> None:
    programme = Programme.objects.get(code="pilot-11")
    issues = summaries.issues(programme.code)
    with clock.at(moment("2015-01-10")):
        found = {prospect.standing.period.code: prospect for prospect in summaries.prospects(programme, issues)}

    assert [(issue.summary.period.code, issue.summary.issue) for issue in issues] == [
        *(("2014-3", 1), ("2014-2", 1), ("2014-1", 1), ("2013-4", 1)),
        *(("2013-3", 1), ("2013-2", 2), ("2013-2", 1)),
    ]
    assert all(issue.summary.note for issue in issues if issue.summary.issue > 1)
    assert found["2014-4"].newest is None
    assert {code for code, prospect in found.items() if prospect.newest and not prospect.obstacle} == {"2014-2"}
    assert {changed.name for changed in found["2014-2"].changes} >= {"Gia Phố", "Định Hòa"}


def test_every_part_of_the_queue_has_a_report_and_some_are_ready_to_be_accepted() -> None:
    with clock.at(factories.moment("2015-01-10")):
        lead = User.objects.get(username="lanhdao")
        reports = in_order(QuarterlyReport.objects.reviewed_by(lead), User.objects.get(username="thamtra1"))
        counted = piles(reports)
        held = reports.in_work().with_quarter_before().filter(working__state=State.IN_REVIEW)
        ready = [found.is_ready for found in read_all(held).values()]
        over = [pile for pile in counted if pile.is_over(ReviewLimits(), clock.today())]

    assert {pile.part for pile in counted} == {heading.part for heading in HEADINGS}
    assert ready.count(True) >= 2
    assert False in ready
    assert {pile.part for pile in over} >= {Part.WAITING, Part.HELD}
