"""What can be accepted together with others, and what keeps a report from it."""

from collections.abc import Callable
from typing import Any

import pytest

from communes.models import User
from ntm_tracker import clock
from reports import entry, workflow
from reports.changes import Background, read_beside
from reports.judging import Sheet
from reports.models import QuarterlyReport, ReportVersion, State
from reports.readiness import Readiness, accept_if_ready, read_all, read_all_beside
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


def in_queue() -> list[QuarterlyReport]:
    """Every report in review, read as the queue reads it."""
    reports = QuarterlyReport.objects.in_work().with_quarter_before()
    return list(reports.filter(working__state=State.IN_REVIEW).order_by("pk"))


def readiness_of(report: QuarterlyReport) -> Readiness:
    found = [one for one in in_queue() if one.pk == report.pk]
    assert found[0].working is not None
    return read_all(found)[found[0].working.pk]


def holder_of(report: QuarterlyReport) -> User:
    holder = factories.working(report).holder
    assert holder is not None
    return holder


def after_a_quarter(**filling: Any) -> QuarterlyReport:
    """A report in review whose quarter before is accepted with every criterion met."""
    factories.make_accepted(quarter="2014-3")
    return factories.make_in_review(**filling)


def write_verdict(report: QuarterlyReport, number: int, **content: Any) -> None:
    """What the holder writes of a criterion."""
    version = factories.working(report)
    row = version.verdicts.select_related("criterion").get(criterion__number=number)
    kept = {name: getattr(row, name) for name in ("verified", "verified_reason", "fragile", "fragile_reason")}
    write = entry.Write(row.criterion, row.row_version, kept | content)
    assert not entry.save_review(version, [write], by=holder_of(report)).conflicts


def test_a_report_on_which_everybody_agrees_is_ready() -> None:
    assert readiness_of(after_a_quarter()) == Readiness([], readiness_of(in_queue()[0]).seen)
    assert readiness_of(in_queue()[0]).is_ready


def test_each_kind_of_obstacle_is_counted_in_words() -> None:
    verdicts = {4: "not_met", 19: "not_met"}
    report = after_a_quarter(verdicts=verdicts, claims={4: "met"})
    entry.raise_item(factories.working(report), text="Nguồn?", kind="question", by=holder_of(report))

    # 4.1, 4.2 and 19 were met in the quarter before, and nothing explains them.
    assert readiness_of(report).sentence == "1 disagreement, 2 losses, 3 unexplained points, 1 open item"


def test_a_verdict_of_the_reviewer_that_departs_is_a_disagreement_and_one_without_its_reason_is_missing() -> None:
    report = after_a_quarter()
    write_verdict(report, 2, fragile=True, fragile_reason="")
    assert readiness_of(report).sentence == "1 verdict or reason missing"

    write_verdict(report, 2, verified="basic", verified_reason="Còn một đoạn", fragile=False)
    assert readiness_of(report).sentence == "1 disagreement"


def test_no_data_is_a_disagreement_whatever_is_claimed_and_what_is_not_considered_any_more_is_lost() -> None:
    assert (
        readiness_of(factories.make_in_review(quarter="2014-2", verdicts={10: "no_data"})).sentence == "1 disagreement"
    )
    assert readiness_of(after_a_quarter(verdicts={7: "not_considered"})).sentence == "1 loss"


def test_an_explained_point_keeps_nothing_from_being_ready() -> None:
    factories.make_accepted(quarter="2014-3", values={"12": {"value": "99"}})
    falling = {"value": "91", "explanation": "Lao động đi xa"}
    report = factories.make_in_review(values={"12": falling})

    assert readiness_of(report).is_ready
    row = factories.working(report).values.get(indicator__code="12")
    type(row).objects.filter(pk=row.pk).update(explanation="")
    assert readiness_of(report).sentence == "1 unexplained point"


# Many at once


def world() -> list[QuarterlyReport]:
    """Reports in review of every kind: with two quarters before, in a second round, a correction, another set."""
    factories.make_accepted(quarter="2014-2", verdicts={5: "not_met"})
    report = after_a_quarter(verdicts={4: "not_met"}, claims={11: "not_met"})
    holder, signer = holder_of(report), factories.signer_of(report.commune)
    factories.give_back(report, holder)
    factories.answer(report, signer)
    factories.submit(report, signer)
    factories.take_up(report, holder)

    corrected = QuarterlyReport.objects.get(commune=report.commune, period=factories.period("2014-3"))
    lead = factories.make_lead()
    workflow.take_step(factories.official(corrected), "open_correction", by=lead, data=StepData(reason="Sửa"))
    factories.submit(corrected, signer)
    factories.take_up(corrected, holder)

    factories.make_in_review("Gia Phố", "2012-2", verdicts={3: "no_data"})
    return in_queue()


def told(sheet: Sheet, background: Background) -> dict[str, Any]:
    """Everything the review page takes from both."""
    return {
        "version": sheet.version,
        "criteria": [
            (criterion.criterion, criterion.row, criterion.computed, background.mark(criterion))
            for criterion in sheet.criteria
        ],
        "indicators": [
            (each.indicator, each.row, each.threshold, each.verdict, background.accepted(each))
            for each in sheet.indicators()
        ],
        "sent": (background.sent_version, background.sent_verdicts),
        "accepted": (background.accepted_version, background.verdicts),
        "changes": [
            (change.sheet.indicator, change.sent, change.accepted, change.mark) for change in background.changes(sheet)
        ],
    }


def test_many_are_read_as_each_alone_is_read(django_assert_num_queries: Queries) -> None:
    reports = world()

    with django_assert_num_queries(3):  # catalogues, values, verdicts
        together = list(read_all_beside(reports))

    assert len(together) == 3
    for sheet, background in together:
        alone = read_beside(factories.working(sheet.version.report))
        assert told(sheet, background) == told(*alone)
    assert {len(background.earlier) for _sheet, background in together} == {0, 1}


def test_one_takes_as_many_queries_as_many_and_none_takes_none(django_assert_num_queries: Queries) -> None:
    after_a_quarter()
    reports = in_queue()

    with django_assert_num_queries(3):
        assert len(read_all(reports)) == 1
    with django_assert_num_queries(0):
        assert read_all([]) == {}


# Accepting


def accept(report: QuarterlyReport, *, by: User | None = None, seen: str = "") -> ReportVersion:
    version = factories.working(report)
    return accept_if_ready(version, seen=seen or readiness_of(report).seen, by=by or holder_of(report))


def test_a_ready_report_is_accepted_by_its_holder_through_the_workflow() -> None:
    report = after_a_quarter()
    holder = holder_of(report)

    assert accept(report).state == State.ACCEPTED
    event = report.events.latest("pk")
    assert (event.action, event.by) == ("accept", holder)
    assert factories.official(report).number == 1


def test_what_is_not_ready_stays_in_review_and_says_why() -> None:
    report = after_a_quarter(verdicts={19: "not_met"})

    with pytest.raises(Refused, match="Not ready: 1 loss, 1 unexplained point."):
        accept(report)
    assert factories.working(report).state == State.IN_REVIEW


def test_an_item_raised_after_the_page_was_shown_keeps_it_back() -> None:
    report = after_a_quarter()
    seen = readiness_of(report).seen
    entry.raise_item(factories.working(report), text="Nguồn?", kind="question", by=holder_of(report))

    with pytest.raises(Refused, match="Not ready: 1 open item."):
        accept(report, seen=seen)


def test_a_verdict_written_after_the_page_was_shown_keeps_it_back_even_where_it_is_ready() -> None:
    report = after_a_quarter()
    seen = readiness_of(report).seen
    write_verdict(report, 2, fragile=True, fragile_reason="Đường mới hết bảo hành")
    assert readiness_of(report).is_ready

    with pytest.raises(Refused, match="It was changed after this page was shown."):
        accept(report, seen=seen)
    assert factories.working(report).state == State.IN_REVIEW


def test_what_was_never_shown_is_not_accepted() -> None:
    report = after_a_quarter()

    for seen in ("", "0-0", "nonsense"):
        with pytest.raises(Refused, match="It was changed"):
            accept_if_ready(factories.working(report), seen=seen, by=holder_of(report))


def test_only_the_holder_accepts() -> None:
    report = after_a_quarter()

    for other in (factories.reviewer_of(report.commune), factories.make_lead(), factories.signer_of(report.commune)):
        with pytest.raises(NotAllowed):
            accept(report, by=other)
    assert factories.working(report).state == State.IN_REVIEW


def test_nothing_is_accepted_twice() -> None:
    report = after_a_quarter()
    version, seen, holder = factories.working(report), readiness_of(report).seen, holder_of(report)
    accept_if_ready(version, seen=seen, by=holder)

    with pytest.raises(NotAllowed, match="accepted"):
        accept_if_ready(version, seen=seen, by=holder)
    assert report.events.filter(action="accept").count() == 1


def test_a_quarter_accepted_meanwhile_is_compared_with(django_assert_num_queries: Queries) -> None:
    report = factories.make_in_review(verdicts={19: "not_met"})
    assert readiness_of(report).is_ready
    seen = readiness_of(report).seen
    with clock.at(moment("2015-01-10", "11:00")):
        factories.make_accepted(quarter="2014-3")

    with pytest.raises(Refused, match="1 loss"):
        accept(report, seen=seen)
