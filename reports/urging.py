"""What is written to a committee that is behind? A proposal in Vietnamese, made of what is known of the report."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from ntm_tracker.templatetags.look import day

from .models import QuarterlyReport, ReportVersion, Section, State

LETTER_LANGUAGE = "vi"
"""Official letters are in Vietnamese, whatever language the reader of a page has chosen."""


def proposal(report: QuarterlyReport, today: date) -> str:
    """The text of a letter that urges the committee on. `report` comes from `QuerySet.in_work`; no query."""
    with override(LETTER_LANGUAGE):
        return " ".join([_situation(report, today), _state_of_work(report), _request(report)])


def _situation(report: QuarterlyReport, today: date) -> str:
    """Which report it is, and how its day stands: the day to respond by of a returned one, else the due day."""
    version = report.working
    assert version is not None
    returned = _returned(version)
    due_on: date = report.due_day  # type: ignore[attr-defined]  # from in_work
    if returned is not None:
        assert returned.respond_by is not None
        due_on = returned.respond_by
    late = (today - due_on).days
    names = {
        "commune": report.commune,
        "district": report.commune.district,
        "province": report.commune.province,
        "period": report.period,
        "due": day(due_on),
        "today": day(today),
        "n": late,
    }
    if returned is not None and late > 0:
        text = ngettext(
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was returned to be answered "
            "by %(due)s; on %(today)s the answer is %(n)s day late.",
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was returned to be answered "
            "by %(due)s; on %(today)s the answer is %(n)s days late.",
            late,
        )
    elif returned is not None:
        text = _(
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was returned to be answered "
            "by %(due)s."
        )
    elif report.first_submitted_at:
        names["sent"] = day(report.first_submitted_at)
        text = _(
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was first sent on %(sent)s; "
            "it is with the committee again and has not been sent since."
        )
    elif late > 0:
        text = ngettext(
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was due on %(due)s; "
            "on %(today)s it is %(n)s day overdue and has not been received.",
            "The report of %(commune)s commune, %(district)s, %(province)s for %(period)s was due on %(due)s; "
            "on %(today)s it is %(n)s days overdue and has not been received.",
            late,
        )
    else:
        text = _("The report of %(commune)s commune, %(district)s, %(province)s for %(period)s is due on %(due)s.")
    return text % names


def _state_of_work(report: QuarterlyReport) -> str:
    """What is still missing."""
    assert report.working is not None
    if _returned(report.working):
        open_items: int = report.unanswered  # type: ignore[attr-defined]  # from in_work
        if not open_items:
            return _("All requests are answered in the draft, which is not signed and sent yet.")
        text = ngettext("%(n)s request is not answered yet.", "%(n)s requests are not answered yet.", open_items)
        return text % {"n": open_items}
    names = {
        "n": report.assessed,  # type: ignore[attr-defined]  # from in_work
        "total": report.criteria,  # type: ignore[attr-defined]
        "written": report.written,  # type: ignore[attr-defined]
        "sections": len(Section),
    }
    return (
        _(
            "So far %(n)s of %(total)s criteria are assessed and %(written)s of %(sections)s other sections "
            "of the report are written."
        )
        % names
    )


def _request(report: QuarterlyReport) -> str:
    names = {"province": report.commune.province}
    return (
        _(
            "The Steering Committee of %(province)s is asked to complete, sign and send the report, "
            "and to say at once if anything stands in the way."
        )
        % names
    )


def _returned(version: ReportVersion) -> ReportVersion | None:
    """The returned version that this draft is the answer to."""
    based_on = version.based_on
    return based_on if based_on and based_on.state == State.RETURNED else None
