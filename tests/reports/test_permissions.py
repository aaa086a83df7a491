"""Who may do what with a report: every state, every person and every action against one literal table."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock
from reports import permissions, workflow
from reports.models import ReportEvent, ReportVersion, State
from reports.workflow import STEPS, NotAllowed
from tests.factories import moment

from .situations import (
    ALLOWED,
    BECOMES,
    COMMITTEE,
    DRAFTS,
    HELD,
    REVIEWERS,
    SENT,
    SITUATIONS,
    TODAY,
    Place,
    fitting,
    make_place,
)
from .snapshot import everything

pytestmark = pytest.mark.django_db


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
