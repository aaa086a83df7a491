"""Who is told of what? One notice for each person concerned, beside the event itself."""

from collections.abc import Callable

from django.db.models import Q

from communes.models import AreaAssignment, Duty
from ntm_tracker import clock

from .models import Notice, ReportEvent

Action = ReportEvent.Action
COMMITTEE = frozenset({Duty.EDITOR, Duty.SIGNER})

Audience = Callable[[ReportEvent, list[AreaAssignment]], set[int]]
"""Whom of those with a duty in the commune an event concerns, by their keys."""


def having(*duties: Duty) -> Audience:
    """Everybody with one of these duties."""
    return lambda event, assignments: {each.user_id for each in assignments if each.duty in duties}


def holder(event: ReportEvent, assignments: list[AreaAssignment]) -> set[int]:
    """The reviewer who holds the version now."""
    return _reviewer(event.version.holder_id if event.version else None, assignments)


def holder_before(event: ReportEvent, assignments: list[AreaAssignment]) -> set[int]:
    """The reviewer who held the version that this one answers to; nobody at a first submission."""
    before = event.version.based_on if event.version else None
    return _reviewer(before.holder_id if before else None, assignments)


def other_side(event: ReportEvent, assignments: list[AreaAssignment]) -> set[int]:
    """The ministry's reviewers where the committee acted, and the committee where the ministry did."""
    is_committee = any(each.user_id == event.by_id and each.duty in COMMITTEE for each in assignments)
    duties = [Duty.REVIEWER] if is_committee else COMMITTEE
    return {each.user_id for each in assignments if each.duty in duties}


def _reviewer(user: int | None, assignments: list[AreaAssignment]) -> set[int]:
    return {each.user_id for each in assignments if each.duty == Duty.REVIEWER and each.user_id == user}


committee = having(*COMMITTEE)
TOLD: dict[Action, list[Audience]] = {
    Action.SUBMIT: [holder_before],
    Action.TAKE_UP: [having(Duty.SIGNER)],
    Action.RETURN: [committee],
    Action.REASSIGN: [holder],
    Action.ACCEPT: [committee],
    Action.UNDO_ACCEPT: [committee, holder],
    Action.OPEN_CORRECTION: [other_side],
    Action.CANCEL_CORRECTION: [other_side],
    Action.EXTEND: [committee],
    Action.URGE: [committee],
    Action.REGRESSION: [committee, having(Duty.LEAD, Duty.CENTRAL)],
}
"""Of every other event nobody is told: it can be seen in the history."""


def tell(event: ReportEvent) -> None:
    """Tell everybody concerned of the event, but for the one who caused it.

    Only those are concerned whose duty holds today and reaches the commune. Two to three queries.
    """
    audiences = TOLD.get(Action(event.action), [])
    if not audiences:
        return
    assignments = on_duty(event)
    users = set().union(*(audience(event, assignments) for audience in audiences)) - {event.by_id}
    Notice.objects.bulk_create([Notice(user_id=user, event=event) for user in sorted(users)])


def on_duty(event: ReportEvent) -> list[AreaAssignment]:
    """The assignments that hold today and reach the commune of the event. One query."""
    commune = event.report.commune
    reaching = Q(province__isnull=True) | Q(province=commune.province_id)
    today = AreaAssignment.objects.on(clock.today()).filter(reaching, user__is_active=True)
    return [each for each in today.with_limits() if each.covers(commune)]
