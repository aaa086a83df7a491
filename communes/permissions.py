"""Who may do what in which commune: duties, from the assignments that hold today."""

from .models import Commune, Duty, User


def has_duty(user: User, *duties: Duty, commune: Commune | None = None) -> bool:
    """Whether the user holds one of these duties today, for this commune when one is given."""
    return any(
        assignment.duty in duties and (commune is None or assignment.covers(commune))
        for assignment in user.current_assignments
    )


def is_committee(user: User, commune: Commune) -> bool:
    """A member of the commune's provincial committee: editor or signer."""
    return has_duty(user, Duty.EDITOR, Duty.SIGNER, commune=commune)


def is_ministry(user: User, commune: Commune) -> bool:
    """A reviewer of the commune's province, or a lead."""
    return has_duty(user, Duty.REVIEWER, Duty.LEAD, commune=commune)


def is_lead(user: User, commune: Commune | None = None) -> bool:
    """A ministry lead; with a commune, one whose area reaches it."""
    return has_duty(user, Duty.LEAD, commune=commune)


def leads_everywhere(user: User) -> bool:
    """A ministry lead whose area is the whole country."""
    return any(found.duty == Duty.LEAD and found.province_id is None for found in user.current_assignments)


def is_insider(user: User, commune: Commune) -> bool:
    """Whether the commune is the user's own province's, reviewed, led or followed: every duty but a viewer's."""
    return has_duty(user, *(duty for duty in Duty if duty != Duty.VIEWER), commune=commune)
