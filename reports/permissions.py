"""Who may do what with a report. A refusal elsewhere in the code always traces back to one of these."""

from communes.models import Duty, User
from communes.permissions import has_duty, is_committee, leads_everywhere
from communes.permissions import is_lead as leads

from .models import QuarterlyReport, ReportVersion, State


def writable_by(user: User, version: ReportVersion) -> bool:
    """The one guard of every write to a draft: its own provincial committee, while it is a draft."""
    return version.state == State.DRAFT and is_committee(user, version.report.commune)


def can_sign(user: User, version: ReportVersion) -> bool:
    """A signer of the commune's provincial committee."""
    return has_duty(user, Duty.SIGNER, commune=version.report.commune)


def can_review(user: User, version: ReportVersion) -> bool:
    """A ministry reviewer to whom the province is assigned."""
    return has_duty(user, Duty.REVIEWER, commune=version.report.commune)


def holds(user: User, version: ReportVersion) -> bool:
    """The reviewer who has taken the version up, while the province is still assigned to them."""
    return version.holder_id == user.pk and can_review(user, version)


def can_return(user: User, version: ReportVersion) -> bool:
    """The holder; before anybody has taken it up, any reviewer of the province."""
    return holds(user, version) if version.holder_id else can_review(user, version)


def is_lead(user: User, version: ReportVersion) -> bool:
    return leads(user, version.report.commune)


def can_open_correction(user: User, version: ReportVersion) -> bool:
    """Either side; once the period is frozen only the lead."""
    if is_lead(user, version):
        return True
    if version.report.is_frozen:
        return False
    return can_sign(user, version) or can_review(user, version)


def can_cancel_correction(user: User, version: ReportVersion) -> bool:
    """Who opened it, while still in charge there, or the lead."""
    opened_it = version.opened_by_id == user.pk
    return is_lead(user, version) or (opened_it and (can_sign(user, version) or can_review(user, version)))


def can_reassign(user: User, version: ReportVersion) -> bool:
    """The holder hands it over, or a lead does where the holder cannot."""
    return holds(user, version) or is_lead(user, version)


def can_take_over(user: User, version: ReportVersion) -> bool:
    """Another reviewer of the province. One query unless the duties of the user are known."""
    return version.holder_id != user.pk and user.is_active and can_review(user, version)


def can_extend(user: User, report: QuarterlyReport) -> bool:
    """A ministry lead may give more time."""
    return leads(user, report.commune)


def can_verify(user: User, version: ReportVersion) -> bool:
    """The holder writes the verified verdicts, while the version is in review."""
    return version.state == State.IN_REVIEW and holds(user, version)


def can_raise_item(user: User, version: ReportVersion) -> bool:
    """Whoever could return the version now may raise items on it."""
    return version.state in (State.SUBMITTED, State.IN_REVIEW) and can_return(user, version)


def can_urge(user: User, report: QuarterlyReport) -> bool:
    """A reviewer of the province or a lead urges the committee on."""
    return has_duty(user, Duty.REVIEWER, Duty.LEAD, commune=report.commune)


def can_explain(user: User, report: QuarterlyReport) -> bool:
    """The committee says why a criterion of its report was lost and what it does about it."""
    return is_committee(user, report.commune)


def can_open_periods(user: User) -> bool:
    """A lead for the whole country opens periods, and an administrator in the administration."""
    return leads_everywhere(user)


def opens_periods(user: User) -> bool:
    """Whether the user opens periods here or in the administration. Two queries for an administrator."""
    return can_open_periods(user) or (user.is_staff and user.has_perm("reports.change_period"))


def can_publish(user: User) -> bool:
    """A lead for the whole country publishes the figures of a quarter."""
    return leads_everywhere(user)


def can_try(user: User) -> bool:
    """A lead tries a criteria set on what is accepted, and so does who keeps the sets in the administration."""
    return leads(user) or (user.is_staff and user.has_perm("criteria.view_criteriaset"))
