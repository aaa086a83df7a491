"""What happens next: the life of a report as one table, and the one function that moves a version along it.

The buttons a user sees, what is enforced and what the tests walk all come from `STEPS`. `take_step` locks the
rows, checks, writes and records the event in one transaction, or raises `Refused` with sentences for the user.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from communes.models import Commune, Programme, User
from ntm_tracker import clock

from . import notices, permissions, regressions
from .changes import GOOD
from .fragility import read_fragile
from .history import line_change, resource_change, value_change, verdict_change
from .judging import Gap, Sheet, read_sheet
from .models import (
    CriterionVerdict,
    DeadlineExtension,
    EvidenceLink,
    IndicatorValue,
    InForce,
    Period,
    QuarterlyReport,
    ReportEvent,
    ReportVersion,
    ResourceChange,
    ResourceEntry,
    ReviewItem,
    Section,
    SectionLine,
    SectionLineChange,
    State,
    ValueChange,
    VerdictChange,
)
from .sections import filled_sections, section_gap

Action = ReportEvent.Action


class Refused(Exception):
    """An action that is not possible now. Carries one sentence for each reason."""

    def __init__(self, *reasons: Gap | str) -> None:
        self.gaps = [reason if isinstance(reason, Gap) else Gap(reason) for reason in reasons]
        super().__init__(" ".join(gap.sentence for gap in self.gaps))


class NotAllowed(Refused):
    """The user may not do this now; says who can, and when."""


@dataclass(frozen=True)
class StepData:
    """What the user adds to a step: a reason, a date, who takes over, or the signature under what was shown."""

    reason: str = ""
    to: User | None = None
    respond_by: date | None = None
    signer_name: str = ""
    signer_title: str = ""
    letter_number: str = ""
    letter_date: date | None = None
    revision: int | None = None
    judged_by: str = ""


@dataclass(frozen=True)
class Step:
    """One row of the table: from which states, by whom, and what it needs."""

    label: str | Promise
    sources: frozenset[State]
    may: Callable[[User, ReportVersion], bool]
    who: str | Promise
    effect: Callable[[ReportVersion, User, StepData], ReportVersion]
    obstacles: Callable[[ReportVersion, StepData], list[Gap]] = field(default=lambda version, data: [])
    needs_reason: bool = False


def open_period(period: Period, *, by: User | None = None) -> int:
    """Create the obligation to report for every commune that is a member on the period's last day.

    Returns how many were created. Opening again only adds communes that became members since. A user who is named
    must have the right to open periods.
    """
    if by is not None and not permissions.opens_periods(by):
        raise NotAllowed(_("Only a ministry lead for the whole country or an administrator can open a period."))
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("criteria_set").get(pk=period.pk)
        if reason := why_not_open(period):
            raise Refused(reason)
        now = clock.now()
        missing = without_report(period)
        reports = QuarterlyReport.objects.bulk_create(
            QuarterlyReport(commune=commune, period=period) for commune in missing
        )
        drafts = ReportVersion.objects.bulk_create(
            ReportVersion(report=report, number=1, opened_by=by, opened_at=now) for report in reports
        )
        for draft in drafts:
            draft.report.working = draft
        QuarterlyReport.objects.bulk_update(reports, ["working"], batch_size=500)
        ReportEvent.objects.bulk_create(
            ReportEvent(report=draft.report, version=draft, action=Action.OPEN, to_state=State.DRAFT, by=by, at=now)
            for draft in drafts
        )
        if period.opened_at is None:
            period.opened_at = now
            period.save(update_fields=["opened_at"])
    return len(missing)


def why_not_open(period: Period) -> str:
    """What stands in the way of opening the period; an empty string when nothing does. No query with its set."""
    if not period.criteria_set.is_published:
        text = _("The criteria set %(set)s is not published yet: what reports are judged by must not change any more.")
        return text % {"set": period.criteria_set}
    return ""


def without_report(period: Period) -> list[Commune]:
    """The communes that are members on the period's last day and have no report to write yet.

    Two queries, and one for each programme.
    """
    members: set[Commune] = set()
    for programme in Programme.objects.all():
        members.update(Commune.objects.members(programme, period.last_day))
    known = set(period.reports.values_list("commune", flat=True))
    return sorted((commune for commune in members if commune.pk not in known), key=lambda commune: commune.pk)


def extend_deadline(report: QuarterlyReport, *, new_due: date, reason: str, by: User) -> DeadlineExtension:
    """Give one report more time, keeping the old date. Only a lead, and only before the first submission."""
    with transaction.atomic():
        report = QuarterlyReport.objects.select_for_update().select_related("commune", "period").get(pk=report.pk)
        if not permissions.can_extend(by, report):
            raise NotAllowed(_("Only a ministry lead can extend a deadline."))
        if report.first_submitted_at:
            raise Refused(_("This report has already been submitted, so there is no deadline left to extend."))
        if not reason.strip():
            raise Refused(_("Please say why."))
        old_due = report.due_on
        if new_due <= old_due:
            raise Refused(_("The new due date must be later than the present one."))
        extension = DeadlineExtension.objects.create(
            report=report, old_due=old_due, new_due=new_due, reason=reason.strip(), by=by, at=clock.now()
        )
        notices.tell(_record(report, report.working, Action.EXTEND, "", "", by, reason.strip()))
    return extension


def urge(report: QuarterlyReport, *, text: str, by: User) -> ReportEvent:
    """Urge the committee on (đôn đốc) and keep what was written. Only while the report waits for the committee."""
    with transaction.atomic():
        report = (
            QuarterlyReport.objects.select_for_update(of=("self",))
            .select_related("commune", "period", "working")
            .get(pk=report.pk)
        )
        if reason := why_not_urge(by, report):
            raise NotAllowed(reason)
        if not text.strip():
            raise Refused(_("Please write what the committee should do."))
        event = _record(report, report.working, Action.URGE, "", "", by, text.strip())
        notices.tell(event)
    return event


def why_not_urge(user: User, report: QuarterlyReport) -> str:
    """Why `user` cannot urge the committee on now; an empty string when they can."""
    if not permissions.can_urge(user, report):
        return _("Only a reviewer of the province or a ministry lead can urge the committee.")
    if report.working is None or report.working.state != State.DRAFT:
        return _("This report does not wait for the committee, so there is nothing to urge.")
    return ""


def steps_for(user: User, version: ReportVersion) -> dict[str, Step]:
    """The steps to offer `user` as buttons: possible in this state and allowed to them. No query."""
    return {
        action.value: step
        for action, step in STEPS.items()
        if version.state in step.sources and not _blocked(action, version) and step.may(user, version)
    }


def why_not(user: User, version: ReportVersion, action: str) -> str:
    """Why `user` cannot take this step on this version now; an empty string when they can."""
    step = STEPS[Action(action)]
    if version.state not in step.sources:
        text = _(
            "The report is now in the state “%(state)s”, in which this cannot be done. "
            "It can be done in the state %(states)s, by %(who)s."
        )
        states = [f"“{State(source).label}”" for source in State.values if source in step.sources]
        who = str(step.who).rstrip(",")
        return text % {"state": version.get_state_display(), "states": ", ".join(states), "who": who}
    if reason := _blocked(Action(action), version):
        return reason
    if not step.may(user, version):
        nobody_holds_it = step.who is HOLDER and version.holder_id is None
        return _("Only %(who)s can do this.") % {"who": REVIEWER if nobody_holds_it else step.who}
    return ""


def take_step(version: ReportVersion, action: str, *, by: User, data: StepData | None = None) -> ReportVersion:
    """Move `version` along `action` and record who did it; returns the version to look at next.

    Raises `NotAllowed` when the state or the user forbids it, `Refused` when something is missing.
    """
    data = data or StepData()
    step = STEPS[Action(action)]
    with transaction.atomic():
        version = lock(version)
        if reason := why_not(by, version, action):
            raise NotAllowed(reason)
        if step.needs_reason and not data.reason.strip():
            raise Refused(_("Please say why."))
        if obstacles := step.obstacles(version, data):
            raise Refused(*obstacles)
        before = version.state
        following = step.effect(version, by, data)
        to = data.to if action == Action.REASSIGN else None
        event = _record(version.report, version, action, before, version.state, by, data.reason.strip(), to=to)
        notices.tell(event)
        if action in (Action.ACCEPT, Action.UNDO_ACCEPT):
            for lost in regressions.rebuild(version.report.commune):
                notices.tell(_record(lost, lost.in_force, Action.REGRESSION, "", "", by))
    return following


def lock(version: ReportVersion) -> ReportVersion:
    """The version and its report, read again under lock, report first. Call within a transaction."""
    report = (
        QuarterlyReport.objects.select_for_update(of=("self",))
        .select_related("commune__province__region", "period")
        .get(pk=version.report_id)
    )
    fresh = ReportVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    fresh.report = report
    return fresh


# What stands in the way


def _blocked(action: str, version: ReportVersion) -> str:
    """A reason outside the version's own state: something newer exists, or it is no correction."""
    if action in (Action.UNDO_ACCEPT, Action.OPEN_CORRECTION) and version.report.working_id is not None:
        return _("A newer version of this report is already in work.")
    if action == Action.CANCEL_CORRECTION and not version.is_correction:
        return _("This version is not a correction.")
    return ""


def missing_before_signing(
    version: ReportVersion,
    sheet: Sheet | None = None,
    items: list[ReviewItem] | None = None,
    filled: set[str] | None = None,
) -> list[Gap]:
    """Everything the committee must still fill in or answer.

    Five queries; none with `sheet`, the open `items` and the codes of the `filled` sections.
    """
    if items is None:
        items = list(version.report.review_items.filter(resolved_at__isnull=True))
    if filled is None:
        filled = filled_sections(version)
    gaps = (sheet or read_sheet(version)).missing()
    gaps += [section_gap(section) for section in Section if section not in filled]
    return gaps + [answer_gap(item) for item in items if not item.is_answered]


def answer_gap(item: ReviewItem) -> Gap:
    """What the committee still owes to an item: an answer, or the word that it is done."""
    text = _("Say that it is done: “%(text)s”") if item.reply else _("Answer the reviewer: “%(text)s”")
    return Gap(text % {"text": item.text}, "items", f"item{item.pk}")


def _before_submit(version: ReportVersion, data: StepData) -> list[Gap]:
    gaps = []
    if data.revision != version.revision:
        gaps.append(
            Gap(
                _(
                    "The report was changed after this page was shown. Please read it again: "
                    "what is signed must be what was shown."
                )
            )
        )
    if not (data.signer_name.strip() and data.letter_number.strip() and data.letter_date):
        gaps.append(Gap(_("The signer, the official letter number and its date are needed.")))
    elif data.letter_date > clock.today():
        gaps.append(Gap(_("The date of the letter lies in the future.")))
    sheet = read_sheet(version)
    if data.judged_by and data.judged_by != judged_by(sheet):
        gaps.append(
            Gap(
                _(
                    "A threshold was published after this page was shown, and the report is judged by it now. "
                    "Please read it again: what is signed must be what was shown."
                )
            )
        )
    return gaps + missing_before_signing(version, sheet)


def judged_by(sheet: Sheet) -> str:
    """A short text that is another one when any indicator is judged by another threshold."""
    thresholds = [str(indicator.threshold.pk) for indicator in sheet.indicators() if indicator.threshold]
    return sha256(",".join(thresholds).encode()).hexdigest()[:16]


def _before_return(version: ReportVersion, data: StepData) -> list[Gap]:
    gaps = []
    # An item of an earlier round is answered already: without a new one the report could come back unchanged.
    if not version.review_items.filter(resolved_at__isnull=True).exists():
        gaps.append(Gap(_("Add at least one item that says what must be fixed or answered."), "items", "new-item"))
    if data.respond_by is None:
        gaps.append(Gap(_("Give the day by which the committee should respond.")))
    elif data.respond_by < clock.today():
        gaps.append(Gap(_("The day to respond by lies in the past.")))
    return gaps


def _before_reassign(version: ReportVersion, data: StepData) -> list[Gap]:
    if data.to is None:
        return [Gap(_("Choose who takes the report over."))]
    if not permissions.can_take_over(data.to, version):
        return [
            Gap(
                _("%(user)s cannot take this report over: only another reviewer of the province can.")
                % {"user": data.to}
            )
        ]
    return []


def missing_before_acceptance(
    version: ReportVersion, sheet: Sheet | None = None, items: list[ReviewItem] | None = None
) -> list[Gap]:
    """What still stops acceptance: criteria without verdict or reason, open must-fix items.

    Two queries; none with `sheet` and the open `items`.
    """
    if items is None:
        items = list(version.report.review_items.filter(resolved_at__isnull=True))
    if sheet is not None:
        rows = [(criterion.criterion, criterion.row) for criterion in sheet.criteria]
    else:
        rows = [(row.criterion, row) for row in version.verdicts.select_related("criterion")]
    gaps = []
    for criterion, row in rows:
        names = {"number": criterion.number, "name": criterion.name}
        anchor = f"c{criterion.number}"
        if row is None or not row.verified:
            gaps.append(Gap(_("%(number)s %(name)s: choose the verified verdict.") % names, "", anchor))
        elif row.verified != row.computed and not row.verified_reason:
            text = _("%(number)s %(name)s: say why the verdict departs from the computed one.")
            gaps.append(Gap(text % names, "", anchor))
        elif row.fragile and not row.fragile_reason:
            gaps.append(Gap(_("%(number)s %(name)s: say why it is not yet sustainable.") % names, "", anchor))
        elif row.fragile_rule and row.verified in GOOD and not row.fragile and not row.fragile_reason:
            text = _("%(number)s %(name)s: say why it counts as sustainable although the rule calls it fragile.")
            gaps.append(Gap(text % names, "", anchor))
    return gaps + [
        Gap(_("Still to be fixed: “%(text)s”") % {"text": item.text}, "items", f"item{item.pk}")
        for item in items
        if item.kind == ReviewItem.Kind.MUST_FIX
    ]


def _before_accept(version: ReportVersion, data: StepData) -> list[Gap]:
    return missing_before_acceptance(version)


# What each step does


def _submit(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """Fix the thresholds and computed verdicts, sign, and note the first submission once."""
    now = clock.now()
    sheet = read_sheet(version)
    values = []
    for indicator in sheet.indicators():
        assert indicator.row is not None
        assert indicator.threshold is not None
        indicator.row.threshold = indicator.threshold
        indicator.row.comparator = indicator.threshold.comparator
        indicator.row.threshold_value = indicator.threshold.value
        indicator.row.region = indicator.threshold.region
        values.append(indicator.row)
    IndicatorValue.objects.bulk_update(values, ["threshold", "comparator", "threshold_value", "region"])
    verdicts = []
    for criterion in sheet.criteria:
        assert criterion.row is not None
        criterion.row.computed = criterion.computed
        verdicts.append(criterion.row)
    CriterionVerdict.objects.bulk_update(verdicts, ["computed"])
    version.state = State.SUBMITTED
    version.submitted_at = now
    version.submitted_by = by
    version.judged_on = clock.today()
    version.signer_name = data.signer_name.strip()
    version.signer_title = data.signer_title.strip()
    version.letter_number = data.letter_number.strip()
    version.letter_date = data.letter_date
    version.save()
    if version.report.first_submitted_at is None:
        version.report.first_submitted_at = now
        version.report.save(update_fields=["first_submitted_at"])
    return version


def _withdraw(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """Back to a draft: nothing is judged any more; the first submission stays on record."""
    version.values.update(threshold=None, comparator="", threshold_value=None, region=None)
    version.verdicts.update(computed="")
    version.state = State.DRAFT
    version.submitted_at = version.submitted_by = version.judged_on = None
    version.save()
    return version


def _take_up(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """The reviewer holds it now; the verified verdicts start as the computed ones, sustainability as the rule says."""
    version.holder = by
    version.held_since = clock.now()
    version.state = State.IN_REVIEW
    version.save()
    start_verdicts(version, by)
    return version


def start_verdicts(version: ReportVersion, by: User) -> None:
    """Let every verified verdict that is still empty start as the computed one, and as fragile as the rule says.

    What the rule said stays beside it for good, whatever the reviewer makes of it.
    """
    empty = version.verdicts.filter(verified="")
    rows = list(empty.select_related("criterion"))
    if not rows:
        return
    now = clock.now()
    empty.update(verified=F("computed"), row_version=F("row_version") + 1, updated_by=by, updated_at=now)
    reasons = read_fragile(version)
    for row in rows:
        row.verified = row.computed
        row.row_version += 1
        row.updated_by = by
        row.updated_at = now
        row.fragile_rule = row.fragile_reason = reasons.get(row.criterion.number, "")
        row.fragile = bool(row.fragile_rule)
    fragile = [row for row in rows if row.fragile]
    CriterionVerdict.objects.bulk_update(fragile, ["fragile", "fragile_reason", "fragile_rule"])
    VerdictChange.objects.bulk_create([verdict_change(row) for row in rows])


def _reassign(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """Another reviewer holds it from now on; what is written stays."""
    version.holder = data.to
    version.held_since = clock.now()
    version.save()
    return version


def _return(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """Close this version and clone a new draft from it, so that what was sent stays as it was sent."""
    if version.holder_id is None:
        version.holder = by
        version.held_since = clock.now()
    version.state = State.RETURNED
    version.respond_by = data.respond_by
    version.save()
    _ask_again(version.report)
    return clone_as_draft(version, by, is_correction=version.is_correction, opened_by=version.opened_by)


def _ask_again(report: QuarterlyReport) -> None:
    """What is still open waits for an answer of the new round; those of the rounds before stay in `ReviewReply`."""
    answered = report.review_items.filter(resolved_at__isnull=True).exclude(reply_version=0)
    answered.update(reply="", done=False, replied_by=None, replied_at=None, reply_version=F("reply_version") + 1)


def _accept(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """The version becomes the official one; the one in force until now is superseded."""
    report = version.report
    now = clock.now()
    InForce.objects.filter(report=report, until__isnull=True).update(until=now)
    if report.in_force_id:
        ReportVersion.objects.filter(pk=report.in_force_id).update(state=State.SUPERSEDED)
    version.state = State.ACCEPTED
    version.save()
    InForce.objects.create(report=report, version=version, since=now)
    report.in_force = version
    report.working = None
    report.save(update_fields=["in_force", "working"])
    return version


def _undo_accept(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """Back into review with the same holder; what was official before is official again."""
    report = version.report
    now = clock.now()
    InForce.objects.filter(report=report, until__isnull=True).update(until=now)
    version.state = State.IN_REVIEW
    version.save()
    previous = report.versions.filter(state=State.SUPERSEDED).order_by("-number").first()
    if previous:
        previous.state = State.ACCEPTED
        previous.save()
        InForce.objects.create(report=report, version=previous, since=now)
    report.in_force = previous
    report.working = version
    report.save(update_fields=["in_force", "working"])
    return version


def _open_correction(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """A new draft from the accepted version, which stays in force until the correction is accepted."""
    return clone_as_draft(version, by, is_correction=True, opened_by=by, reason=data.reason.strip())


def _cancel_correction(version: ReportVersion, by: User, data: StepData) -> ReportVersion:
    """The draft is put aside, not deleted, and nothing is asked of it any more; the accepted version stays in force."""
    version.state = State.DISCARDED
    version.save()
    report = version.report
    report.review_items.filter(resolved_at__isnull=True).update(resolved_by=by, resolved_at=clock.now())
    report.working = None
    report.save(update_fields=["working"])
    assert report.in_force is not None
    return report.in_force


def clone_as_draft(
    version: ReportVersion, by: User, *, is_correction: bool, opened_by: User | None, reason: str = ""
) -> ReportVersion:
    """A new draft with the same values and claims, numbered on, and from now on the one in work."""
    report = version.report
    now = clock.now()
    newest = report.versions.order_by("-number").values_list("number", flat=True)[0]
    draft = ReportVersion.objects.create(
        report=report,
        number=newest + 1,
        based_on=version,
        is_correction=is_correction,
        reason=reason or version.reason,
        opened_by=opened_by,
        opened_at=now,
        signer_name=version.signer_name,
        signer_title=version.signer_title,
    )
    for rows, content, model, history, change in _CLONED:
        taken = [row for row in getattr(version, rows).all() if not getattr(row, "removed", False)]
        copies = [_copy(row, content, model, draft) for row in taken]
        model._default_manager.bulk_create(copies)
        history._default_manager.bulk_create([change(row) for row in copies if row.updated_by_id])
    links = version.evidence_links.filter(removed_at__isnull=True)
    EvidenceLink.objects.bulk_create(
        [
            EvidenceLink(
                version=draft,
                evidence_id=link.evidence_id,
                indicator_id=link.indicator_id,
                inherited=True,
                linked_by_id=link.linked_by_id,
                linked_at=link.linked_at,
            )
            for link in links
        ]
    )
    report.working = draft
    report.save(update_fields=["working"])
    return draft


def _copy(row: Any, content: tuple[str, ...], model: type[Any], draft: ReportVersion) -> Any:
    """The same row for another version, with who wrote it and when, not yet saved."""
    names = {*content, "indicator", "criterion", "section", "key", "source"}
    columns = [field.attname for field in model._meta.concrete_fields if field.name in names]
    kept = {name: getattr(row, name) for name in (*columns, "updated_by_id", "updated_at")}
    return model(version=draft, **kept)


_CLONED: list[tuple[str, tuple[str, ...], Any, Any, Callable[[Any], Any]]] = [
    ("values", IndicatorValue.CONTENT, IndicatorValue, ValueChange, value_change),
    ("verdicts", CriterionVerdict.CLAIM_CONTENT, CriterionVerdict, VerdictChange, verdict_change),
    ("lines", SectionLine.CONTENT, SectionLine, SectionLineChange, line_change),
    ("resources", ResourceEntry.CONTENT, ResourceEntry, ResourceChange, resource_change),
]
"""What a new draft takes over: the rows, their columns, and how their history is kept."""


def _record(
    report: QuarterlyReport,
    version: ReportVersion | None,
    action: str,
    before: str,
    after: str,
    by: User | None,
    note: str = "",
    *,
    to: User | None = None,
) -> ReportEvent:
    return ReportEvent.objects.create(
        report=report,
        version=version,
        action=action,
        from_state=before,
        to_state=after,
        by=by,
        to=to,
        at=clock.now(),
        note=note,
    )


SIGNER = gettext_lazy("a signer of the provincial committee")
REVIEWER = gettext_lazy("a reviewer of the province")
HOLDER = gettext_lazy("the reviewer who has taken the report up")

STEPS: dict[Action, Step] = {
    Action.SUBMIT: Step(
        label=pgettext_lazy("step", "Sign and submit"),
        sources=frozenset({State.DRAFT}),
        may=permissions.can_sign,
        who=SIGNER,
        effect=_submit,
        obstacles=_before_submit,
    ),
    Action.WITHDRAW: Step(
        label=pgettext_lazy("step", "Withdraw"),
        sources=frozenset({State.SUBMITTED}),
        may=permissions.can_sign,
        who=SIGNER,
        effect=_withdraw,
    ),
    Action.TAKE_UP: Step(
        label=pgettext_lazy("step", "Take up for review"),
        sources=frozenset({State.SUBMITTED}),
        may=permissions.can_review,
        who=REVIEWER,
        effect=_take_up,
    ),
    Action.RETURN: Step(
        label=pgettext_lazy("step", "Return"),
        sources=frozenset({State.SUBMITTED, State.IN_REVIEW}),
        may=permissions.can_return,
        who=HOLDER,
        effect=_return,
        obstacles=_before_return,
        needs_reason=True,
    ),
    Action.REASSIGN: Step(
        label=pgettext_lazy("step", "Hand over"),
        sources=frozenset({State.IN_REVIEW}),
        may=permissions.can_reassign,
        who=gettext_lazy("the reviewer who has taken the report up, or a ministry lead,"),
        effect=_reassign,
        obstacles=_before_reassign,
        needs_reason=True,
    ),
    Action.ACCEPT: Step(
        label=pgettext_lazy("step", "Accept"),
        sources=frozenset({State.IN_REVIEW}),
        may=permissions.holds,
        who=HOLDER,
        effect=_accept,
        obstacles=_before_accept,
    ),
    Action.UNDO_ACCEPT: Step(
        label=pgettext_lazy("step", "Undo the acceptance"),
        sources=frozenset({State.ACCEPTED}),
        may=permissions.is_lead,
        who=gettext_lazy("a ministry lead"),
        effect=_undo_accept,
        needs_reason=True,
    ),
    Action.OPEN_CORRECTION: Step(
        label=pgettext_lazy("step", "Open a correction"),
        sources=frozenset({State.ACCEPTED}),
        may=permissions.can_open_correction,
        who=gettext_lazy(
            "a signer of the provincial committee or a reviewer of the province, "
            "and after the freeze day a ministry lead,"
        ),
        effect=_open_correction,
        needs_reason=True,
    ),
    Action.CANCEL_CORRECTION: Step(
        label=pgettext_lazy("step", "Cancel the correction"),
        sources=frozenset({State.DRAFT, State.SUBMITTED}),
        may=permissions.can_cancel_correction,
        who=gettext_lazy("the person who opened the correction, or a ministry lead,"),
        effect=_cancel_correction,
        needs_reason=True,
    ),
}
"""The whole life of a report (design §6)."""
