"""The quarterly summaries: all that were published, one issue as it was published, and publishing the next."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from communes.models import Programme
from ntm_tracker import sheets
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import day, verdict_word
from reports import permissions, profile, summaries, telling
from reports.figure_changes import differences, number_of
from reports.figures import TargetFigures
from reports.forms.summaries import NoteForm
from reports.models import Summary
from reports.standing import BASICALLY, COMPLETE, Quarter, Standing, programmes, quarter_of
from reports.summaries import Issue, Prospect
from reports.workflow import NotAllowed, Refused

from .overview import choose_programme


@require_safe
def summary_list(request: UserRequest) -> HttpResponse:
    """Every issue, newest quarter first; for the lead also the quarters whose figures wait to be published."""
    known = programmes()
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        return render(request, "reports/summary_list.html", {"programme": None})
    issues = summaries.issues(programme.code)
    context: dict[str, Any] = {
        "programme": programme,
        "programmes": list(known),
        "issues": [(issue, replaced_by(issue, issues)) for issue in issues],
        "waiting": [],
        "long_past": [],
    }
    if permissions.can_publish(request.user):
        found = summaries.prospects(programme, issues, goals=known[programme])
        ready = [(prospect, waiting(prospect)) for prospect in found if not prospect.obstacle]
        newest = quarter_of(issues[0].summary.period) if issues else None
        context["waiting"] = [each for each in ready if not is_long_past(each[0], newest)]
        context["long_past"] = [each for each in ready if is_long_past(each[0], newest)]
    return render(request, "reports/summary_list.html", context)


@require_safe
def summary(request: UserRequest, programme: str, period: str, issue: int) -> HttpResponse:
    """One issue as it was published, what it changed against the issue before, and whether a later one replaces it."""
    found = summaries.issues(programme, period)
    here = find_issue(found, issue)
    before = next((each for each in found if each.summary.issue < issue), None)
    figures = summaries.read([here, before] if before else [here])
    criteria = summaries.criteria_of(*figures.values())
    mine = figures[here.summary.pk]
    changes = differences(figures[before.summary.pk], mine, criteria) if before else []
    context = told(here.summary, summaries.as_published(here, mine, criteria), mine.targets) | {
        "summary": here.summary,
        "programme": here.summary.programme,
        "issues": found,
        "newest": found[0].summary,
        "before": before.summary if before else None,
        "changes": changes,
        "can_publish": permissions.can_publish(request.user),
    }
    return render(request, "reports/summary.html", context)


@require_safe
def summary_file(request: UserRequest, programme: str, period: str, issue: int) -> HttpResponse:
    """The verdicts of an issue as a CSV file, a line for each commune and criterion."""
    here = find_issue(summaries.issues(programme, period), issue)
    figures = summaries.read([here])
    standing = summaries.as_published(here, figures[here.summary.pk], summaries.criteria_of(*figures.values()))
    name = f"tong-hop-{period}-lan-{issue}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = sheets.write(file_rows(here.summary, standing))
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=disposition)


def summary_publish(request: UserRequest, programme: str, period: str) -> HttpResponse:
    """What would be published now, what changed since the newest issue, and the button."""
    if not permissions.can_publish(request.user):
        raise PermissionDenied(_("Only a ministry lead for the whole country can publish a summary."))
    known = programmes()
    chosen = next((each for each in known if each.code == programme), None)
    prospect = summaries.prospect(chosen, period, goals=known[chosen]) if chosen else None
    if chosen is None or prospect is None:
        raise Http404
    form = NoteForm(request.POST or None, is_first=prospect.newest is None)
    if request.method == "POST" and form.is_valid():
        shown = request.POST.get("shown", "")
        try:
            published = summaries.publish(
                chosen, prospect.standing.period, note=form.cleaned_data["note"], by=request.user, shown=shown
            )
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(summary)s is published.") % {"summary": published})
            return redirect(published)
    return render(request, "reports/summary_publish.html", publish_context(chosen, prospect, form))


def publish_context(programme: Programme, prospect: Prospect, form: NoteForm) -> dict[str, Any]:
    """The page before publishing: the figures as the issue would print them, and what speaks against it."""
    standing, figures = prospect.standing, prospect.figures
    draft = Summary(programme=programme, period=standing.period, issue=prospect.issue, as_of=standing.as_of)
    criteria = {criterion.number: criterion for criterion in standing.criteria}
    as_issue = summaries.as_published(Issue(draft, 0, 0, figures.targets), figures, criteria)
    return told(draft, as_issue, figures.targets) | {
        "summary": draft,
        "programme": programme,
        "prospect": prospect,
        "newest": prospect.newest.summary if prospect.newest else None,
        "changes": prospect.changes,
        "number": number_of(prospect.changes),
        "being_corrected": [row for row in as_issue.rows if row.is_being_corrected],
        "form": form,
    }


def find_issue(found: list[Issue], number: int) -> Issue:
    issue = next((each for each in found if each.summary.issue == number), None)
    if issue is None:
        raise Http404
    return issue


def replaced_by(issue: Issue, among: list[Issue]) -> Summary | None:
    """The newest issue of the same quarter, where this one is not the newest."""
    newest = next(each.summary for each in among if each.summary.period_id == issue.summary.period_id)
    return newest if newest.issue > issue.summary.issue else None


def is_long_past(prospect: Prospect, newest: Quarter | None) -> bool:
    """Whether the quarter was passed over: never published, while a later one was."""
    return prospect.newest is None and newest is not None and quarter_of(prospect.standing.period) < newest


def waiting(prospect: Prospect) -> str:
    """Why a quarter waits to be published."""
    accepted = {"accepted": len(prospect.standing.reported), "communes": len(prospect.standing.rows)}
    if prospect.newest is None:
        return _("not published yet; %(accepted)s of %(communes)s reports are accepted") % accepted
    number = number_of(prospect.changes)
    return ngettext(
        "the figures have moved since issue %(issue)s: %(n)s change",
        "the figures have moved since issue %(issue)s: %(n)s changes",
        number,
    ) % {"issue": prospect.newest.summary.issue, "n": number}


@dataclass(frozen=True)
class TargetCard:
    """What an issue says of a target, in words."""

    target: TargetFigures
    sign: str
    word: str


def told(summary: Summary, standing: Standing, targets: list[TargetFigures]) -> dict[str, Any]:
    """The figures of an issue for its page. Links lead to the same quarter as known on the day of the issue."""
    query = {"programme": summary.programme.code, "quarter": summary.period.code, "as_of": day(summary.as_of)}

    def url_of(cell: str) -> str:
        return f"{reverse('reports:overview')}?{urlencode({**query, 'cell': cell})}#story"

    outcomes = [row.outcome for row in standing.reported]
    return {
        "standing": standing,
        "query": f"?{urlencode(query)}",
        "complete": outcomes.count(COMPLETE),
        "basically": outcomes.count(BASICALLY),
        "with_last_known": sum(row.outcome == COMPLETE for row in standing.rows),
        "cards": [TargetCard(target, *telling.target_word(target.verdict)) for target in targets],
        "classes": [
            (name, [(row, "" if row.is_reported else telling.basis(row)) for row in rows])
            for name, rows in profile.classes(standing.rows)
        ],
        "missing": [(row, telling.basis(row)) for row in standing.rows if not row.is_reported],
        "kept": telling.kept(standing, url_of),
        "reached": telling.reached(standing),
        "matrix": telling.matrix(standing, url_of, compares=False),
        "moves": [telling.marked(standing)],
    }


def file_rows(summary: Summary, standing: Standing) -> list[list[str]]:
    """The issue as rows of text: which one it is, then every verdict."""
    rows = [[str(summary)], [str(summary.programme)], [_("As known on %(day)s") % {"day": day(summary.as_of)}]]
    if settings.DEMO_TODAY:
        rows.append([_("Illustrative figures")])
    heads = (
        _("Province"),
        _("Commune"),
        _("Figures"),
        _("Criterion"),
        _("Name"),
        _("Verdict"),
        _("Marks"),
        _("Reason"),
    )
    rows += [[], list(heads)]
    for row in standing.rows:
        for cell in row.cells:
            marks = ", ".join(words for _sign, words in telling.marks(cell))
            reason = cell.judged.verified_reason if cell.judged else ""
            place = [row.commune.province.name, row.commune.name, telling.basis(row)]
            said = [str(cell.number), cell.criterion.name, verdict_word(cell.shown), marks, reason]
            rows.append([*place, *said])
    return rows
