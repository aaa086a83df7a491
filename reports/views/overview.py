"""The overview: where the communes of a programme stand at a quarter, as known on a day."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communes.models import Programme
from ntm_tracker.http import UserRequest
from reports import summaries, telling
from reports.forms.overview import FiguresForm
from reports.models import Period
from reports.standing import History, load_history, programmes, stand
from reports.story import story


@require_safe
def overview(request: UserRequest) -> HttpResponse:
    """The two questions, the targets, the matrix, what was missed, gained and lost. Official figures first."""
    form = FiguresForm(request.GET)
    known = programmes()
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        return render(request, "reports/overview_empty.html", {"programme": None})
    seen_by = request.user if form.is_provisional else None
    history = load_history(programme, form.day, seen_by=seen_by, goals=known[programme])
    period, unknown_quarter = choose_period(history, request.GET.get("quarter", ""))
    if period is None:
        return render(request, "reports/overview_empty.html", {"programme": programme})
    standing = stand(history, period)
    open_cell = request.GET.get("cell", "")

    def url_of(cell: str) -> str:
        return f"{form.query(cell=cell)}#story"

    context = filters(form, history, list(known), unknown_quarter) | {
        "standing": standing,
        "published": summaries.published(programme, standing),
        "kept": telling.kept(standing, url_of),
        "reached": telling.reached(standing),
        "cards": [telling.target_card(target) for target in standing.targets],
        "report_lines": telling.report_lines(standing),
        "matrix": telling.matrix(standing, url_of, open_cell),
        "moves": telling.all_moves(standing),
        "story": story(standing, open_cell),
    }
    return render(request, "reports/overview.html", context)


def filters(form: FiguresForm, history: History, programmes: list[Programme], unknown_quarter: str) -> dict[str, Any]:
    """What every page of figures says and asks of them: programme, quarters, day, official or provisional."""
    return {
        "form": form,
        "programme": history.programme,
        "programmes": programmes,
        "periods": history.periods[::-1],
        "unknown_quarter": unknown_quarter,
        "query": form.query(),
    }


def choose_programme(programmes: list[Programme], code: str) -> Programme | None:
    """The programme with that code, else the first one."""
    first = programmes[0] if programmes else None
    return next((programme for programme in programmes if programme.code == code), first)


def choose_period(history: History, code: str) -> tuple[Period | None, str]:
    """The quarter with that code, else the newest opened one; and what to say when the code is unknown."""
    asked = next((period for period in history.periods if period.code == code), None)
    newest = history.periods[-1] if history.periods else None
    if asked or not code:
        return asked or newest, ""
    return newest, _("There is no such quarter; the newest one is shown.")
