"""Two people at the same moment: exactly one wins, the other hears why, and nothing is in between.

Each race is run several times with real transactions on PostgreSQL: both wait at a barrier and then act on what
their page had shown. Who comes first is left to chance; what must hold afterwards does not depend on it.
"""

import contextvars
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from communes.models import User
from criteria.models import Indicator
from ntm_tracker import clock
from reports import entry, summaries, workflow
from reports.models import (
    DeadlineExtension,
    IndicatorValue,
    InForce,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ReviewItem,
    State,
    ValueChange,
)
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 10
PATIENCE = 20  # seconds until a race counts as hung


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")), translation.override("en"):
        yield


@dataclass
class Outcome:
    """What came of a race, in the order of the runners."""

    results: list[Any] = field(default_factory=list)

    @property
    def winners(self) -> list[Any]:
        return [result for result in self.results if not isinstance(result, Exception)]

    @property
    def losers(self) -> list[Exception]:
        return [result for result in self.results if isinstance(result, Exception)]

    def one_wins(self) -> None:
        """Exactly one went through, and the others were refused in a sentence."""
        assert len(self.winners) == 1, self.results
        assert all(isinstance(loser, Refused) and str(loser) for loser in self.losers), self.results


def race(*runners: Callable[[], Any]) -> Outcome:
    """Let the runners go at the same moment, each on a connection of its own."""
    start = threading.Barrier(len(runners), timeout=PATIENCE)
    outcome = Outcome([TimeoutError("never finished") for _runner in runners])

    def run(lane: int, runner: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            outcome.results[lane] = runner()
        except Exception as error:  # noqa: BLE001
            outcome.results[lane] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, lane, runner), daemon=True)
        for lane, runner in enumerate(runners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return outcome


def step(version: ReportVersion, action: str, by: User, data: StepData | None = None) -> Callable[[], Any]:
    """Taking a step on the version as somebody's page had shown it."""
    return partial(workflow.take_step, version, action, by=by, data=data)


def assert_sound(report: QuarterlyReport) -> None:
    """What holds whoever came first."""
    report = factories.reload(report)
    versions = list(report.versions.order_by("number"))
    in_work = [version for version in versions if version.state in ("draft", "submitted", "in_review")]
    accepted = [version for version in versions if version.state == "accepted"]
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    assert in_work == ([report.working] if report.working else [])
    assert accepted == ([report.in_force] if report.in_force else [])
    spans = InForce.objects.filter(report=report, until=None)
    assert [span.version for span in spans] == accepted
    for version in versions:
        assert replayed(version) == version.state
    history: dict[int, list[Decimal | None]] = {}
    for change in ValueChange.objects.filter(row__version__report=report).order_by("row_version"):
        history.setdefault(change.row_id, []).append(change.value)
        assert len(history[change.row_id]) == change.row_version
    for row in IndicatorValue.objects.filter(version__report=report):
        assert len(history[row.pk]) == row.row_version
        assert history[row.pk][-1] == row.value


def replayed(version: ReportVersion) -> str:
    """The state that the events of the version lead to, each starting where the one before ended."""
    state: str = State.DRAFT
    for event in version.events.exclude(action__in=["open", "extend"]).order_by("pk"):
        assert event.from_state == state
        state = event.to_state
    newer = version.report.versions.filter(number__gt=version.number, state="accepted").exists()
    return State.SUPERSEDED if state == State.ACCEPTED and newer else state


def events(report: QuarterlyReport, action: str) -> int:
    return ReportEvent.objects.filter(report=report, action=action).count()


@dataclass
class Committee:
    """A report ready to be signed, and the people around it."""

    report: QuarterlyReport
    signer: User
    second: User
    reviewer: User
    other: User


@pytest.fixture
def committee() -> Committee:
    report = factories.make_report()
    commune = report.commune
    signer, reviewer = factories.signer_of(commune), factories.reviewer_of(commune)
    factories.fill_in(report, signer)
    return Committee(report, signer, factories.signer_of(commune), reviewer, factories.reviewer_of(commune))


def back_to_draft(here: Committee) -> None:
    """Withdraw, for the next round."""
    version = factories.working(here.report)
    if version.state == State.SUBMITTED:
        workflow.take_step(version, "withdraw", by=here.signer)


def income(here: Committee) -> IndicatorValue:
    rows = IndicatorValue.objects.select_related("indicator")
    return rows.get(version=factories.working(here.report), indicator__code="10")


# Submit


def test_submit_against_save(committee: Committee) -> None:
    """Either the save came first and the signature no longer fits, or the report is gone when the save comes."""
    for _round in range(ROUNDS):
        version, row = factories.working(committee.report), income(committee)
        signed = factories.signature(version)
        assert row.value is not None
        write = entry.Write(row.indicator, row.row_version, {"value": row.value + 1})

        outcome = race(
            step(version, "submit", committee.signer, signed),
            partial(entry.save_rows, version, [write], [], by=committee.second),
        )

        outcome.one_wins()
        submitted = not isinstance(outcome.results[0], Exception)
        now = income(committee)
        assert (now.value == row.value) == submitted
        assert (factories.working(committee.report).state == State.SUBMITTED) == submitted
        assert factories.working(committee.report).revision == version.revision + (not submitted)
        assert (now.threshold is not None) == submitted
        assert_sound(committee.report)
        back_to_draft(committee)


def test_two_submits(committee: Committee) -> None:
    for number in range(1, ROUNDS + 1):
        version = factories.working(committee.report)
        signed = factories.signature(version)

        outcome = race(
            step(version, "submit", committee.signer, signed), step(version, "submit", committee.second, signed)
        )

        outcome.one_wins()
        assert events(committee.report, "submit") == number
        assert_sound(committee.report)
        back_to_draft(committee)


def test_the_first_submission_against_an_extension() -> None:
    """Either more time was given before it came, or it had come and there was nothing left to extend."""
    lead = factories.make_lead()
    for name in ["Thanh Chăn", "Hải Đường", "Tân Hội", "Tân Lập", "Gia Phố"]:
        report = factories.make_report(name)
        signer = factories.signer_of(report.commune)
        version = factories.fill_in(report, signer)
        new_due = moment("2015-01-20").date()

        outcome = race(
            step(version, "submit", signer, factories.signature(version)),
            partial(workflow.extend_deadline, report, new_due=new_due, reason="Lũ lụt.", by=lead),
        )

        assert not isinstance(outcome.results[0], Exception)
        extended = DeadlineExtension.objects.filter(report=report).exists()
        assert extended == (not isinstance(outcome.results[1], Exception))
        assert all(isinstance(loser, Refused) for loser in outcome.losers)
        assert_sound(report)


# Withdraw


def test_take_up_against_withdraw(committee: Committee) -> None:
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        version = factories.working(committee.report)

        outcome = race(step(version, "take_up", committee.reviewer), step(version, "withdraw", committee.signer))

        outcome.one_wins()
        taken_up = not isinstance(outcome.results[0], Exception)
        now = factories.working(committee.report)
        assert now.state == (State.IN_REVIEW if taken_up else State.DRAFT)
        assert (now.holder == committee.reviewer) == taken_up
        assert (now.judged_on is not None) == taken_up
        assert_sound(committee.report)
        if taken_up:
            next_draft(committee)


def next_draft(here: Committee) -> None:
    """Return the version in review and answer, for the next round."""
    factories.give_back(here.report, factories.working(here.report).holder or here.reviewer)
    factories.answer(here.report, here.signer)


def test_accept_against_withdraw(committee: Committee) -> None:
    """A page that still offered to withdraw, against the acceptance."""
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        stale = factories.working(committee.report)
        version = factories.take_up(committee.report, committee.reviewer)

        outcome = race(step(version, "accept", committee.reviewer), step(stale, "withdraw", committee.signer))

        outcome.one_wins()
        assert isinstance(outcome.results[1], NotAllowed)
        assert factories.official(committee.report).state == State.ACCEPTED
        assert_sound(committee.report)
        undo(committee)


def undo(here: Committee) -> None:
    """Undo the acceptance and return the version, for the next round."""
    official, reason = factories.official(here.report), StepData(reason="Nhầm.")
    workflow.take_step(official, "undo_accept", by=factories.make_lead(), data=reason)
    factories.give_back(here.report, here.reviewer)
    factories.answer(here.report, here.signer)
    # The next acceptance must not wait for the items of earlier rounds.
    ReviewItem.objects.filter(report=here.report).update(resolved_by=here.reviewer, resolved_at=clock.now())


def test_two_take_ups(committee: Committee) -> None:
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        version = factories.working(committee.report)

        outcome = race(step(version, "take_up", committee.reviewer), step(version, "take_up", committee.other))

        outcome.one_wins()
        holder = committee.other if isinstance(outcome.results[0], Exception) else committee.reviewer
        assert factories.working(committee.report).holder == holder
        assert_sound(committee.report)
        next_draft(committee)


# Accept


def test_two_accepts(committee: Committee) -> None:
    for number in range(1, ROUNDS + 1):
        factories.submit(committee.report, committee.signer)
        version = factories.take_up(committee.report, committee.reviewer)

        outcome = race(step(version, "accept", committee.reviewer), step(version, "accept", committee.reviewer))

        outcome.one_wins()
        assert events(committee.report, "accept") == number
        assert InForce.objects.filter(report=committee.report).count() == number
        assert_sound(committee.report)
        undo(committee)


def test_accept_against_return(committee: Committee) -> None:
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        version = factories.take_up(committee.report, committee.reviewer)
        entry.raise_item(version, text="Vì sao?", kind=ReviewItem.Kind.QUESTION, by=committee.reviewer)
        data = StepData(reason="Thiếu.", respond_by=clock.today())

        outcome = race(step(version, "accept", committee.reviewer), step(version, "return", committee.reviewer, data))

        outcome.one_wins()
        accepted = not isinstance(outcome.results[0], Exception)
        report = factories.reload(committee.report)
        assert (report.in_force is not None) == accepted
        assert (report.working is None) == accepted
        assert_sound(report)
        if accepted:
            undo(committee)
        else:
            factories.answer(report, committee.signer)
            ReviewItem.objects.filter(report=report).update(resolved_by=committee.reviewer, resolved_at=clock.now())


def test_accept_against_a_must_fix_item(committee: Committee) -> None:
    """Nothing is accepted over an open item, and no item is raised on what is accepted."""
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        version = factories.take_up(committee.report, committee.reviewer)

        outcome = race(
            step(version, "accept", committee.reviewer),
            partial(entry.raise_item, version, text="Sửa!", kind=ReviewItem.Kind.MUST_FIX, by=committee.reviewer),
        )

        outcome.one_wins()
        accepted = not isinstance(outcome.results[0], Exception)
        open_items = ReviewItem.objects.filter(report=committee.report, resolved_at=None)
        assert open_items.exists() == (not accepted)
        if accepted:
            undo(committee)
        else:
            entry.resolve_item(version, open_items.get(), by=committee.reviewer)
            next_draft(committee)
            ReviewItem.objects.filter(report=committee.report).update(
                resolved_by=committee.reviewer, resolved_at=clock.now()
            )


# Corrections


def test_two_corrections_at_once(committee: Committee) -> None:
    factories.submit(committee.report, committee.signer)
    factories.take_up(committee.report, committee.reviewer)
    factories.accept(committee.report, committee.reviewer)
    for _round in range(ROUNDS):
        version, reason = factories.official(committee.report), StepData(reason="Nhầm số liệu.")

        outcome = race(
            step(version, "open_correction", committee.signer, reason),
            step(version, "open_correction", committee.reviewer, reason),
        )

        outcome.one_wins()
        assert_sound(committee.report)
        draft = factories.working(committee.report)
        workflow.take_step(draft, "cancel_correction", by=factories.make_lead(), data=reason)


def test_a_correction_against_an_undo(committee: Committee) -> None:
    lead = factories.make_lead()
    for _round in range(ROUNDS):
        if factories.reload(committee.report).in_force is None:
            factories.submit(committee.report, committee.signer)
            factories.take_up(committee.report, committee.reviewer)
            factories.accept(committee.report, committee.reviewer)
        version, reason = factories.official(committee.report), StepData(reason="Nhầm số liệu.")

        outcome = race(
            step(version, "open_correction", committee.signer, reason), step(version, "undo_accept", lead, reason)
        )

        outcome.one_wins()
        assert_sound(committee.report)
        draft = factories.working(committee.report)
        if draft.state == State.DRAFT:
            workflow.take_step(draft, "cancel_correction", by=lead, data=reason)
        else:
            next_draft(committee)
            ReviewItem.objects.filter(report=committee.report).update(
                resolved_by=committee.reviewer, resolved_at=clock.now()
            )


def test_submitting_a_correction_against_cancelling_it(committee: Committee) -> None:
    """Both may follow each other when the submission comes first; a cancelled one is never submitted."""
    factories.submit(committee.report, committee.signer)
    factories.take_up(committee.report, committee.reviewer)
    factories.accept(committee.report, committee.reviewer)
    reason = StepData(reason="Nhầm số liệu.")
    for _round in range(ROUNDS):
        official = factories.official(committee.report)
        workflow.take_step(official, "open_correction", by=committee.signer, data=reason)
        draft = factories.working(committee.report)

        outcome = race(
            step(draft, "submit", committee.second, factories.signature(draft)),
            step(draft, "cancel_correction", committee.signer, reason),
        )

        assert not isinstance(outcome.results[1], Exception)
        assert all(isinstance(loser, NotAllowed) for loser in outcome.losers)
        assert ReportVersion.objects.get(pk=draft.pk).state == State.DISCARDED
        assert_sound(committee.report)


# Rows


def test_two_first_saves_of_the_same_row() -> None:
    report = factories.make_report()
    lan, minh = factories.editor_of(report.commune), factories.editor_of(report.commune)
    indicators = Indicator.objects.filter(criterion__criteria_set=report.period.criteria_set, kind="percent")
    assert len(indicators) >= ROUNDS
    for number, indicator in enumerate(indicators[:ROUNDS], start=1):
        version = factories.working(report)

        outcome = race(*(saving(version, indicator, 0, value, by) for value, by in [(11, lan), (22, minh)]))

        assert not outcome.losers, outcome.results
        assert sorted((saved.written, len(saved.conflicts)) for saved in outcome.results) == [(0, 1), (1, 0)]
        row = IndicatorValue.objects.get(version=version, indicator=indicator)
        winner = lan if outcome.results[0].written else minh
        assert (row.value, row.updated_by) == (11 if winner == lan else 22, winner)
        assert factories.working(report).revision == number
        assert_sound(report)


def saving(version: ReportVersion, indicator: Indicator, row_version: int, value: int, by: User) -> Callable[[], Any]:
    write = entry.Write(indicator, row_version, {"value": Decimal(value)})
    return partial(entry.save_rows, version, [write], [], by=by)


def test_two_changes_of_the_same_row(committee: Committee) -> None:
    for number in range(ROUNDS):
        version, row = factories.working(committee.report), income(committee)

        outcome = race(
            saving(version, row.indicator, row.row_version, 100 + number, committee.signer),
            saving(version, row.indicator, row.row_version, 200 + number, committee.second),
        )

        assert sorted((saved.written, len(saved.conflicts)) for saved in outcome.results) == [(0, 1), (1, 0)]
        assert income(committee).row_version == row.row_version + 1
        assert_sound(committee.report)


def test_two_people_save_two_rows(committee: Committee) -> None:
    """Both are written: only the same row is a matter for two."""
    rows = IndicatorValue.objects.select_related("indicator").filter(version=factories.working(committee.report))
    for number in range(ROUNDS):
        first, second = rows.get(indicator__code="10"), rows.get(indicator__code="12")
        version = factories.working(committee.report)

        outcome = race(
            saving(version, first.indicator, first.row_version, 100 + number, committee.signer),
            saving(version, second.indicator, second.row_version, 70 + number, committee.second),
        )

        assert [(saved.written, saved.conflicts) for saved in outcome.results] == [(1, []), (1, [])]
        assert factories.working(committee.report).revision == version.revision + 2
        assert_sound(committee.report)


def test_a_verdict_against_the_acceptance(committee: Committee) -> None:
    """A verdict written too late does not slip into what is already official."""
    for _round in range(ROUNDS):
        factories.submit(committee.report, committee.signer)
        version = factories.take_up(committee.report, committee.reviewer)
        row = version.verdicts.select_related("criterion").get(criterion__number=10)
        write = entry.Write(row.criterion, row.row_version, {"verified": "basic", "verified_reason": "Gần đạt"})

        outcome = race(
            step(version, "accept", committee.reviewer),
            partial(entry.save_review, version, [write], by=committee.reviewer),
        )

        assert not isinstance(outcome.results[0], Exception)
        assert all(isinstance(loser, NotAllowed) for loser in outcome.losers)
        verified = version.verdicts.get(criterion__number=10).verified
        assert verified == ("met" if outcome.losers else "basic")
        accepted_at = ReportEvent.objects.filter(version=version, action="accept").latest("pk")
        assert accepted_at.to_state == State.ACCEPTED
        undo(committee)


def test_opening_a_period_twice_at_once() -> None:
    for code in ["2014-1", "2014-2", "2014-3"]:
        period = factories.period(code)

        outcome = race(partial(workflow.open_period, period), partial(workflow.open_period, period))

        assert sorted(outcome.results) == [0, 11]
        assert period.reports.count() == 11
        assert ReportVersion.objects.filter(report__period=period).count() == 11


def test_publishing_twice_at_once() -> None:
    factories.make_accepted("Thanh Chăn", "2014-3")
    leads = [factories.make_lead(), factories.make_lead()]
    programme, period = factories.programme(), factories.period("2014-3")
    found = summaries.prospect(programme, period.code)
    assert found is not None

    outcome = race(
        *(partial(summaries.publish, programme, period, note="", by=lead, shown=found.digest) for lead in leads)
    )

    outcome.one_wins()
    assert [issue.summary.issue for issue in summaries.issues(programme.code)] == [1]
