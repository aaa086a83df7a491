"""What does each step do, what does it need, and what does it leave alone?"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import translation

from communes.models import Commune, Duty, Membership, User
from criteria.models import Threshold
from ntm_tracker import clock
from reports import entry, workflow
from reports.judging import read_sheet
from reports.models import (
    DeadlineExtension,
    IndicatorValue,
    InForce,
    QuarterlyReport,
    ReportVersion,
    ReviewItem,
    State,
)
from reports.workflow import STEPS, NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

from .snapshot import everything
from .test_permissions import BECOMES

pytestmark = pytest.mark.django_db

NOW = moment("2015-01-03")
MUST_FIX, QUESTION = ReviewItem.Kind.MUST_FIX, ReviewItem.Kind.QUESTION


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(NOW), translation.override("en"):
        yield


def step(report: QuarterlyReport, action: str, by: User, **data: Any) -> ReportVersion:
    """Take a step on the version in work, or on the official one when nothing is in work."""
    report = factories.reload(report)
    version = factories.working(report) if report.working else factories.official(report)
    return workflow.take_step(version, action, by=by, data=StepData(**data))


def raise_item(report: QuarterlyReport, kind: str = MUST_FIX) -> ReviewItem:
    version = factories.working(report)
    by = version.holder or factories.reviewer_of(report.commune)
    return entry.raise_item(version, text="Ghi rõ nguồn số liệu.", kind=kind, by=by)


def holder_of(report: QuarterlyReport) -> User:
    holder = factories.working(report).holder
    assert holder is not None
    return holder


def filled_in(name: str = "Thanh Chăn", **filling: Any) -> tuple[QuarterlyReport, User]:
    """A report ready to be signed, and its signer."""
    report = factories.make_report(name)
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer, **filling)
    return report, signer


def refusal(report: QuarterlyReport, action: str, by: User, data: StepData) -> list[str]:
    """The sentences of a refused step that changes nothing at all."""
    before = everything()
    report = factories.reload(report)
    version = factories.working(report) if report.working else factories.official(report)
    with pytest.raises(Refused) as refused:
        workflow.take_step(version, action, by=by, data=data)
    assert everything() == before
    return [gap.sentence for gap in refused.value.gaps]


def publish(indicator: str, change: int, *, of: QuarterlyReport, on: date) -> None:
    """Publish a new level for the year of the report, the present one of its region moved by `change`.

    A published set refuses every change by way of its models, so this goes past them.
    """
    row = next(sheet for sheet in read_sheet(factories.working(of)).indicators() if sheet.indicator.code == indicator)
    assert row.threshold is not None
    assert row.threshold.value is not None
    level = Threshold(
        indicator=row.indicator,
        region=row.threshold.region,
        comparator=row.threshold.comparator,
        value=row.threshold.value + change,
        published_on=on,
        applies_from_year=of.period.year,
        decision="QĐ thử",
        confidence=Threshold.Confidence.HIGH,
    )
    Threshold.objects.bulk_create([level])


def income_verdict(version: ReportVersion) -> str:
    sheets = {sheet.criterion.number: sheet for sheet in read_sheet(version).criteria}
    return sheets[10].computed


# Submit


def test_submit_copies_the_threshold_onto_each_value() -> None:
    report = factories.make_submitted()

    sheets = list(read_sheet(factories.working(report)).indicators())
    rows = IndicatorValue.objects.select_related("threshold").filter(version=factories.working(report))
    assert len(sheets) == len(rows) > 0
    assert not rows.filter(threshold=None).exists()
    for row in rows:
        assert row.threshold is not None
        assert row.comparator == row.threshold.comparator
        assert row.threshold_value == row.threshold.value
        assert row.region_id == row.threshold.region_id


def test_submit_fixes_the_computed_verdicts() -> None:
    report, signer = filled_in(verdicts={10: "not_met", 17: "no_data", 7: "not_considered"})
    assert set(factories.working(report).verdicts.values_list("computed", flat=True)) == {""}

    factories.submit(report, signer)

    computed = dict(factories.working(report).verdicts.values_list("criterion__number", "computed"))
    assert computed == dict.fromkeys(range(1, 20), "met") | {
        10: "not_met",
        17: "no_data",
        7: "not_considered",
    }


def test_submit_signs_and_notes_when_and_by_what_day_it_is_judged() -> None:
    report, signer = filled_in()

    version = factories.submit(report, signer)

    version.refresh_from_db()
    assert (version.submitted_at, version.submitted_by, version.judged_on) == (NOW, signer, date(2015, 1, 3))
    assert (version.signer_name, version.letter_number) == ("Vũ Đình Thắng", "05/BC-BCĐ")
    assert (version.signer_title, version.letter_date) == ("Phó Trưởng ban", date(2015, 1, 3))


def test_a_report_is_judged_on_the_day_in_viet_nam() -> None:
    report, signer = filled_in()

    with clock.at(datetime(2015, 1, 3, 17, 30, tzinfo=ZoneInfo("UTC"))):
        version = factories.submit(report, signer)

    assert version.judged_on == date(2015, 1, 4)


def test_first_submission_is_written_once() -> None:
    report, signer = filled_in()
    factories.submit(report, signer)
    first = factories.reload(report).first_submitted_at
    assert first == NOW

    with clock.at(moment("2015-01-04")):
        step(report, "withdraw", signer)
        assert factories.reload(report).first_submitted_at == first
        factories.submit(report, signer)
    with clock.at(moment("2015-01-05")):
        item = factories.give_back(report, factories.reviewer_of(report.commune))
        entry.reply_to_item(factories.working(report), item, "Đã bổ sung.", by=signer)
        factories.submit(report, signer)

    assert factories.reload(report).first_submitted_at == first
    assert factories.working(report).submitted_at == moment("2015-01-05")


def test_submit_lists_every_gap_at_once() -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)

    gaps = refusal(report, "submit", signer, StepData())

    indicators = len(list(read_sheet(factories.working(report)).indicators()))
    assert len(gaps) == 1 + 1 + indicators + 19 + 8
    assert gaps[0].startswith("The report was changed after this page was shown.")
    assert gaps[1] == "The signer, the official letter number and its date are needed."


def test_each_gap_leads_to_the_place_where_it_is_filled_in() -> None:
    report, signer = filled_in(values={"10": {"note": "Đang điều tra."}})
    version = factories.working(report)

    with pytest.raises(Refused) as refused:
        workflow.take_step(version, "submit", by=signer, data=factories.signature(version))

    assert [(gap.group, gap.anchor) for gap in refused.value.gaps] == [("III", "i10")]
    assert refused.value.gaps[0].sentence.startswith("10 ")


@pytest.mark.parametrize("missing", ["signer_name", "letter_number"])
def test_submit_needs_signer_and_letter(missing: str) -> None:
    report, signer = filled_in()

    gaps = refusal(report, "submit", signer, factories.signature(factories.working(report), **{missing: "  "}))

    assert gaps == ["The signer, the official letter number and its date are needed."]


def test_submit_needs_the_date_of_the_letter() -> None:
    report, signer = filled_in()

    gaps = refusal(report, "submit", signer, factories.signature(factories.working(report), letter_date=None))

    assert gaps == ["The signer, the official letter number and its date are needed."]


def test_a_letter_is_not_dated_tomorrow() -> None:
    report, signer = filled_in()
    signed = factories.signature(factories.working(report), letter_date=date(2015, 1, 4))

    assert refusal(report, "submit", signer, signed) == ["The date of the letter lies in the future."]


def test_what_is_signed_is_what_was_shown() -> None:
    report, signer = filled_in()
    shown = factories.signature(factories.working(report))
    factories.write_line(report, "Thêm một câu.", signer)

    gaps = refusal(report, "submit", signer, shown)

    assert gaps == [
        "The report was changed after this page was shown. Please read it again: what is signed must be what was shown."
    ]


def test_a_signature_without_revision_is_refused() -> None:
    report, signer = filled_in()

    gaps = refusal(report, "submit", signer, factories.signature(factories.working(report), revision=None))

    assert len(gaps) == 1


def test_a_claim_that_differs_needs_its_reason() -> None:
    report, signer = filled_in(verdicts={10: "not_met"}, claims={10: "met"})
    row = factories.working(report).verdicts.get(criterion__number=10)
    write = entry.Write(row.criterion, row.row_version, {"claimed": "met", "claim_reason": ""})
    entry.save_rows(factories.working(report), [], [write], by=signer)

    gaps = refusal(report, "submit", signer, factories.signature(factories.working(report)))

    assert len(gaps) == 1
    assert gaps[0].endswith("say why your assessment differs from the computed verdict.")


def test_a_value_missing_with_its_reason_is_no_gap() -> None:
    report, signer = filled_in(verdicts={10: "no_data"})

    assert factories.submit(report, signer).state == State.SUBMITTED


def test_a_late_report_is_still_received() -> None:
    report, signer = filled_in()

    with clock.at(moment("2015-06-01")):
        assert factories.submit(report, signer).state == State.SUBMITTED


# Thresholds published later


def test_a_submitted_report_never_changes_when_a_threshold_is_published_later() -> None:
    report, signer = filled_in()
    publish("10", 10, of=report, on=date(2015, 2, 1))
    factories.submit(report, signer)
    before = list(factories.working(report).verdicts.values_list("computed", flat=True))

    with clock.at(moment("2015-02-01")):
        version = factories.working(report)
        assert income_verdict(version) == "met"
        factories.take_up(report, factories.reviewer_of(report.commune))
        accepted = factories.accept(report, holder_of(report))
        assert income_verdict(accepted) == "met"
        assert list(accepted.verdicts.values_list("computed", flat=True)) == before


def test_a_threshold_backdated_after_submission_changes_nothing_either() -> None:
    report, signer = filled_in()
    factories.submit(report, signer)
    publish("10", 10, of=report, on=date(2015, 1, 1))

    assert income_verdict(factories.working(report)) == "met"


def test_a_draft_is_judged_by_what_is_published_today() -> None:
    report, signer = filled_in()
    publish("10", 10, of=report, on=date(2015, 2, 1))

    with clock.at(moment("2015-01-31", "23:59:59")):
        assert income_verdict(factories.working(report)) == "met"
    with clock.at(moment("2015-02-01", "00:00")):
        assert income_verdict(factories.working(report)) == "not_met"
        gaps = refusal(report, "submit", signer, factories.signature(factories.working(report)))
        assert len(gaps) == 1


def test_withdrawn_and_sent_again_it_is_judged_anew() -> None:
    report, signer = filled_in(claims={10: "met"})
    publish("10", 10, of=report, on=date(2015, 2, 1))
    factories.submit(report, signer)

    with clock.at(moment("2015-02-01")):
        step(report, "withdraw", signer)
        version = factories.submit(report, signer)

    assert version.verdicts.get(criterion__number=10).computed == "not_met"
    assert version.judged_on == date(2015, 2, 1)


# Withdraw


def test_withdraw_leaves_nothing_judged() -> None:
    report, signer = filled_in()
    factories.submit(report, signer)

    step(report, "withdraw", signer)

    version = factories.working(report)
    assert (version.state, version.submitted_at, version.submitted_by, version.judged_on) == ("draft", None, None, None)
    assert not version.values.exclude(threshold=None, comparator="", threshold_value=None, region=None).exists()
    assert set(version.verdicts.values_list("computed", flat=True)) == {""}
    assert version.number == 1


def test_withdraw_is_too_late_once_somebody_has_taken_the_report_up() -> None:
    report = factories.make_in_review()

    gaps = refusal(report, "withdraw", factories.signer_of(report.commune), StepData())

    assert gaps == [
        "The report is now in the state “in review”, in which this cannot be done. "
        "It can be done in the state “submitted”, by a signer of the provincial committee."
    ]


def test_a_page_from_before_cannot_take_the_step_any_more() -> None:
    report = factories.make_submitted()
    stale = factories.working(report)
    step(report, "take_up", factories.reviewer_of(report.commune))

    assert stale.state == State.SUBMITTED
    with pytest.raises(NotAllowed):
        workflow.take_step(stale, "withdraw", by=factories.signer_of(report.commune))


# Take up


def test_take_up_records_the_holder_and_starts_from_the_computed_verdicts() -> None:
    report = factories.make_submitted(verdicts={10: "not_met"}, claims={10: "met"})
    reviewer = factories.reviewer_of(report.commune)

    version = factories.take_up(report, reviewer)

    version.refresh_from_db()
    assert (version.state, version.holder, version.held_since) == ("in_review", reviewer, NOW)
    verdicts = list(version.verdicts.values_list("computed", "verified"))
    assert len(verdicts) == 19
    assert all(verified == computed for computed, verified in verdicts)


def test_a_second_reviewer_does_not_take_it_over() -> None:
    report = factories.make_in_review()

    refusal(report, "take_up", factories.reviewer_of(report.commune), StepData())

    assert holder_of(report) == holder_of(report)


# Return


def returnable() -> tuple[QuarterlyReport, User]:
    report = factories.make_in_review()
    raise_item(report)
    return report, holder_of(report)


def test_return_needs_a_reason() -> None:
    report, holder = returnable()

    gaps = refusal(report, "return", holder, StepData(reason=" ", respond_by=date(2015, 1, 10)))

    assert gaps == ["Please say why."]


def test_return_needs_an_open_item() -> None:
    report, holder = returnable()
    entry.resolve_item(factories.working(report), report.review_items.get(), by=holder)

    gaps = refusal(report, "return", holder, StepData(reason="Thiếu.", respond_by=date(2015, 1, 10)))

    assert gaps == ["Add at least one item that says what must be fixed or answered."]


def test_return_needs_an_item_of_this_round() -> None:
    report = factories.make_submitted()
    reviewer, signer = factories.reviewer_of(report.commune), factories.signer_of(report.commune)
    item = factories.give_back(report, reviewer)
    entry.reply_to_item(factories.working(report), item, "Đã ghi.", by=signer)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)

    with pytest.raises(Refused, match="at least one item"):
        step(report, "return", reviewer, reason="Vẫn thiếu.", respond_by=date(2015, 1, 20))


def test_return_needs_a_day_to_respond_by() -> None:
    report, holder = returnable()

    gaps = refusal(report, "return", holder, StepData(reason="Thiếu."))

    assert gaps == ["Give the day by which the committee should respond."]


def test_the_day_to_respond_by_is_not_past() -> None:
    report, holder = returnable()

    gaps = refusal(report, "return", holder, StepData(reason="Thiếu.", respond_by=date(2015, 1, 2)))

    assert gaps == ["The day to respond by lies in the past."]
    step(report, "return", holder, reason="Thiếu.", respond_by=date(2015, 1, 3))


def test_return_clones_a_new_draft_that_says_the_same() -> None:
    report = factories.make_in_review(verdicts={10: "not_met", 17: "no_data"}, claims={10: "met"})
    sent = factories.working(report)

    factories.give_back(report, holder_of(report))

    draft = factories.working(report)
    sent.refresh_from_db()
    assert (sent.state, sent.respond_by) == ("returned", date(2015, 1, 10))
    assert (draft.state, draft.number, draft.based_on, draft.is_correction) == ("draft", 2, sent, False)
    assert draft.revision == 0
    assert contents(draft) == contents(sent)
    assert claims(draft) == claims(sent)
    assert not draft.values.exclude(threshold=None).exists()
    assert set(draft.verdicts.values_list("computed", "verified")) == {("", "")}


def test_the_clone_keeps_lines_and_signer_and_asks_for_a_new_letter() -> None:
    report, signer = filled_in()
    factories.write_line(report, "Quý IV thuận lợi.", signer)
    factories.submit(report, signer)

    factories.give_back(report, factories.reviewer_of(report.commune))

    draft = factories.working(report)
    assert draft.signer_name == "Vũ Đình Thắng"
    assert draft.lines.get(section="results", kind="").text == "Quý IV thuận lợi."
    assert (draft.letter_number, draft.letter_date, draft.submitted_by) == ("", None, None)


def contents(version: ReportVersion) -> set[tuple[Any, ...]]:
    return set(version.values.values_list("indicator", *IndicatorValue.CONTENT, "updated_by", "updated_at"))


def claims(version: ReportVersion) -> set[tuple[Any, ...]]:
    return set(version.verdicts.values_list("criterion", "claimed", "claim_reason"))


def test_what_was_returned_stays_as_it_was_sent() -> None:
    report, holder = returnable()
    sent = factories.working(report)
    judged = list(sent.values.values("pk", "value", "threshold", "threshold_value"))
    step(report, "return", holder, reason="Thiếu.", respond_by=date(2015, 1, 10))

    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer, verdicts={10: "not_met"})

    assert list(sent.values.values("pk", "value", "threshold", "threshold_value")) == judged
    assert sent.verdicts.get(criterion__number=10).computed == "met"


def test_items_are_carried_over_the_rounds_and_must_be_answered() -> None:
    report = factories.make_in_review()
    signer = factories.signer_of(report.commune)
    item = factories.give_back(report, holder_of(report))

    gaps = refusal(report, "submit", signer, factories.signature(factories.working(report)))
    assert gaps == ["Answer the reviewer: “Ghi rõ nguồn số liệu.”"]

    entry.reply_to_item(factories.working(report), item, "Nguồn: UBND xã.", by=signer)
    assert factories.submit(report, signer).number == 2


def test_an_item_resolved_without_an_answer_needs_none() -> None:
    report = factories.make_in_review()
    signer, holder = factories.signer_of(report.commune), holder_of(report)
    entry.resolve_item(factories.working(report), raise_item(report), by=holder)
    item = factories.give_back(report, holder)
    entry.reply_to_item(factories.working(report), item, "Nguồn: UBND xã.", by=signer)

    assert factories.submit(report, signer).state == State.SUBMITTED


def test_return_before_anybody_took_it_up_records_the_holder() -> None:
    report = factories.make_submitted()
    reviewer = factories.reviewer_of(report.commune)

    factories.give_back(report, reviewer)

    assert factories.working(report).based_on is not None
    assert factories.working(report).based_on.holder == reviewer  # type: ignore[union-attr]
    assert factories.working(report).holder is None


def test_there_is_no_limit_on_rounds() -> None:
    report, signer = filled_in()
    reviewer = factories.reviewer_of(report.commune)
    for _round in range(4):
        factories.submit(report, signer)
        factories.give_back(report, reviewer)
        factories.answer(report, signer)

    assert [version.number for version in report.versions.all()] == [1, 2, 3, 4, 5]
    assert [version.state for version in report.versions.all()] == ["returned"] * 4 + ["draft"]


# Accept


def verify(report: QuarterlyReport, number: int, **content: Any) -> None:
    version = factories.working(report)
    row = version.verdicts.get(criterion__number=number)
    standing = {name: getattr(row, name) for name in entry.EMPTY_REVIEW}
    write = entry.Write(row.criterion, row.row_version, standing | content)
    assert entry.save_review(version, [write], by=holder_of(report)).written == 1


def test_accept_needs_a_verdict_for_every_criterion() -> None:
    report = factories.make_in_review()
    verify(report, 10, verified="")

    gaps = refusal(report, "accept", holder_of(report), StepData())

    assert len(gaps) == 1
    assert gaps[0].startswith("10 ")
    assert gaps[0].endswith("choose the verified verdict.")


def test_a_verdict_that_departs_needs_its_reason() -> None:
    report = factories.make_in_review()
    verify(report, 10, verified="not_met")

    gaps = refusal(report, "accept", holder_of(report), StepData())
    assert [gap.split(": ")[1] for gap in gaps] == ["say why the verdict departs from the computed one."]

    verify(report, 10, verified="not_met", verified_reason="Điều tra lại.")
    assert factories.accept(report, holder_of(report)).state == State.ACCEPTED


def test_fragile_needs_its_reason() -> None:
    report = factories.make_in_review()
    verify(report, 10, fragile=True)

    gaps = refusal(report, "accept", holder_of(report), StepData())
    assert [gap.split(": ")[1] for gap in gaps] == ["say why it is not yet sustainable."]

    verify(report, 10, fragile=True, fragile_reason="Hộ mới thoát nghèo.")
    assert factories.accept(report, holder_of(report)).state == State.ACCEPTED


def test_an_open_must_fix_item_stops_acceptance_and_a_question_does_not() -> None:
    report = factories.make_in_review()
    raise_item(report, QUESTION)
    item = raise_item(report, MUST_FIX)

    gaps = refusal(report, "accept", holder_of(report), StepData())
    assert gaps == ["Still to be fixed: “Ghi rõ nguồn số liệu.”"]

    entry.resolve_item(factories.working(report), item, by=holder_of(report))
    assert factories.accept(report, holder_of(report)).state == State.ACCEPTED


def test_accepted_is_in_force_from_now_on_and_nothing_is_in_work() -> None:
    report = factories.make_accepted()

    version = factories.official(report)
    assert version.state == State.ACCEPTED
    assert report.working is None
    assert list(InForce.objects.values_list("version", "since", "until")) == [(version.pk, NOW, None)]


# Corrections


def corrected() -> tuple[QuarterlyReport, User, User]:
    """An accepted report with a correction that is ready to be accepted; its signer and its reviewer."""
    report = factories.make_accepted()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    with clock.at(moment("2015-01-04")):
        step(report, "open_correction", signer, reason="Nhầm số liệu.")
        factories.fill_in(report, signer, verdicts={10: "not_met"})
        factories.submit(report, signer)
        factories.take_up(report, reviewer)
    return report, signer, reviewer


def test_opening_a_correction_needs_a_reason() -> None:
    report = factories.make_accepted()

    assert refusal(report, "open_correction", factories.make_lead(), StepData()) == ["Please say why."]


def test_a_correction_starts_as_the_accepted_version_which_stays_in_force() -> None:
    report = factories.make_accepted(verdicts={10: "not_met"})
    signer = factories.signer_of(report.commune)

    step(report, "open_correction", signer, reason=" Nhầm số liệu. ")

    draft, official = factories.working(report), factories.official(report)
    assert (draft.number, draft.based_on, draft.is_correction) == (2, official, True)
    assert (draft.opened_by, draft.reason, draft.state) == (signer, "Nhầm số liệu.", "draft")
    assert contents(draft) == contents(official)
    assert claims(draft) == claims(official)
    assert official.state == State.ACCEPTED
    assert InForce.objects.get().until is None


def test_the_accepted_version_stays_in_force_until_the_correction_is_accepted() -> None:
    report, _signer, reviewer = corrected()
    first = factories.official(report)
    assert first.number == 1
    assert first.state == State.ACCEPTED

    with clock.at(moment("2015-01-06")):
        second = factories.accept(report, reviewer)

    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "accepted")
    assert factories.official(report) == second
    assert spans(report) == [(1, NOW, moment("2015-01-06")), (2, moment("2015-01-06"), None)]


def spans(report: QuarterlyReport) -> list[tuple[int, datetime, datetime | None]]:
    return list(InForce.objects.filter(report=report).order_by("pk").values_list("version__number", "since", "until"))


def test_cancelling_a_correction_leaves_the_accepted_version_alone() -> None:
    report = factories.make_accepted()
    signer = factories.signer_of(report.commune)
    step(report, "open_correction", signer, reason="Nhầm số liệu.")
    draft = factories.working(report)
    assert refusal(report, "cancel_correction", signer, StepData()) == ["Please say why."]

    following = step(report, "cancel_correction", signer, reason="Số liệu đã đúng.")

    draft.refresh_from_db()
    report = factories.reload(report)
    assert following == report.in_force
    assert (draft.state, report.working) == ("discarded", None)
    assert draft.values.count() == report.in_force.values.count()
    assert spans(report) == [(1, NOW, None)]


def test_nothing_is_asked_of_a_cancelled_correction_any_more() -> None:
    report = factories.make_accepted()
    lead, signer = factories.make_lead(), factories.signer_of(report.commune)
    step(report, "open_correction", lead, reason="Số liệu mới")
    factories.submit(report, signer)
    reviewer = factories.reviewer_of(report.commune)
    item = factories.give_back(report, reviewer)

    step(report, "cancel_correction", lead, reason="Không cần nữa")

    item.refresh_from_db()
    assert not item.is_open
    assert item.resolved_by == lead


def test_a_first_draft_cannot_be_cancelled() -> None:
    report = factories.make_report()

    gaps = refusal(report, "cancel_correction", factories.make_lead(), StepData(reason="Bỏ."))

    assert gaps == ["This version is not a correction."]


def test_numbers_run_on_after_a_cancelled_correction() -> None:
    report = factories.make_accepted()
    signer = factories.signer_of(report.commune)
    for _time in range(2):
        step(report, "open_correction", signer, reason="Nhầm số liệu.")
        step(report, "cancel_correction", signer, reason="Số liệu đã đúng.")
    step(report, "open_correction", signer, reason="Nhầm số liệu.")

    assert [version.number for version in report.versions.all()] == [1, 2, 3, 4]
    assert factories.working(report).based_on == factories.official(report)


def test_a_second_correction_waits_for_the_first() -> None:
    report = factories.make_accepted()
    signer = factories.signer_of(report.commune)
    step(report, "open_correction", signer, reason="Nhầm số liệu.")

    version, data = factories.official(report), StepData(reason="Lại nhầm.")
    with pytest.raises(NotAllowed, match=r"A newer version of this report is already in work\."):
        workflow.take_step(version, "open_correction", by=signer, data=data)


def test_a_returned_correction_can_still_be_cancelled_by_who_opened_it() -> None:
    report, signer, reviewer = corrected()
    opener = factories.working(report).opened_by
    factories.give_back(report, reviewer)
    draft = factories.working(report)
    assert (draft.number, draft.is_correction, draft.opened_by, draft.reason) == (3, True, opener, "Nhầm số liệu.")

    step(report, "cancel_correction", signer, reason="Thôi.")

    assert [version.state for version in report.versions.all()] == ["accepted", "returned", "discarded"]


# Undo


def test_undoing_needs_a_reason() -> None:
    report = factories.make_accepted()

    assert refusal(report, "undo_accept", factories.make_lead(), StepData()) == ["Please say why."]


def test_undoing_the_only_acceptance_leaves_nothing_in_force() -> None:
    report = factories.make_accepted()
    holder = factories.official(report).holder

    with clock.at(moment("2015-01-05")):
        step(report, "undo_accept", factories.make_lead(), reason="Nhầm xã.")

    report = factories.reload(report)
    assert report.in_force is None
    assert report.working is not None
    assert (report.working.state, report.working.holder) == ("in_review", holder)
    assert spans(report) == [(1, NOW, moment("2015-01-05"))]


def test_undoing_a_correction_puts_the_previous_version_back_in_force() -> None:
    report, _signer, reviewer = corrected()
    with clock.at(moment("2015-01-06")):
        factories.accept(report, reviewer)

    with clock.at(moment("2015-01-08")):
        step(report, "undo_accept", factories.make_lead(), reason="Nhầm.")

    assert factories.official(report).number == 1
    assert [version.state for version in report.versions.all()] == ["accepted", "in_review"]
    assert spans(report) == [
        (1, NOW, moment("2015-01-06")),
        (2, moment("2015-01-06"), moment("2015-01-08")),
        (1, moment("2015-01-08"), None),
    ]


def test_accepted_again_after_an_undo_the_spans_run_on() -> None:
    report, _signer, reviewer = corrected()
    factories.accept(report, reviewer)
    with clock.at(moment("2015-01-08")):
        step(report, "undo_accept", factories.make_lead(), reason="Nhầm.")
    with clock.at(moment("2015-01-09")):
        factories.accept(report, reviewer)

    assert [number for number, _since, _until in spans(report)] == [1, 2, 1, 2]
    assert [version.state for version in report.versions.all()] == ["superseded", "accepted"]


def test_undo_goes_back_one_acceptance_at_a_time() -> None:
    report, signer, reviewer = corrected()
    factories.accept(report, reviewer)
    step(report, "open_correction", signer, reason="Lại nhầm.")
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)
    assert factories.official(report).number == 3

    step(report, "undo_accept", factories.make_lead(), reason="Nhầm.")

    assert factories.official(report).number == 2
    assert [version.state for version in report.versions.all()] == ["superseded", "accepted", "in_review"]


def test_undo_is_refused_while_a_correction_is_in_work() -> None:
    report = factories.make_accepted()
    step(report, "open_correction", factories.signer_of(report.commune), reason="Nhầm số liệu.")

    version, lead = factories.official(report), factories.make_lead()
    with pytest.raises(NotAllowed, match=r"A newer version of this report is already in work\."):
        workflow.take_step(version, "undo_accept", by=lead, data=StepData(reason="Nhầm."))


# Deadlines


def extend(report: QuarterlyReport, new_due: date, reason: str = "Lũ lụt.", by: User | None = None) -> None:
    workflow.extend_deadline(report, new_due=new_due, reason=reason, by=by or factories.make_lead())


def test_an_extension_keeps_the_old_date() -> None:
    report, lead = factories.make_report(), factories.make_lead()

    extend(report, date(2015, 1, 20), " Lũ lụt. ", lead)
    extend(report, date(2015, 1, 31), "Vẫn lũ.", lead)

    rows = DeadlineExtension.objects.filter(report=report).order_by("pk")
    assert list(rows.values_list("old_due", "new_due", "reason", "by", "at")) == [
        (date(2015, 1, 5), date(2015, 1, 20), "Lũ lụt.", lead.pk, NOW),
        (date(2015, 1, 20), date(2015, 1, 31), "Vẫn lũ.", lead.pk, NOW),
    ]
    assert factories.reload(report).due_on == date(2015, 1, 31)
    assert report.period.due_on == date(2015, 1, 5)
    assert list(report.events.filter(action="extend").values_list("by", "note")) == [
        (lead.pk, "Lũ lụt."),
        (lead.pk, "Vẫn lũ."),
    ]


def test_an_extension_concerns_one_report_only() -> None:
    report, other = factories.make_report(), factories.make_report("Hải Đường")

    extend(report, date(2015, 1, 20))

    assert factories.reload(other).due_on == date(2015, 1, 5)


@pytest.mark.parametrize("new_due", [date(2015, 1, 4), date(2015, 1, 5)])
def test_a_new_due_date_is_later_than_the_present_one(new_due: date) -> None:
    report = factories.make_report()

    with pytest.raises(Refused, match=r"The new due date must be later than the present one\."):
        extend(report, new_due)
    assert not DeadlineExtension.objects.exists()


def test_an_extension_needs_a_reason() -> None:
    report = factories.make_report()

    with pytest.raises(Refused, match=r"Please say why\."):
        extend(report, date(2015, 1, 20), "  ")
    assert not DeadlineExtension.objects.exists()


def test_there_is_nothing_to_extend_once_the_report_was_submitted() -> None:
    report, signer = filled_in()
    factories.submit(report, signer)
    step(report, "withdraw", signer)

    with pytest.raises(Refused, match="already been submitted"):
        extend(report, date(2015, 1, 20))
    assert not DeadlineExtension.objects.exists()


@pytest.mark.parametrize("duty", [Duty.SIGNER, Duty.REVIEWER, Duty.CENTRAL, Duty.VIEWER])
def test_only_a_lead_extends(duty: Duty) -> None:
    report = factories.make_report()
    user = factories.make_user(duty, report.commune.province)

    with pytest.raises(NotAllowed, match=r"Only a ministry lead can extend a deadline\."):
        extend(report, date(2015, 1, 20), by=user)
    assert not DeadlineExtension.objects.exists()


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        (moment("2015-01-05", "00:00"), 0),
        (moment("2015-01-05", "23:59:59.999999"), 0),
        (moment("2015-01-06", "00:00"), 1),
        (moment("2015-01-06", "23:59:59"), 1),
        (moment("2015-01-07", "00:00"), 2),
        (datetime(2015, 1, 5, 16, 59, 59, tzinfo=ZoneInfo("UTC")), 0),
        (datetime(2015, 1, 5, 17, 0, tzinfo=ZoneInfo("UTC")), 1),
    ],
)
def test_days_late_count_from_the_end_of_the_due_day_in_viet_nam(sent: datetime, days: int) -> None:
    report = QuarterlyReport.objects.get(pk=factories.make_report().pk)
    with clock.at(sent):
        assert report.days_late == days  # not yet submitted: until today

    report.first_submitted_at = sent
    with clock.at(moment("2015-12-31")):
        assert report.days_late == days


def test_days_late_count_from_the_extended_day() -> None:
    report = factories.make_report()
    extend(report, date(2015, 1, 20))

    with clock.at(moment("2015-01-20", "23:59:59")):
        assert factories.reload(report).days_late == 0
    with clock.at(moment("2015-01-21", "00:00")):
        assert factories.reload(report).days_late == 1


def test_a_report_is_frozen_only_after_the_freeze_day() -> None:
    report = factories.make_report()

    with clock.at(moment("2015-03-31", "23:59:59")):
        assert not report.is_frozen
    with clock.at(moment("2015-04-01", "00:00")):
        assert report.is_frozen


# Opening a period


def test_opening_a_period_creates_the_duty_of_every_member_with_a_first_draft() -> None:
    period = factories.period("2014-4")
    lead = factories.make_lead()

    assert workflow.open_period(period, by=lead) == 11

    reports = QuarterlyReport.objects.filter(period=period)
    assert {report.commune for report in reports} == set(
        Commune.objects.members(factories.programme(), date(2014, 12, 31))
    )
    for report in reports.select_related("working"):
        assert report.first_submitted_at is None
        assert report.working is not None
        assert (report.working.number, report.working.state, report.working.opened_by) == (1, "draft", lead)
        assert list(report.events.values_list("action", "to_state", "by")) == [("open", "draft", lead.pk)]


def test_opening_a_period_twice_changes_nothing() -> None:
    period = factories.period("2014-4")
    workflow.open_period(period)
    before = everything()

    with clock.at(moment("2015-01-20")):
        assert workflow.open_period(period) == 0

    assert everything() == before


@pytest.mark.parametrize(("left", "owes"), [("2014-12-31", False), ("2015-01-01", True)])
def test_a_commune_that_left_owes_no_report(left: str, owes: bool) -> None:
    commune = factories.commune("Tân Hội")
    state_membership(commune, left, is_member=False)

    assert workflow.open_period(factories.period("2014-4")) == 10 + owes
    assert QuarterlyReport.objects.filter(commune=commune).exists() == owes


@pytest.mark.parametrize(("joined", "owes"), [("2014-12-31", True), ("2015-01-01", False)])
def test_a_commune_that_joined_owes_a_report_from_its_first_quarter_on(joined: str, owes: bool) -> None:
    commune = newcomer()
    state_membership(commune, joined)

    assert workflow.open_period(factories.period("2014-4")) == 11 + owes
    assert QuarterlyReport.objects.filter(commune=commune).exists() == owes


def test_opening_again_adds_the_commune_that_joined_meanwhile() -> None:
    period = factories.period("2014-4")
    workflow.open_period(period)
    opened_at = type(period).objects.get(pk=period.pk).opened_at
    commune = newcomer()
    state_membership(commune, "2014-11-01")

    with clock.at(moment("2015-01-20")):
        assert workflow.open_period(period) == 1

    assert QuarterlyReport.objects.filter(period=period).count() == 12
    assert type(period).objects.get(pk=period.pk).opened_at == opened_at == NOW


def test_a_report_stays_when_its_commune_leaves_afterwards() -> None:
    report = factories.make_report("Tân Hội")
    state_membership(report.commune, "2014-12-01", is_member=False)

    assert workflow.open_period(report.period) == 0
    assert QuarterlyReport.objects.filter(pk=report.pk).exists()


def newcomer() -> Commune:
    province = factories.commune("Thanh Chăn").province
    return Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province=province)


def state_membership(commune: Commune, since: str, *, is_member: bool = True) -> None:
    Membership.objects.create(
        programme=factories.programme(),
        commune=commune,
        since=date.fromisoformat(since),
        is_member=is_member,
        source="Quyết định thử",
    )


# The table as it is documented


def test_the_document_shows_the_table_that_is_enforced() -> None:
    table = (Path(settings.BASE_DIR) / "docs" / "workflow.md").read_text()

    for action, row in STEPS.items():
        sources = ", ".join(state.value for state in State if state in row.sources)
        documented = [line for line in table.splitlines() if line.startswith(f"| `{action.value}` |")]
        assert len(documented) == 1, action
        cells = [cell.strip() for cell in documented[0].strip("|").split("|")]
        assert cells[1:3] == [str(row.label), sources]
        assert cells[4] == str(row.who).rstrip(",")
        assert BECOMES[action] in cells[3]
        assert cells[5].startswith("a reason;") == row.needs_reason
    assert sum(line.startswith("| `") for line in table.splitlines()) == len(STEPS)


def test_opening_a_period_asks_as_often_for_eleven_communes_as_for_one(
    django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    period = factories.period("2014-4")
    with django_assert_max_num_queries(12) as of_eleven:
        assert workflow.open_period(period) == 11

    commune = Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province_id=1)
    Membership.objects.create(programme=factories.programme(), commune=commune, since=date(2009, 1, 1), source="QĐ")
    with django_assert_num_queries(len(of_eleven) - 1):  # the period is open already
        assert workflow.open_period(period) == 1
