"""What is published of a quarter stays as it was published, and only what has changed makes a further issue."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from communes.models import Commune, Duty, Membership, Province, User
from ntm_tracker import clock
from reports import entry, summaries, workflow
from reports.figure_changes import Changed, differences, number_of
from reports.figures import CellFigures, CommuneFigures, Figures, TargetFigures, figures_of
from reports.models import (
    CriterionVerdict,
    QuarterlyReport,
    Summary,
    SummaryCell,
    SummaryCommune,
    SummaryTarget,
)
from reports.standing import Count, Quarter, standing
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

MET, NOT_MET, NO_DATA = "met", "not_met", "no_data"


def accept_on(day: str, commune: str, quarter: str, **filling: Any) -> QuarterlyReport:
    with clock.at(moment(day)):
        return factories.make_accepted(commune, quarter, **filling)


def publish(quarter: str = "2014-4", note: str = "", by: User | None = None, **shown: str | None) -> Summary:
    lead = by or User.objects.filter(assignments__duty=Duty.LEAD).first() or factories.make_lead()
    return summaries.publish(factories.programme(), factories.period(quarter), note=note, by=lead, **shown)


def figures_now(quarter: str = "2014-4") -> Figures:
    return figures_of(standing(factories.programme(), factories.period(quarter), clock.today()))


def figures_in(summary: Summary) -> Figures:
    return summaries.read(summaries.issues("pilot-11"))[summary.pk]


def correct(report: QuarterlyReport, **filling: Any) -> None:
    """Open a correction of the accepted version and see it through."""
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    why = StepData(reason="Nhập nhầm.")
    workflow.take_step(factories.official(report), "open_correction", by=signer, data=why)
    factories.fill_in(report, signer, **filling)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)


@pytest.fixture
def report() -> Iterator[QuarterlyReport]:
    """Thanh Chăn with a gain, a loss and a fragile criterion; Gia Phố known from the quarter before only."""
    accept_on("2014-10-04", "Thanh Chăn", "2014-3", verdicts={10: NOT_MET})
    accept_on("2014-10-04", "Gia Phố", "2014-3", verdicts={5: NO_DATA})
    with clock.at(moment("2015-01-04")):
        report = factories.make_in_review("Thanh Chăn", "2014-4", verdicts={12: NOT_MET})
        version = factories.working(report)
        assert version.holder is not None
        row = CriterionVerdict.objects.get(version=version, criterion__number=10)
        content = {"verified": MET, "verified_reason": "", "fragile": True, "fragile_reason": "Sát mức chuẩn"}
        entry.save_review(version, [entry.Write(row.criterion, row.row_version, content)], by=version.holder)
        factories.accept(report, version.holder)
    with clock.at(moment("2015-01-08", "15:00")):
        yield report


def test_an_issue_says_exactly_what_stood_on_its_day(report: QuarterlyReport) -> None:
    summary = publish()

    said = figures_in(summary)

    assert said == figures_now()
    assert (summary.issue, summary.as_of, str(summary)) == (1, date(2015, 1, 8), "Summary of quarter IV/2014, issue 1")
    by_name = {row.name: row for row in said.communes}
    assert len(said.communes) == 11
    mine, late = by_name["Thanh Chăn"], by_name["Gia Phố"]
    assert mine.cells[10] == CellFigures(MET, "", "gained", None, True, "Sát mức chuẩn")
    assert mine.cells[12][:4] == (NOT_MET, "", "lost", Quarter(2014, 4))
    assert (mine.counts.met, mine.is_reported, mine.version) == (18, True, factories.official(report).pk)
    assert (late.is_reported, late.known_from, late.cells[5].last_known) == (False, Quarter(2014, 3), NO_DATA)
    assert by_name["Hải Đường"].version is None
    assert [target.communes for target in said.targets] == [11, 11]


def test_an_issue_stays_as_it_was_published_whatever_is_accepted_or_renamed_later(report: QuarterlyReport) -> None:
    first = publish()
    said = figures_in(first)
    with clock.at(moment("2015-01-12")):
        correct(report)
        Commune.objects.filter(pk=report.commune_id).update(name="Thanh Chấn")
        assert figures_now() != said
        second = publish(note="Đính chính.")

    assert figures_in(first) == said
    changed = {row.name: row for row in figures_in(second).communes}["Thanh Chấn"]
    assert (changed.number, changed.cells[12].verdict) == (2, MET)
    assert [(issue.summary.issue, issue.communes) for issue in summaries.issues("pilot-11", "2014-4")] == [
        (2, 11),
        (1, 11),
    ]


def test_what_changed_is_told_by_commune_and_criterion(report: QuarterlyReport) -> None:
    publish()
    with clock.at(moment("2015-01-12")):
        correct(report, verdicts={5: NO_DATA})
        found = summaries.prospect(factories.programme(), "2014-4")

    assert found is not None
    assert found.changes == [
        Changed(
            "Thanh Chăn",
            [
                "Report: version 1 → version 2",
                "5 Schools: met → no data",
                "10 Income: another reason",
                "12 Labour: not met → met",
            ],
        )
    ]
    assert (found.issue, number_of(found.changes), found.obstacle) == (2, 4, "")


def test_nothing_is_published_twice_and_a_later_issue_says_what_changed(report: QuarterlyReport) -> None:
    publish()
    with pytest.raises(Refused, match="Nothing has changed since issue 1"):
        publish(note="Lần nữa.")
    correct(report)
    with pytest.raises(Refused, match="what changed since the issue before"):
        publish(note="  ")

    assert publish(note="Đính chính.").issue == 2
    assert publish("2014-3").issue == 1


def test_a_correction_in_work_is_noted_but_is_no_change(report: QuarterlyReport) -> None:
    publish()
    why = StepData(reason="Nhập nhầm.")
    workflow.take_step(factories.official(report), "open_correction", by=factories.signer_of(report.commune), data=why)

    Commune.objects.filter(name="Hải Đường").update(name="Tên Mới")

    with pytest.raises(Refused, match="Nothing has changed"):
        publish(note="Đang đính chính.")
    programme, period = factories.programme(), factories.period("2014-4")
    told = summaries.published(programme, standing(programme, period, clock.today()))
    assert told is not None
    assert not told.is_changed
    accept_on("2015-01-08", "Gia Phố", "2014-4")
    said = figures_in(publish(note="Thêm một xã."))
    assert [row.name for row in said.communes if row.is_being_corrected] == ["Thanh Chăn"]
    assert said == figures_now()


@pytest.mark.parametrize("quarter", ["2013-1", "2014-2"])
def test_without_an_accepted_report_there_is_nothing_to_publish(quarter: str) -> None:
    factories.make_report("Gia Phố", "2014-2")

    with clock.at(moment("2015-01-08")), pytest.raises(Refused, match="nothing to publish"):
        publish(quarter)
    assert not Summary.objects.exists()


def test_only_a_lead_for_the_whole_country_publishes(report: QuarterlyReport) -> None:
    others = [
        factories.reviewer_of(report.commune),
        factories.signer_of(report.commune),
        factories.central_member_of(report.commune),
        factories.make_administrator(),
        factories.make_user(Duty.LEAD, report.commune.province),
    ]
    for user in others:
        with pytest.raises(NotAllowed, match="Only a ministry lead"):
            publish(by=user)

    assert not Summary.objects.exists()


def test_what_is_published_is_what_was_shown(report: QuarterlyReport) -> None:
    found = summaries.prospect(factories.programme(), "2014-4")
    assert found is not None
    accept_on("2015-01-08", "Gia Phố", "2014-4")
    with pytest.raises(Refused, match="what is published must be what was shown"):
        publish(shown=found.digest)
    assert not Summary.objects.exists()

    found = summaries.prospect(factories.programme(), "2014-4")
    assert found is not None
    with clock.at(moment("2015-01-09", "00:00:01")), pytest.raises(Refused, match="what was shown"):
        publish(shown=found.digest)
    assert publish(shown=found.digest).issue == 1
    with pytest.raises(Refused, match="Nothing has changed"):
        publish(shown=found.digest, note="Người thứ hai cùng lúc.")


def test_an_issue_is_written_once(report: QuarterlyReport) -> None:
    summary = publish()
    rows = [summary, SummaryTarget.objects.first(), SummaryCommune.objects.first(), SummaryCell.objects.first()]

    for row in rows:
        assert row is not None
        with pytest.raises(ValidationError):
            row.save()
        with pytest.raises(ValidationError):
            row.delete()
        for write in (lambda: type(row).objects.all().delete(), lambda: type(row).objects.update(pk=row.pk)):  # noqa: B023
            with pytest.raises(ValidationError):
                write()
    models = {type(row) for row in rows}
    assert not models & set(admin.site._registry)
    assert not factories.make_administrator().get_group_permissions() & {
        f"reports.{permission.codename}"
        for permission in Permission.objects.filter(content_type__model__startswith="summary")
    }


def test_boards_find_the_issue_of_the_day_and_say_whether_they_show_something_else(report: QuarterlyReport) -> None:
    def found(day: str, **asked: Any) -> tuple[int, bool] | None:
        programme = factories.programme()
        shown = standing(programme, factories.period("2014-4"), date.fromisoformat(day), **asked.pop("options", {}))
        with CaptureQueriesContext(connection) as captured:
            told = summaries.published(programme, shown, **asked)
        assert len(captured) == 1
        return (told.summary.issue, told.is_changed) if told else None

    assert found("2015-01-08") is None
    publish()
    with clock.at(moment("2015-01-12")):
        correct(report)
    with clock.at(moment("2015-01-14")):
        publish(note="Đính chính.")
    factories.make_submitted("Gia Phố", "2014-4")

    assert [found(f"2015-01-{day:02}") for day in (7, 8, 11, 12, 13, 14)] == [
        *(None, (1, False), (1, False)),
        *((1, True), (1, True), (2, False)),
    ]
    assert found("2015-01-12", options={"seen_by": factories.make_lead()}) == (1, False), "provisional: not compared"


def test_a_page_about_some_communes_compares_only_these(report: QuarterlyReport) -> None:
    programme, period = factories.programme(), factories.period("2014-4")
    publish()
    correct(report)
    members = summaries.load_history(programme, clock.today()).members

    def is_changed(*names: str) -> bool:
        only = [factories.commune(name).pk for name in names]
        history = summaries.load_history(
            programme, clock.today(), members=[member for member in members if member.commune.pk in only]
        )
        told = summaries.published(programme, summaries.stand(history, period), only=only)
        assert told is not None
        return told.is_changed

    assert not is_changed("Gia Phố", "Hải Đường")
    assert is_changed("Gia Phố", "Thanh Chăn")


def test_a_commune_that_joins_later_is_a_change_of_the_quarter_it_belongs_to(report: QuarterlyReport) -> None:
    publish()
    province = Province.objects.get(name="Nam Định")
    new = Commune.objects.create(code="99999", name="Xã Mới", district="Hải Hậu", province=province)
    Membership.objects.create(programme=factories.programme(), commune=new, since=date(2014, 12, 1), source="Thử")

    found = summaries.prospect(factories.programme(), "2014-4")

    assert found is not None
    assert Changed("Xã Mới", ["a member now"]) in found.changes
    told = summaries.published(factories.programme(), found.standing, only=[new.pk])
    assert told is not None
    assert told.is_changed, "the issue says nothing of it"


# What changed, on plain values


def a_commune(number: int = 1, **fields: Any) -> CommuneFigures:
    cells = {10: CellFigures(MET, "", "", None, False, "")}
    known = CommuneFigures(1, "Xã", "Tỉnh", 5, 7, number, True, False, Quarter(2014, 4), "complete", Count(1), cells)
    return known._replace(**fields)


def a_cell(**fields: Any) -> CommuneFigures:
    cell = CellFigures(MET, "", "", None, False, "")
    return a_commune(cells={10: cell._replace(**fields)})


@pytest.mark.parametrize(
    ("now", "lines"),
    [
        (a_commune(), []),
        (a_commune(name="Xã khác", province="Tỉnh khác", is_being_corrected=True), []),
        (a_cell(verdict=NOT_MET, mark="lost", reason="Hỏng"), ["10 Income: met → not met"]),
        (a_cell(fragile=True, reason="Sát"), ["10 Income: now fragile"]),
        (a_cell(verdict="basic", fragile=True), ["10 Income: met → basically met", "10 Income: now fragile"]),
        (a_cell(reason="Khác"), ["10 Income: another reason"]),
        (a_cell(mark="regained"), ["10 Income: as before → regained"]),
        (a_cell(lost_in=Quarter(2014, 1)), ["10 Income: as before → lost in quarter I/2014, not regained"]),
        (a_commune(cells={}), ["10 Income: no longer asked for"]),
        (a_commune(2), ["Report: version 1 → version 2"]),
        (
            a_commune(is_reported=False, known_from=Quarter(2014, 3)),
            ["Report: version 1 → not reported, by quarter III/2014, version 1"],
        ),
        (a_commune(version=None), ["Report: version 1 → never reported"]),
    ],
)
def test_every_difference_has_its_sentence(now: CommuneFigures, lines: list[str]) -> None:
    criteria = {criterion.number: criterion for criterion in factories.period("2014-4").criteria_set.criteria.all()}

    found = differences(Figures({}, [a_commune()], []), Figures({}, [now], []), criteria)

    assert [line for changed in found for line in changed.lines] == lines


def test_a_target_whose_day_has_passed_has_changed() -> None:
    then = TargetFigures(date(2014, 12, 31), 11, "open", 8, 1, 1, 1)

    found = differences(Figures({}, [], [then]), Figures({}, [], [then._replace(verdict="missed", unknown=0)]), {})

    assert found == [Changed("Target of 31/12/2014", ["without figures: 1 → 0; verdict: open → missed"])]
    assert differences(Figures({}, [], []), Figures({}, [], [then]), {})[0].lines == ["stated since"]
    assert differences(Figures({}, [], [then]), Figures({}, [], []), {})[0].lines == ["no longer stated"]


@pytest.mark.parametrize(("verdict", "lines"), [(MET, ["10: no longer fragile"]), (NOT_MET, ["10: met → not met"])])
def test_what_is_no_longer_met_is_not_called_sustainable(verdict: str, lines: list[str]) -> None:
    then, now = Figures({}, [a_cell(fragile=True)], []), Figures({}, [a_cell(verdict=verdict)], [])

    assert differences(then, now, {})[0].lines == lines


def test_a_commune_that_left_is_named_with_its_count_where_it_moved() -> None:
    gone = a_commune(commune=2, name="Cũ")
    now = a_commune(counts=Count(2), cells={10: CellFigures(NOT_MET, "", "", None, False, "")})

    found = differences(Figures({}, [a_commune(), gone], []), Figures({}, [now], []), {})

    assert found == [
        Changed("Xã", ["10: met → not met"], "1 → 2 criteria met"),
        Changed("Cũ", ["no longer a member"]),
    ]


def test_reading_and_writing_take_the_same_queries_however_much_there_is(report: QuarterlyReport) -> None:
    programme = factories.programme()
    factories.make_lead()

    def queries(what: Any) -> int:
        """SQLite takes the rows of an issue in several parts."""
        with CaptureQueriesContext(connection) as captured:
            what()
        return len([query for query in captured if not query["sql"].startswith('INSERT INTO "reports_summarycell"')])

    def counts() -> list[int]:
        all_issues = summaries.issues("pilot-11")
        return [
            queries(lambda: summaries.issues("pilot-11")),
            queries(lambda: summaries.read(all_issues)),
            queries(lambda: summaries.prospects(programme, all_issues)),
            queries(lambda: summaries.prospect(programme, "2014-4")),
        ]

    few = [queries(publish), *counts()]
    province = Province.objects.get(name="Nam Định")
    for number in range(20):
        commune = Commune.objects.create(code=f"9{number:04}", name=f"Xã {number}", district="", province=province)
        Membership.objects.create(programme=programme, commune=commune, since=date(2009, 1, 1), source="Thử")
    many = [queries(lambda: publish("2014-3")), *counts()]

    assert few[1:] == many[1:] == [1, 1, 6, 7]
    assert few[0] == many[0]
    assert {len(figures.communes) for figures in summaries.read(summaries.issues("pilot-11")).values()} == {11, 31}
