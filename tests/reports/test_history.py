"""Is the past kept as it was, whatever people do, in whatever order?"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import translation

from communes.models import Commune, Membership, Target, User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import (
    CriterionVerdict,
    DeadlineExtension,
    IndicatorValue,
    InForce,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ResourceChange,
    ResourceEntry,
    ReviewItem,
    Section,
    SectionLine,
    SectionLineChange,
    Source,
    State,
    ValueChange,
    VerdictChange,
)
from reports.workflow import STEPS, NotAllowed, Refused, StepData
from reports.writing import changes_in
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.django_db

NOW = moment("2015-01-03")
QUESTION, MUST_FIX = ReviewItem.Kind.QUESTION, ReviewItem.Kind.MUST_FIX


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(NOW), translation.override("en"):
        yield


# Written once


def rows_of_history() -> list[models.Model]:
    """One row of every kind that is written once."""
    report = factories.make_report()
    extension = workflow.extend_deadline(report, new_due=date(2015, 1, 20), reason="Lũ lụt.", by=factories.make_lead())
    factories.fill_in(report, factories.editor_of(report.commune))
    editor = factories.editor_of(report.commune)
    amount = entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal(5)})
    entry.save_rows(factories.working(report), resources=[amount], by=editor)
    changes = (ReportEvent, ValueChange, VerdictChange, SectionLineChange, ResourceChange)
    return [extension, *(model._default_manager.all()[0] for model in changes)]


def test_history_refuses_every_change_and_deletion() -> None:
    for row in rows_of_history():
        stored = type(row)._default_manager.values().get(pk=row.pk)
        with pytest.raises(ValidationError):
            row.save()
        with pytest.raises(ValidationError):
            row.delete()
        assert type(row)._default_manager.values().get(pk=row.pk) == stored


def test_what_history_hangs_on_cannot_be_deleted() -> None:
    report = factories.make_accepted()
    version = factories.official(report)
    rows: list[models.Model] = [
        report,
        version,
        version.values.all()[0],
        version.verdicts.all()[0],
        report.period,
        report.commune,
        User.objects.get(held_versions=version),
    ]

    for row in rows:
        with pytest.raises(ProtectedError):
            row.delete()


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        (
            "version_in_work_once_per_report",
            lambda report: ReportVersion.objects.create(report=report, number=9, opened_at=NOW),
        ),
        ("version_beyond_draft_was_submitted", lambda report: report.versions.update(state="returned")),
        ("version_submitted_at_by_and_judged_together", lambda report: report.versions.update(submitted_at=NOW)),
        ("version_holder_and_since_together", lambda report: report.versions.update(held_since=NOW)),
        (
            "report_once_per_commune_and_period",
            lambda report: QuarterlyReport.objects.create(commune=report.commune, period=report.period),
        ),
        (
            "extension_gives_more_time",
            lambda report: DeadlineExtension.objects.create(
                report=report,
                old_due=NOW.date(),
                new_due=NOW.date(),
                by=factories.make_lead(),
                at=NOW,
            ),
        ),
    ],
)
def test_the_database_itself_refuses_what_can_never_be(
    name: str, break_it: Callable[[QuarterlyReport], object]
) -> None:
    report = factories.make_report()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        break_it(report)

    assert name in str(refused.value) or "UNIQUE constraint failed" in str(refused.value)


def test_the_database_refuses_a_review_without_a_holder() -> None:
    report = factories.make_submitted()

    with pytest.raises(IntegrityError, match="version_in_review_has_a_holder"), transaction.atomic():
        report.versions.update(state="in_review")


def test_the_database_keeps_one_version_in_force() -> None:
    report = factories.make_accepted()

    with pytest.raises(IntegrityError), transaction.atomic():
        InForce.objects.create(report=report, version=factories.official(report), since=NOW)
    with pytest.raises(IntegrityError, match="in_force_ends_after_it_begins"), transaction.atomic():
        InForce.objects.update(until=NOW - timedelta(seconds=1))


# Recorded


def test_every_step_of_a_long_life_is_recorded() -> None:
    report = factories.make_report()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    lead = factories.make_lead()
    reason = StepData(reason=" Vì một lý do. ")
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    workflow.take_step(factories.working(report), "withdraw", by=signer)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    item = factories.give_back(report, reviewer)
    entry.reply_to_item(factories.working(report), item, "Đã bổ sung.", by=signer)
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    entry.resolve_item(factories.working(report), item, by=reviewer)
    factories.accept(report, reviewer)
    workflow.take_step(factories.official(report), "undo_accept", by=lead, data=reason)
    factories.accept(report, reviewer)
    workflow.take_step(factories.official(report), "open_correction", by=signer, data=reason)
    workflow.take_step(factories.working(report), "cancel_correction", by=lead, data=reason)

    history = report.events.order_by("pk").values_list("version__number", "action", "from_state", "to_state", "by")
    assert list(history) == [
        (1, "open", "", "draft", None),
        (1, "submit", "draft", "submitted", signer.pk),
        (1, "withdraw", "submitted", "draft", signer.pk),
        (1, "submit", "draft", "submitted", signer.pk),
        (1, "take_up", "submitted", "in_review", reviewer.pk),
        (1, "return", "in_review", "returned", reviewer.pk),
        (2, "submit", "draft", "submitted", signer.pk),
        (2, "take_up", "submitted", "in_review", reviewer.pk),
        (2, "accept", "in_review", "accepted", reviewer.pk),
        (2, "undo_accept", "accepted", "in_review", lead.pk),
        (2, "accept", "in_review", "accepted", reviewer.pk),
        (2, "open_correction", "accepted", "accepted", signer.pk),
        (3, "cancel_correction", "draft", "discarded", lead.pk),
    ]
    assert set(report.events.values_list("at", flat=True)) == {NOW}
    notes = dict(report.events.exclude(note="").values_list("action", "note"))
    assert notes == {
        "return": "Cần bổ sung.",
        "undo_accept": "Vì một lý do.",
        "open_correction": "Vì một lý do.",
        "cancel_correction": "Vì một lý do.",
    }


def test_a_refused_step_is_not_recorded() -> None:
    report = factories.make_submitted()
    before = report.events.count()

    with pytest.raises(NotAllowed):
        workflow.take_step(factories.working(report), "accept", by=factories.reviewer_of(report.commune))

    assert report.events.count() == before


def test_a_clone_starts_a_history_of_its_own_that_names_the_authors() -> None:
    report = factories.make_in_review()
    author = factories.working(report).values.all()[0].updated_by
    holder = factories.working(report).holder
    assert holder is not None

    factories.give_back(report, holder)

    draft = factories.working(report)
    changes = ValueChange.objects.filter(row__version=draft)
    assert changes.count() == draft.values.count() > 0
    assert set(changes.values_list("row_version", "by")) == {(1, author.pk)}
    verdicts = VerdictChange.objects.filter(row__version=draft)
    assert verdicts.count() == 19
    assert set(verdicts.values_list("verified", flat=True)) == {""}


def test_taking_up_is_in_the_history_of_the_verdicts() -> None:
    report = factories.make_in_review()
    version = factories.working(report)

    started = VerdictChange.objects.filter(row__version=version, row_version=2)

    assert started.count() == 19
    assert set(started.values_list("verified", "by")) == {("met", version.holder_id)}


# In any order


ROLES = ["signer", "second signer", "editor", "reviewer", "second reviewer", "lead", "central", "viewer", "nobody"]


# How likely a step is for one person to whom it is offered: few may accept or undo, many may open a correction.
WEIGHT = {"submit": 4, "withdraw": 2, "take_up": 4, "return": 5, "reassign": 3, "accept": 15, "undo_accept": 6}


@dataclass
class Walk:
    """People doing whatever comes to their mind, and what must hold after each of their moves.

    It keeps its own books of what is official and when the report came in, independent of the database.
    """

    report: QuarterlyReport
    people: dict[str, User]
    chance: random.Random
    in_force: list[int] = field(default_factory=list)  # the stack of official versions, by number
    first_submitted_at: datetime | None = None
    official: list[tuple[Any, ...]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    spans: list[tuple[Any, ...]] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    refused: int = 0

    def move(self) -> None:
        """Somebody does something, mostly something possible; the books follow."""
        user = self.people[self.chance.choice(ROLES)]
        report = factories.reload(self.report)
        current = report.working or report.in_force
        version = current if current and self.chance.random() < 0.8 else self.chance.choice(list(report.versions.all()))
        version.report = report
        doings: list[Callable[[User, ReportVersion], str]] = [
            self.step,
            self.step,
            self.step,
            self.say,
            self.save,
            self.tell,
            self.judge,
        ]
        try:
            done = self.chance.choice(doings)(user, version)
        except Refused:
            self.refused += 1
            self.hold(unchanged=True)
            return
        self.taken[done] = self.taken.get(done, 0) + 1
        self.follow(done, version)
        self.hold(unchanged=done not in ("accept", "undo_accept"))

    def step(self, user: User, version: ReportVersion) -> str:
        """Take a step: mostly one that is offered to somebody, sometimes anything by anybody."""
        action = self.chance.choice([action.value for action in STEPS])
        offered = [
            (somebody, name) for somebody in self.people.values() for name in workflow.steps_for(somebody, version)
        ]
        if offered and self.chance.random() < 0.8:
            user, action = self.chance.choices(offered, [WEIGHT.get(name, 1) for _user, name in offered])[0]
        successor = self.people[self.chance.choice(["reviewer", "second reviewer"])]
        data = factories.signature(version, reason="Vì một lý do.", respond_by=clock.today(), to=successor)
        workflow.take_step(version, action, by=user, data=data)
        self.acted_on = version.number
        return action

    def save(self, user: User, version: ReportVersion) -> str:
        """Change the income, from a page that may be stale, and say so in the claim."""
        user = self.chance.choice([user, self.people["editor"]])
        row = version.values.select_related("indicator__criterion").get(indicator__code="10")
        verdict = version.verdicts.get(criterion=row.indicator.criterion)
        value = entry.Write(
            row.indicator,
            self.chance.choice([row.row_version, 0, 1]),
            {"value": Decimal(self.chance.choice([5, 15, 25, 35]))},
        )
        claim = {"claimed": self.chance.choice(["met", "not_met"]), "claim_reason": "Theo xã."}
        claimed = entry.Write(row.indicator.criterion, verdict.row_version, claim)
        entry.save_rows(version, [value], [claimed], by=user)
        return "save"

    def tell(self, user: User, version: ReportVersion) -> str:
        """Write or remove a line, and an amount, from a page that may be stale."""
        user = self.chance.choice([user, self.people["editor"]])
        text = {"text": self.chance.choice(["Xong đường", "Xong kênh"]), "removed": self.chance.random() < 0.3}
        line = entry.Write(entry.LineOf(Section.RESULTS, "road"), self.chance.choice([0, 1, 2]), text)
        amount = {"planned": Decimal(self.chance.choice([5, 15]))}
        credit = entry.Write(entry.ResourceOf(Source.CREDIT), self.chance.choice([0, 1, 2]), amount)
        entry.save_rows(version, lines=[line], resources=[credit], by=user)
        return "tell"

    def say(self, user: User, version: ReportVersion) -> str:
        """Raise, answer or resolve an item."""
        items = list(version.report.review_items.filter(resolved_at=None))
        user = self.chance.choice([user, version.holder or user, self.people["signer"], self.people["reviewer"]])
        if not items:
            entry.raise_item(version, text="Vì sao?", kind=self.chance.choice([QUESTION, MUST_FIX]), by=user)
            return "raise"
        if version.state == State.DRAFT:
            entry.reply_to_item(version, items[0], "Vì thế.", by=user)
            return "reply"
        entry.resolve_item(version, items[0], by=user)
        return "resolve"

    def judge(self, user: User, version: ReportVersion) -> str:
        """Write a verified verdict."""
        user = self.chance.choice([user, version.holder or user])
        row = self.chance.choice(list(version.verdicts.select_related("criterion")))
        content = {"verified": self.chance.choice(["met", "basic", "not_met"]), "verified_reason": "Đã thẩm tra."}
        entry.save_review(version, [entry.Write(row.criterion, row.row_version, content)], by=user)
        return "judge"

    def follow(self, done: str, version: ReportVersion) -> None:
        """The books after a step that was taken."""
        if done == "submit" and self.first_submitted_at is None:
            self.first_submitted_at = clock.now()
        elif done == "accept":
            self.in_force.append(self.acted_on)
        elif done == "undo_accept":
            assert self.in_force.pop() == self.acted_on

    def hold(self, *, unchanged: bool) -> None:
        """What must hold now."""
        report = QuarterlyReport.objects.select_related("in_force", "working").get(pk=self.report.pk)
        versions = list(report.versions.order_by("number"))

        # One in work and one in force at most, and the pointers agree with the states.
        assert [v.number for v in versions] == list(range(1, len(versions) + 1))
        in_work = [v for v in versions if v.state in ("draft", "submitted", "in_review")]
        assert in_work == ([report.working] if report.working else [])
        accepted = [v.number for v in versions if v.state == "accepted"]
        assert accepted == self.in_force[-1:]
        assert (report.in_force.number if report.in_force else None) == (accepted[0] if accepted else None)
        assert {v.number for v in versions if v.state == "superseded"} == set(self.in_force[:-1])

        # The first submission never moves.
        assert report.first_submitted_at == self.first_submitted_at

        # The official figures move only with an acceptance or its undoing.
        official = list(
            CriterionVerdict.objects.filter(version=report.in_force)
            .order_by("pk")
            .values_list("pk", "claimed", "computed", "verified", "verified_reason", "row_version")
        ) + list(
            IndicatorValue.objects.filter(version=report.in_force)
            .order_by("pk")
            .values_list("pk", "value", "threshold", "row_version")
        )
        assert not unchanged or official == self.official
        self.official = official

        # Spans follow each other without gap or overlap, and what is closed stays.
        spans = list(
            InForce.objects.filter(report=report).order_by("pk").values_list("version__number", "since", "until")
        )
        for (_, _, until), (_, since, _) in zip(spans, spans[1:], strict=False):
            assert until is not None
            assert until <= since
        closed = [span for span in self.spans if span[2] is not None]
        assert spans[: len(closed)] == closed
        assert [number for number, _since, until in spans if until is None] == accepted
        self.spans = spans

        # Nothing is deleted, and every row has its whole history.
        counts = {model.__name__: model._default_manager.count() for model in KEPT}
        assert all(counts[name] >= number for name, number in self.counts.items())
        self.counts = counts
        assert counts["ValueChange"] == sum(IndicatorValue.objects.values_list("row_version", flat=True))
        assert counts["SectionLineChange"] == sum(SectionLine.objects.values_list("row_version", flat=True))
        assert counts["ResourceChange"] == sum(ResourceEntry.objects.values_list("row_version", flat=True))
        assert counts["VerdictChange"] == sum(CriterionVerdict.objects.values_list("row_version", flat=True))


KEPT: list[type[models.Model]] = [
    ReportVersion,
    IndicatorValue,
    CriterionVerdict,
    ReviewItem,
    InForce,
    ReportEvent,
    ValueChange,
    VerdictChange,
    SectionLine,
    SectionLineChange,
    ResourceEntry,
    ResourceChange,
]


def crowd(commune: Commune) -> dict[str, User]:
    return {
        "signer": factories.signer_of(commune),
        "second signer": factories.signer_of(commune),
        "editor": factories.editor_of(commune),
        "reviewer": factories.reviewer_of(commune),
        "second reviewer": factories.reviewer_of(commune),
        "lead": factories.make_lead(),
        "central": factories.central_member_of(commune),
        "viewer": factories.make_viewer(),
        "nobody": factories.make_user(),
    }


@pytest.mark.parametrize("seed", [688, 2013])
def test_whatever_people_do_in_whatever_order_the_past_stays(seed: int) -> None:
    report = factories.make_report()
    walk = Walk(report, crowd(report.commune), random.Random(seed))  # noqa: S311
    factories.fill_in(report, walk.people["signer"])

    for minute in range(300):
        with clock.at(NOW + timedelta(minutes=minute)):
            walk.move()

    # The walk went somewhere: every step was taken, and much was refused.
    assert set(walk.taken) >= {action.value for action in STEPS}, walk.taken
    assert walk.refused > 50
    assert len(walk.spans) > 2


def test_history_cannot_be_changed_or_deleted_in_one_go_either() -> None:
    factories.make_submitted()

    for model in (ReportEvent, ValueChange, VerdictChange, SectionLineChange, Membership, Target):
        rows = model.objects.all()
        before = rows.count()
        assert before
        with pytest.raises(ValidationError):
            rows.delete()
        with pytest.raises(ValidationError):
            rows.update(pk=1)
        assert model.objects.count() == before


# Told


def test_the_history_tells_lines_and_amounts_in_words() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)

    def write(minute: int, row_version: int, **content: Any) -> None:
        cause = {"text": "Hạn", "kind": "objective", "detail": "Không mưa"} | content
        with clock.at(NOW + timedelta(minutes=minute)):
            line = factories.a_line(cause.pop("text"), Section.DIFFICULTIES, row_version, key="drought", **cause)
            entry.save_rows(factories.working(report), lines=[line], by=editor)

    write(1, 0)
    write(2, 1, detail="Hồ cạn")
    write(3, 2, detail="Hồ cạn", removed=True)
    write(4, 3, detail="Hồ cạn")
    with clock.at(NOW + timedelta(minutes=5)):
        credit = entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal(1250)})
        nothing = entry.nothing_to_report(Section.TASKS)
        entry.save_rows(factories.working(report), lines=nothing, resources=[credit], by=editor)

    told = changes_in(factories.working(report), editor)

    title, whole = "Difficulties and causes", "Hạn · Cause: Objective · Why: Hồ cạn"
    assert {(each.what, each.before, each.after.replace("\N{NO-BREAK SPACE}", " ")) for each in told[:2]} == {
        ("Resources: Credit", "", "Planned for the year: 1,250 million dong"),
        ("Tasks for the next quarter", "", "Nothing to report this quarter"),
    }
    assert [(each.what, each.before, each.after) for each in told[2:]] == [
        (title, "removed", whole),
        (title, whole, "removed"),
        (f"{title}: Hạn", "Why: Không mưa", "Why: Hồ cạn"),
        (title, "", "Hạn · Cause: Objective · Why: Không mưa"),
    ]
    assert {each.change.by for each in told} == {editor}


def test_what_a_correction_took_over_is_not_told_again() -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.write_line(report, "Xong đường", signer)
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    factories.give_back(report, factories.reviewer_of(report.commune))

    assert changes_in(factories.working(report), signer) == []
