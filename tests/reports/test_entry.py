"""Is anything ever overwritten, half saved or written by somebody who may not?"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from communes.models import User
from criteria.models import Criterion, Indicator
from ntm_tracker import clock
from reports import entry, workflow
from reports.entry import EMPTY_REVIEW, EMPTY_VALUE, Saved, Write
from reports.models import (
    CriterionVerdict,
    IndicatorValue,
    QuarterlyReport,
    ReportVersion,
    ReviewItem,
    ValueChange,
    VerdictChange,
)
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

from .snapshot import everything

pytestmark = pytest.mark.django_db

NOW = moment("2015-01-03")
MUST_FIX = ReviewItem.Kind.MUST_FIX


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(NOW), translation.override("en"):
        yield


@dataclass
class Draft:
    """An empty draft and the two people who write into it."""

    report: QuarterlyReport
    lan: User
    minh: User

    @property
    def version(self) -> ReportVersion:
        return factories.working(self.report)

    def indicator(self, code: str) -> Indicator:
        return Indicator.objects.get(criterion__criteria_set=self.report.period.criteria_set, code=code)

    def criterion(self, number: int) -> Criterion:
        return Criterion.objects.get(criteria_set=self.report.period.criteria_set, number=number)

    def value(self, code: str) -> IndicatorValue:
        return IndicatorValue.objects.get(version=self.version, indicator__code=code)

    def save(self, by: User, *writes: Write) -> Saved:
        return entry.save_rows(self.version, list(writes), [], by=by)

    def write(self, code: str, row_version: int, number: str | None, **content: Any) -> Write:
        amount = None if number is None else Decimal(number)
        return Write(self.indicator(code), row_version, {"value": amount} | content)

    def claim(self, number: int, row_version: int, claimed: str, reason: str = "") -> Write:
        return Write(self.criterion(number), row_version, {"claimed": claimed, "claim_reason": reason})


@pytest.fixture
def draft() -> Draft:
    report = factories.make_report()
    return Draft(report, factories.editor_of(report.commune), factories.signer_of(report.commune))


# One person


def test_a_first_write_creates_the_row_and_its_history(draft: Draft) -> None:
    saved = draft.save(draft.lan, draft.write("10", 0, "18.5", note="Điều tra tháng 11"))

    row = draft.value("10")
    assert (saved.written, saved.conflicts) == (1, [])
    assert (row.value, row.note, row.row_version) == (Decimal("18.5"), "Điều tra tháng 11", 1)
    assert (row.updated_by, row.updated_at) == (draft.lan, NOW)
    change = ValueChange.objects.get()
    assert (change.row, change.row_version, change.value, change.by, change.at) == (
        row,
        1,
        Decimal("18.5"),
        draft.lan,
        NOW,
    )


def test_each_write_adds_a_history_row_and_grows_the_row_version(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"))
    with clock.at(moment("2015-01-04")):
        draft.save(draft.minh, draft.write("10", 1, "19"))
        draft.save(draft.minh, draft.write("10", 2, None, absence="no_data", absence_reason="Chưa điều tra"))

    history = ValueChange.objects.order_by("pk").values_list("row_version", "value", "absence", "by", "at")
    assert list(history) == [
        (1, Decimal(18), "", draft.lan.pk, NOW),
        (2, Decimal(19), "", draft.minh.pk, moment("2015-01-04")),
        (3, None, "no_data", draft.minh.pk, moment("2015-01-04")),
    ]
    assert draft.value("10").row_version == 3


def test_zero_is_a_value(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "0"))

    assert draft.value("10").value == 0
    assert draft.value("10").is_answered


def test_an_empty_row_that_was_never_there_is_not_written(draft: Draft) -> None:
    before = everything()

    assert draft.save(draft.lan, draft.write("10", 0, None)).written == 0

    assert everything() == before


def test_saving_the_same_again_changes_nothing(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"))
    before = everything()

    with clock.at(moment("2015-01-04")):
        saved = draft.save(draft.minh, draft.write("10", 1, "18"))

    assert (saved.written, saved.conflicts) == (0, [])
    assert everything() == before


def test_revision_grows_only_with_a_real_write(draft: Draft) -> None:
    revisions = []
    for row_version, number in [(0, "18"), (1, "18"), (1, "19"), (2, "19.0"), (2, "20")]:
        draft.save(draft.lan, draft.write("10", row_version, number))
        revisions.append(draft.version.revision)

    assert revisions == [1, 1, 2, 2, 3]


def test_a_row_may_be_emptied_and_filled_again(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"))
    draft.save(draft.lan, draft.write("10", 1, None))
    assert not draft.value("10").is_answered

    draft.save(draft.lan, draft.write("10", 2, "18"))

    assert (draft.value("10").value, draft.value("10").row_version) == (18, 3)


def test_claims_are_saved_with_their_history(draft: Draft) -> None:
    saved = entry.save_rows(draft.version, [], [draft.claim(10, 0, "met", "Đã rà soát")], by=draft.lan)

    row = CriterionVerdict.objects.get()
    change = VerdictChange.objects.get()
    assert saved.written == 1
    assert (row.claimed, row.claim_reason, row.verified, row.updated_by) == ("met", "Đã rà soát", "", draft.lan)
    assert (change.row, change.row_version, change.claimed, change.claim_reason) == (row, 1, "met", "Đã rà soát")


def test_content_that_is_left_out_counts_as_empty(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18", note="Tạm tính"))

    draft.save(draft.lan, Write(draft.indicator("10"), 1, {"value": Decimal(18)}))

    assert draft.value("10").note == ""


def test_the_committee_cannot_write_what_belongs_to_the_ministry(draft: Draft) -> None:
    write = Write(draft.criterion(10), 0, {"claimed": "met", "verified": "met", "computed": "met"})

    entry.save_rows(draft.version, [], [write], by=draft.lan)

    row = CriterionVerdict.objects.get()
    assert (row.claimed, row.verified, row.computed) == ("met", "", "")


def test_a_whole_page_costs_the_same_number_of_queries_as_one_row(
    draft: Draft, django_assert_max_num_queries: Any
) -> None:
    report = draft.report
    factories.fill_in(report, draft.lan)
    rows = IndicatorValue.objects.select_related("indicator").filter(version=draft.version)
    writes = [Write(row.indicator, 1, {"note": "Đã kiểm tra"}) for row in rows]
    assert len(writes) > 30
    version, user = draft.version, User.objects.get(pk=draft.lan.pk)

    with django_assert_max_num_queries(13):
        assert entry.save_rows(version, writes, [], by=user).written == len(writes)


# Two people


def test_a_changed_stale_row_conflicts_and_nothing_is_overwritten(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"))
    draft.save(draft.minh, draft.write("10", 1, "19"))
    before = everything()

    saved = draft.save(draft.lan, stale := draft.write("10", 1, "20"))

    assert everything() == before
    assert saved.written == 0
    [conflict] = saved.conflicts
    assert conflict.write == stale
    assert isinstance(conflict.current, IndicatorValue)
    assert (conflict.current.value, conflict.current.updated_by) == (19, draft.minh)


def test_an_untouched_stale_row_is_skipped(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18", note="Tạm tính"))
    draft.save(draft.minh, draft.write("10", 1, "19"))
    before = everything()

    saved = draft.save(draft.lan, draft.write("10", 1, "18", note="Tạm tính"))

    assert (saved.written, saved.conflicts) == (0, [])
    assert everything() == before


def test_an_untouched_empty_row_is_skipped_when_somebody_filled_it_in(draft: Draft) -> None:
    draft.save(draft.minh, draft.write("10", 0, "19"))

    saved = draft.save(draft.lan, draft.write("10", 0, None))

    assert (saved.written, saved.conflicts) == (0, [])
    assert draft.value("10").value == 19


def test_a_stale_row_that_wants_what_stands_there_is_no_conflict(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"))
    draft.save(draft.minh, draft.write("10", 1, "19"))

    saved = draft.save(draft.lan, draft.write("10", 1, "19"))

    assert (saved.written, saved.conflicts) == (0, [])


def test_two_first_writes_of_the_same_row_conflict(draft: Draft) -> None:
    draft.save(draft.minh, draft.write("10", 0, "19"))

    saved = draft.save(draft.lan, draft.write("10", 0, "18"))

    assert len(saved.conflicts) == 1
    assert draft.value("10").value == 19


def test_a_conflict_in_one_row_lets_the_others_be_saved(draft: Draft) -> None:
    draft.save(draft.minh, draft.write("10", 0, "19"))

    saved = draft.save(draft.lan, draft.write("10", 0, "18"), draft.write("12", 0, "90"))

    assert (saved.written, len(saved.conflicts)) == (1, 1)
    assert (draft.value("10").value, draft.value("12").value) == (19, 90)


def test_two_people_may_write_two_rows_from_the_same_page(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("10", 0, "18"), draft.write("12", 0, None))
    draft.save(draft.minh, draft.write("10", 0, None), draft.write("12", 0, "90"))

    assert (draft.value("10").value, draft.value("10").updated_by) == (18, draft.lan)
    assert (draft.value("12").value, draft.value("12").updated_by) == (90, draft.minh)


@pytest.mark.parametrize("forged", [0, 2, 99])
def test_a_forged_row_version_conflicts(draft: Draft, forged: int) -> None:
    draft.save(draft.minh, draft.write("10", 0, "19"))
    before = everything()

    saved = draft.save(draft.lan, draft.write("10", forged, "18"))

    assert (saved.written, len(saved.conflicts)) == (0, 1)
    assert everything() == before


def test_claims_conflict_like_values(draft: Draft) -> None:
    entry.save_rows(draft.version, [], [draft.claim(10, 0, "met")], by=draft.minh)

    saved = entry.save_rows(draft.version, [], [draft.claim(10, 0, "not_met")], by=draft.lan)

    assert (saved.written, len(saved.conflicts)) == (0, 1)
    assert CriterionVerdict.objects.get().claimed == "met"


def test_what_the_database_refuses_leaves_nothing_half_saved(draft: Draft) -> None:
    before = everything()
    broken = draft.write("12", 0, "50", absence="no_data", absence_reason="Cả hai")

    with pytest.raises(Exception, match="value_or_absence_not_both"):
        draft.save(draft.lan, draft.write("10", 0, "18"), broken)

    assert everything() == before


# Who may, and when


def test_save_refuses_every_state_but_draft() -> None:
    report = factories.make_submitted()
    signer = factories.signer_of(report.commune)
    reviewer = factories.reviewer_of(report.commune)
    versions = [factories.working(report)]
    assert_unwritable(versions[0], signer)  # submitted
    factories.take_up(report, reviewer)
    assert_unwritable(versions[0], signer)  # in review
    item = factories.give_back(report, reviewer)
    assert_unwritable(versions[0], signer)  # returned
    entry.reply_to_item(factories.working(report), item, "Đã bổ sung.", by=signer)
    versions.append(factories.submit(report, signer))
    factories.take_up(report, reviewer)
    entry.resolve_item(versions[1], item, by=reviewer)
    factories.accept(report, reviewer)
    assert_unwritable(versions[1], signer)  # accepted
    reason = StepData(reason="Nhầm.")
    draft = workflow.take_step(factories.official(report), "open_correction", by=signer, data=reason)
    assert_unwritable(versions[1], signer)  # accepted, with a correction in work
    workflow.take_step(draft, "cancel_correction", by=signer, data=reason)
    assert_unwritable(draft, signer)  # discarded
    draft = workflow.take_step(factories.official(report), "open_correction", by=signer, data=reason)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)
    assert_unwritable(versions[1], signer)  # superseded
    states = set(report.versions.values_list("state", flat=True))
    assert states == {"returned", "superseded", "discarded", "accepted"}


def assert_unwritable(version: ReportVersion, by: User) -> None:
    """Values, claims, lines and replies are refused, and nothing changes."""
    before = everything()
    row = version.values.select_related("indicator")[0]
    write = Write(row.indicator, row.row_version, {"value": Decimal(1)})
    with pytest.raises(NotAllowed, match=r"This version can no longer be changed\."):
        entry.save_rows(version, [write], [], by=by)
    with pytest.raises(NotAllowed, match=r"This version can no longer be changed\."):
        entry.save_rows(version, lines=[factories.a_line("Khác")], by=by)
    assert everything() == before


def test_save_refuses_everybody_but_the_committee(draft: Draft) -> None:
    commune = draft.report.commune
    elsewhere = factories.commune("Hải Đường")
    strangers = [
        factories.make_user(),
        factories.reviewer_of(commune),
        factories.make_lead(),
        factories.central_member_of(commune),
        factories.make_viewer(),
        factories.make_administrator(),
        factories.make_user(is_superuser=True, is_staff=True),
        factories.signer_of(elsewhere),
        factories.editor_of(elsewhere),
    ]
    item = ReviewItem.objects.create(
        report=draft.report, version=draft.version, text="Vì sao?", raised_by=draft.lan, raised_at=NOW
    )
    before = everything()

    for user in strangers:
        with pytest.raises(NotAllowed, match=r"Only the committee can, while it is a draft\."):
            draft.save(user, draft.write("10", 0, "18"))
        with pytest.raises(NotAllowed, match=r"Only the committee can, while it is a draft\."):
            entry.save_rows(draft.version, lines=[factories.a_line("Khác")], by=user)
        with pytest.raises(NotAllowed, match="only by the committee"):
            entry.reply_to_item(draft.version, item, "Vì thế.", by=user)

    assert everything() == before


def test_an_old_page_cannot_save_after_the_report_was_submitted() -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    stale = factories.working(report)
    factories.submit(report, signer)

    assert stale.is_draft
    assert_unwritable(stale, signer)


# Review


def reviewed() -> tuple[QuarterlyReport, ReportVersion, User]:
    report = factories.make_in_review()
    version = factories.working(report)
    assert version.holder is not None
    return report, version, version.holder


def verdict(version: ReportVersion, number: int, **content: Any) -> Write:
    row = version.verdicts.select_related("criterion").get(criterion__number=number)
    return Write(row.criterion, row.row_version, {name: getattr(row, name) for name in EMPTY_REVIEW} | content)


def test_the_holder_writes_verdicts_with_their_history() -> None:
    _report, version, holder = reviewed()
    write = verdict(version, 10, verified="basic", verified_reason="Gần đạt", fragile=True, fragile_reason="Mất mùa")

    saved = entry.save_review(version, [write], by=holder)

    row = version.verdicts.get(criterion__number=10)
    assert saved.written == 1
    assert (row.verified, row.verified_reason, row.fragile, row.fragile_reason) == (
        "basic",
        "Gần đạt",
        True,
        "Mất mùa",
    )
    assert (row.claimed, row.computed) == ("met", "met")
    change = row.changes.latest("row_version")
    assert (change.verified, change.fragile, change.by, change.row_version) == ("basic", True, holder, row.row_version)


def test_a_stale_verdict_conflicts() -> None:
    _report, version, holder = reviewed()
    first, second = verdict(version, 10, verified="not_met"), verdict(version, 10, verified="basic")
    entry.save_review(version, [first], by=holder)

    saved = entry.save_review(version, [second], by=holder)

    assert (saved.written, len(saved.conflicts)) == (0, 1)
    assert version.verdicts.get(criterion__number=10).verified == "not_met"


def test_the_holder_cannot_change_the_claim() -> None:
    _report, version, holder = reviewed()

    entry.save_review(version, [verdict(version, 10, verified="not_met", claimed="not_met")], by=holder)

    assert version.verdicts.get(criterion__number=10).claimed == "met"


def test_nobody_but_the_holder_writes_verdicts() -> None:
    report, version, _holder = reviewed()
    write = verdict(version, 10, verified="not_met")
    before = everything()

    for user in [
        factories.reviewer_of(report.commune),
        factories.make_lead(),
        factories.signer_of(report.commune),
        factories.make_administrator(),
    ]:
        with pytest.raises(NotAllowed, match="Only the reviewer who has taken the report up"):
            entry.save_review(version, [write], by=user)
    # The people are not rows of this app.
    assert everything() == before


def test_verdicts_are_written_only_in_review() -> None:
    report, version, holder = reviewed()
    write = verdict(version, 10, verified="not_met")
    factories.accept(report, holder)
    before = everything()

    with pytest.raises(NotAllowed):
        entry.save_review(version, [write], by=holder)

    assert everything() == before


# Items


def test_an_item_is_raised_on_an_indicator_and_its_criterion() -> None:
    report, version, holder = reviewed()
    indicator = Indicator.objects.get(criterion__criteria_set=report.period.criteria_set, code="10")
    before = version.revision

    item = entry.raise_item(version, text=" Nguồn? ", kind=MUST_FIX, indicator=indicator, by=holder)

    assert (item.indicator, item.criterion, item.text, item.kind) == (
        indicator,
        indicator.criterion,
        "Nguồn?",
        "must_fix",
    )
    assert (item.raised_by, item.raised_at, item.version, item.is_open) == (holder, NOW, version, True)
    assert factories.working(report).revision == before + 1


def test_an_item_needs_words() -> None:
    _report, version, holder = reviewed()

    with pytest.raises(Refused, match=r"Please say what must be fixed or answered\."):
        entry.raise_item(version, text="  ", kind=MUST_FIX, by=holder)
    assert not ReviewItem.objects.exists()


def test_only_the_reviewer_raises_and_resolves() -> None:
    report, version, holder = reviewed()
    item = entry.raise_item(version, text="Nguồn?", kind=MUST_FIX, by=holder)
    before = everything()

    for user in [
        factories.reviewer_of(report.commune),
        factories.signer_of(report.commune),
        factories.make_lead(),
        factories.central_member_of(report.commune),
    ]:
        with pytest.raises(NotAllowed, match="Items can be raised only by the reviewer"):
            entry.raise_item(version, text="Nguồn?", kind=MUST_FIX, by=user)
        with pytest.raises(NotAllowed, match="Items can be resolved only by the reviewer"):
            entry.resolve_item(version, item, by=user)
    assert everything() == before


def test_a_reply_may_be_rewritten_until_the_report_is_sent() -> None:
    report, _version, holder = reviewed()
    signer = factories.signer_of(report.commune)
    item = factories.give_back(report, holder)

    entry.reply_to_item(factories.working(report), item, "Chưa rõ.", by=signer)
    entry.reply_to_item(factories.working(report), item, " UBND xã. ", by=signer)
    factories.submit(report, signer)
    with pytest.raises(NotAllowed):
        entry.reply_to_item(factories.working(report), item, "Khác.", by=signer)

    item.refresh_from_db()
    assert (item.reply, item.replied_by, item.replied_at, item.is_open) == ("UBND xã.", signer, NOW, True)


def test_a_reply_needs_words() -> None:
    report, _version, holder = reviewed()
    item = factories.give_back(report, holder)

    with pytest.raises(Refused, match=r"Please write an answer\."):
        entry.reply_to_item(factories.working(report), item, " ", by=factories.signer_of(report.commune))


def test_a_resolved_item_is_not_answered_any_more() -> None:
    report, _version, holder = reviewed()
    signer = factories.signer_of(report.commune)
    entry.raise_item(factories.working(report), text="Còn gì?", kind=MUST_FIX, by=holder)
    done = entry.raise_item(factories.working(report), text="Nguồn?", kind=MUST_FIX, by=holder)
    entry.resolve_item(factories.working(report), done, by=holder)
    factories.give_back(report, holder)

    with pytest.raises(Refused, match=r"This item is already resolved\."):
        entry.reply_to_item(factories.working(report), done, "UBND xã.", by=signer)


def test_resolving_twice_keeps_the_first_resolution() -> None:
    _report, version, holder = reviewed()
    item = entry.raise_item(version, text="Nguồn?", kind=MUST_FIX, by=holder)
    entry.resolve_item(version, item, by=holder)

    with clock.at(moment("2015-01-05")):
        entry.resolve_item(version, item, by=holder)

    item.refresh_from_db()
    assert (item.resolved_by, item.resolved_at) == (holder, NOW)


def test_an_item_of_another_report_is_out_of_reach(draft: Draft) -> None:
    _report, version, holder = reviewed_elsewhere()
    item = entry.raise_item(version, text="Nguồn?", kind=MUST_FIX, by=holder)

    with pytest.raises(ReviewItem.DoesNotExist):
        entry.reply_to_item(draft.version, item, "UBND xã.", by=draft.lan)


def reviewed_elsewhere() -> tuple[QuarterlyReport, ReportVersion, User]:
    report = factories.make_in_review("Hải Đường")
    version = factories.working(report)
    assert version.holder is not None
    return report, version, version.holder


def test_the_empty_row_names_all_content_of_a_value() -> None:
    assert set(EMPTY_VALUE) == set(IndicatorValue.CONTENT)
    assert set(EMPTY_REVIEW) == set(CriterionVerdict.REVIEW_CONTENT)
    assert set(entry.EMPTY_CLAIM) == set(CriterionVerdict.CLAIM_CONTENT)


def test_an_indicator_of_another_edition_is_refused() -> None:
    report = factories.make_report("Thanh Chăn", "2014-4")
    foreign = Indicator.objects.get(criterion__criteria_set__code="2009", code="11")
    criterion = foreign.criterion
    editor = factories.editor_of(report.commune)

    for values, claims in (
        ([entry.Write(foreign, 0, {"value": Decimal(3)})], []),
        ([], [entry.Write(criterion, 0, {"claimed": "met"})]),
    ):
        with pytest.raises(Refused):
            entry.save_rows(factories.working(report), values, claims, by=editor)

    assert not factories.working(report).values.exists()


def test_a_page_that_shows_what_stands_there_never_conflicts(draft: Draft) -> None:
    """A row that was written twice and says the same again has hidden nothing from the page of before."""
    draft.save(draft.lan, draft.write("11", 0, "3"))
    draft.save(draft.minh, draft.write("11", 1, "4"))
    draft.save(draft.minh, draft.write("11", 2, "3"))

    saved = draft.save(draft.lan, draft.write("11", 1, "2.5"))

    assert not saved.conflicts
    assert (draft.value("11").value, draft.value("11").row_version) == (Decimal("2.5"), 4)


def test_a_page_that_names_a_version_nobody_knows_conflicts(draft: Draft) -> None:
    draft.save(draft.lan, draft.write("11", 0, "3"))

    saved = draft.save(draft.minh, draft.write("11", 99, "2.5"))

    assert len(saved.conflicts) == 1
    assert draft.value("11").value == 3
