"""Who may do what with a report: every state, every person and every action against one literal table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from communes.models import AreaAssignment, Commune, Duty, User
from ntm_tracker import clock
from reports import entry, permissions, workflow
from reports.models import QuarterlyReport, ReportEvent, ReportVersion, ReviewItem, State
from reports.workflow import STEPS, NotAllowed, StepData
from tests import factories
from tests.factories import moment

from .snapshot import everything

pytestmark = pytest.mark.django_db

TODAY = date(2015, 1, 3)
SIGNERS = {"signer", "second signer"}
REVIEWERS = {"reviewer", "second reviewer"}

# Who may take which step. Whatever is not named here is refused. "reviewer" holds what is held, "signer" opened
# the correction unless the situation says otherwise.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "draft": {"submit": SIGNERS},
    "draft after the freeze": {"submit": SIGNERS},
    "submitted": {"withdraw": SIGNERS, "take_up": REVIEWERS, "return": REVIEWERS},
    "in review": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "in review after the freeze": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "returned": {},
    "draft after a return": {"submit": SIGNERS},
    "accepted": {"undo_accept": {"lead"}, "open_correction": SIGNERS | REVIEWERS | {"lead"}},
    "accepted, on the freeze day": {"undo_accept": {"lead"}, "open_correction": SIGNERS | REVIEWERS | {"lead"}},
    "accepted after the freeze": {"undo_accept": {"lead"}, "open_correction": {"lead"}},
    "accepted while a correction is in work": {},
    "correction": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "correction after the freeze": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "correction opened by the reviewer": {"submit": SIGNERS, "cancel_correction": {"reviewer", "lead"}},
    "correction opened by the lead": {"submit": SIGNERS, "cancel_correction": {"lead"}},
    "correction submitted": {
        "withdraw": SIGNERS,
        "take_up": REVIEWERS,
        "return": REVIEWERS,
        "cancel_correction": {"signer", "lead"},
    },
    "correction in review": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "draft of a returned correction": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "superseded": {},
    "discarded": {},
    "in review after an undo": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
}

# Who may write what, in the same situations.
COMMITTEE = {"signer", "second signer", "editor"}
DRAFTS = {
    "draft",
    "draft after the freeze",
    "draft after a return",
    "correction",
    "correction after the freeze",
    "correction opened by the reviewer",
    "correction opened by the lead",
    "draft of a returned correction",
}
SENT = {"submitted", "correction submitted"}
HELD = {"in review", "in review after the freeze", "correction in review", "in review after an undo"}

# Which state each step ends in, for the version it is taken on.
BECOMES = {
    "submit": "submitted",
    "withdraw": "draft",
    "take_up": "in_review",
    "return": "returned",
    "reassign": "in_review",
    "accept": "accepted",
    "undo_accept": "in_review",
    "open_correction": "accepted",
    "cancel_correction": "discarded",
}


@dataclass
class Place:
    """The report of one commune, and a person for every role."""

    report: QuarterlyReport
    people: dict[str, User]
    day: date = TODAY
    version: ReportVersion | None = None

    def fresh(self) -> ReportVersion:
        """The version the situation is about, read again with its report."""
        report = factories.reload(self.report)
        version = report.versions.get(pk=self.version.pk) if self.version else report.working
        assert version is not None
        version.report = report
        return version

    def person(self, role: str) -> User:
        """The person with no assignments remembered from earlier."""
        return User.objects.get(pk=self.people[role].pk)


def limited(duty: Duty, home: Commune, to: Commune) -> User:
    user = factories.make_user(duty, home.province)
    user.assignments.get().communes.set([to])
    return user


def people_around(commune: Commune) -> dict[str, User]:
    """One user for every role, and those who come close to one."""
    elsewhere = factories.commune("Hải Đường")
    neighbour = Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province=commune.province)
    past = factories.signer_of(commune)
    past.assignments.update(until=TODAY - timedelta(days=1))
    future = factories.reviewer_of(commune)
    future.assignments.update(since=date(2030, 1, 1))
    return {
        "nobody": factories.make_user(),
        "editor": factories.editor_of(commune),
        "signer": factories.signer_of(commune),
        "second signer": factories.signer_of(commune),
        "signer elsewhere": factories.signer_of(elsewhere),
        "signer of the neighbour only": limited(Duty.SIGNER, commune, neighbour),
        "signer until yesterday": past,
        "reviewer": factories.reviewer_of(commune),
        "second reviewer": factories.reviewer_of(commune),
        "reviewer elsewhere": factories.reviewer_of(elsewhere),
        "reviewer from some day on": future,
        "lead": factories.make_lead(),
        "lead elsewhere": factories.make_user(Duty.LEAD, elsewhere.province),
        "central member": factories.central_member_of(commune),
        "viewer": factories.make_viewer(),
        "administrator": factories.make_administrator(),
    }


# The situations


def draft(place: Place) -> None:
    factories.fill_in(place.report, place.people["signer"])


def submitted(place: Place) -> None:
    """Submitted, with a question on it, so that it could be returned and accepted alike."""
    factories.fill_in(place.report, place.people["signer"])
    factories.submit(place.report, place.people["signer"])
    ask(place)


def ask(place: Place) -> None:
    version = factories.working(place.report)
    entry.raise_item(version, text="Vì sao?", kind=ReviewItem.Kind.QUESTION, by=place.people["reviewer"])


def in_review(place: Place) -> None:
    submitted(place)
    factories.take_up(place.report, place.people["reviewer"])


def returned(place: Place) -> None:
    in_review(place)
    place.version = factories.working(place.report)
    factories.give_back(place.report, place.people["reviewer"])


def draft_after_return(place: Place) -> None:
    returned(place)
    place.version = None
    answer_items(place)


def answer_items(place: Place) -> None:
    for item in place.report.review_items.filter(reply="", resolved_at=None):
        entry.reply_to_item(factories.working(place.report), item, "Đã bổ sung.", by=place.people["signer"])


def accepted(place: Place) -> None:
    in_review(place)
    for item in place.report.review_items.all():
        entry.resolve_item(factories.working(place.report), item, by=place.people["reviewer"])
    place.version = factories.accept(place.report, place.people["reviewer"])


def accepted_with_correction(place: Place) -> None:
    correction(place)
    place.version = factories.official(place.report)


def correction(place: Place, by: str = "signer") -> None:
    accepted(place)
    version = factories.official(place.report)
    workflow.take_step(version, "open_correction", by=place.people[by], data=StepData(reason="Nhầm số liệu."))
    place.version = None


def correction_submitted(place: Place) -> None:
    correction(place)
    factories.submit(place.report, place.people["signer"])
    ask(place)


def correction_in_review(place: Place) -> None:
    correction_submitted(place)
    factories.take_up(place.report, place.people["reviewer"])


def draft_of_returned_correction(place: Place) -> None:
    correction_in_review(place)
    factories.give_back(place.report, place.people["reviewer"])
    answer_items(place)


def superseded(place: Place) -> None:
    correction_in_review(place)
    place.version = factories.official(place.report)
    factories.accept(place.report, place.people["reviewer"])


def discarded(place: Place) -> None:
    correction(place)
    place.version = factories.working(place.report)
    data = StepData(reason="Số liệu đã đúng.")
    workflow.take_step(factories.working(place.report), "cancel_correction", by=place.people["signer"], data=data)


def undone(place: Place) -> None:
    accepted(place)
    data = StepData(reason="Chấp nhận nhầm.")
    workflow.take_step(factories.official(place.report), "undo_accept", by=place.people["lead"], data=data)
    place.version = None
    ask(place)


SITUATIONS: dict[str, tuple[Callable[[Place], None], str, date]] = {
    "draft": (draft, "draft", TODAY),
    "draft after the freeze": (draft, "draft", date(2015, 4, 1)),
    "submitted": (submitted, "submitted", TODAY),
    "in review": (in_review, "in_review", TODAY),
    "in review after the freeze": (in_review, "in_review", date(2015, 4, 1)),
    "returned": (returned, "returned", TODAY),
    "draft after a return": (draft_after_return, "draft", TODAY),
    "accepted": (accepted, "accepted", TODAY),
    "accepted, on the freeze day": (accepted, "accepted", date(2015, 3, 31)),
    "accepted after the freeze": (accepted, "accepted", date(2015, 4, 1)),
    "accepted while a correction is in work": (accepted_with_correction, "accepted", TODAY),
    "correction": (correction, "draft", TODAY),
    "correction after the freeze": (correction, "draft", date(2015, 4, 1)),
    "correction opened by the reviewer": (lambda place: correction(place, "reviewer"), "draft", TODAY),
    "correction opened by the lead": (lambda place: correction(place, "lead"), "draft", TODAY),
    "correction submitted": (correction_submitted, "submitted", TODAY),
    "correction in review": (correction_in_review, "in_review", TODAY),
    "draft of a returned correction": (draft_of_returned_correction, "draft", TODAY),
    "superseded": (superseded, "superseded", TODAY),
    "discarded": (discarded, "discarded", TODAY),
    "in review after an undo": (undone, "in_review", TODAY),
}


def make_place(situation: str) -> Place:
    """The report brought into the situation by the people who may."""
    report = factories.make_report()
    place = Place(report, people_around(report.commune), SITUATIONS[situation][2])
    SITUATIONS[situation][0](place)
    return place


def fitting(version: ReportVersion, place: Place) -> StepData:
    """Data with which every step could be taken."""
    week = clock.today() + timedelta(days=7)
    successor = place.person("second reviewer")
    return factories.signature(version, reason="Vì một lý do.", respond_by=week, to=successor)


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")), translation.override("en"):
        yield


# The table


def test_the_table_knows_every_state_and_every_action() -> None:
    assert set(ALLOWED) == set(SITUATIONS)
    assert {state for _, state, _ in SITUATIONS.values()} == set(State.values)
    assert {action for row in ALLOWED.values() for action in row} == {action.value for action in STEPS}
    assert {action.value for action in STEPS} == set(BECOMES)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_person_may_take_exactly_the_steps_of_the_table(situation: str) -> None:
    place = make_place(situation)
    allowed = {(role, action) for action, roles in ALLOWED[situation].items() for role in roles}

    with clock.at(moment(place.day.isoformat(), "23:59")):
        assert place.fresh().state == SITUATIONS[situation][1]
        before = everything()
        for role in place.people:
            user, version = place.person(role), place.fresh()
            offered = workflow.steps_for(user, version)
            assert {(role, action) for action in offered} == {pair for pair in allowed if pair[0] == role}
            for action in BECOMES:
                reason = workflow.why_not(user, version, action)
                assert (reason == "") == ((role, action) in allowed), (role, action, reason)
                if reason:
                    assert_refused(place, version, action, user, reason)
        assert everything() == before

        for role, action in sorted(allowed):
            version = place.fresh()
            with transaction.atomic():
                workflow.take_step(version, action, by=place.person(role), data=fitting(version, place))
                assert ReportVersion.objects.get(pk=version.pk).state == BECOMES[action], (role, action)
                event = ReportEvent.objects.latest("pk")
                assert (event.action, event.from_state, event.to_state, event.by) == (
                    action,
                    version.state,
                    BECOMES[action],
                    place.people[role],
                )
                transaction.set_rollback(True)


def assert_refused(place: Place, version: ReportVersion, action: str, user: User, reason: str) -> None:
    """The step is refused in one sentence, the one that `why_not` gives."""
    assert reason[0].isupper()
    assert reason.endswith(".")
    with pytest.raises(NotAllowed) as refused:
        workflow.take_step(version, action, by=user, data=fitting(version, place))
    assert str(refused.value) == reason


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_person_may_write_exactly_what_their_side_may_at_that_moment(situation: str) -> None:
    place = make_place(situation)
    version = place.fresh()

    with clock.at(moment(place.day.isoformat())):
        people = {role: place.person(role) for role in place.people}
        writers = {role for role, user in people.items() if permissions.writable_by(user, version)}
        verifiers = {role for role, user in people.items() if permissions.can_verify(user, version)}
        raisers = {role for role, user in people.items() if permissions.can_raise_item(user, version)}

    assert writers == (COMMITTEE if situation in DRAFTS else set())
    assert verifiers == ({"reviewer"} if situation in HELD else set())
    assert raisers == ({"reviewer"} if situation in HELD else REVIEWERS if situation in SENT else set())


def test_only_a_lead_of_the_province_extends() -> None:
    place = make_place("draft")

    assert {role for role in place.people if permissions.can_extend(place.person(role), place.report)} == {"lead"}


# Who holds


def test_a_holder_whose_province_was_taken_away_holds_no_longer() -> None:
    place = make_place("in review")
    AreaAssignment.objects.filter(user=place.people["reviewer"]).update(until=TODAY - timedelta(days=1))

    assert not workflow.steps_for(place.person("reviewer"), place.fresh())
    assert not permissions.can_verify(place.person("reviewer"), place.fresh())


def test_who_opened_a_correction_cannot_cancel_it_after_losing_the_province() -> None:
    place = make_place("correction")
    AreaAssignment.objects.filter(user=place.people["signer"]).update(until=TODAY - timedelta(days=1))

    assert "cancel_correction" not in workflow.steps_for(place.person("signer"), place.fresh())


def test_one_person_may_hold_several_duties() -> None:
    place = make_place("correction submitted")
    both = place.people["lead"]
    AreaAssignment.objects.create(
        user=both, duty=Duty.REVIEWER, province=place.report.commune.province, since=date(2014, 1, 1)
    )

    assert set(workflow.steps_for(place.person("lead"), place.fresh())) == {"take_up", "return", "cancel_correction"}


def test_a_refusal_says_who_could() -> None:
    place = make_place("in review")

    reason = workflow.why_not(place.person("second reviewer"), place.fresh(), "accept")

    assert reason == "Only the reviewer who has taken the report up can do this."


def test_while_nobody_holds_the_report_a_refusal_names_the_reviewers_of_the_province() -> None:
    place = make_place("submitted")

    reason = workflow.why_not(place.person("reviewer elsewhere"), place.fresh(), "return")

    assert reason == "Only a reviewer of the province can do this."


def test_a_refusal_says_in_which_state_the_report_is_and_who_can_when() -> None:
    place = make_place("submitted")

    reason = workflow.why_not(place.person("signer"), place.fresh(), "submit")

    assert reason == (
        "The report is now in the state “submitted”, in which this cannot be done. "
        "It can be done in the state “draft”, by a signer of the provincial committee."
    )


def test_the_offered_steps_cost_no_query(django_assert_num_queries: Any) -> None:
    place = make_place("in review")
    user, version = place.person("reviewer"), place.fresh()
    assert user.current_assignments

    with django_assert_num_queries(0):
        workflow.steps_for(user, version)
