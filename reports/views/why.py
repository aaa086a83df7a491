"""Why a figure stands on a board: pages behind the cells, the counts and the targets, for the same figures."""

from dataclasses import dataclass, replace
from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communes.models import Commune, Programme, User
from ntm_tracker.http import UserRequest
from reports import profile, telling
from reports.forms.overview import FiguresForm
from reports.models import Period
from reports.standing import History, Standing, load_history, programmes, quarter_of, stand
from reports.why import counts, followed, trace_cell

from .overview import choose_period, choose_programme, filters


@dataclass(frozen=True)
class Figures:
    """The figures that are asked about, as a board shows them."""

    form: FiguresForm
    programmes: list[Programme]
    history: History
    standing: Standing
    unknown_quarter: str

    @property
    def context(self) -> dict[str, object]:
        """What the filter and the line about the figures print."""
        shown = filters(self.form, self.history, self.programmes, self.unknown_quarter)
        return shown | {"standing": self.standing, "query": self.form.query(quarter=self.standing.period.code)}


@require_safe
def why_cell(request: UserRequest, commune: int, number: int) -> HttpResponse:
    """Why a criterion of a commune has its verdict. Five queries beside those of every page, six for insiders."""
    figures, place = figures_of(request, commune)
    if number not in {criterion.number for criterion in figures.standing.criteria}:
        raise Http404(_("There is no such criterion in the edition of that quarter."))
    row = figures.standing.row(commune)
    cell = row.cell(number) if row else None
    trace = trace_cell(figures.history, row, cell, request.user) if row and cell else None
    context = figures.context | {
        "commune": place,
        "trace": trace,
        "criterion": next(one for one in figures.standing.criteria if one.number == number),
        "marks": telling.marks(cell) if cell else [],
        "basis": telling.basis(row) if row else "",
    }
    return render(request, "reports/why_cell.html", context)


@require_safe
def why_commune(request: UserRequest, commune: int) -> HttpResponse:
    """Which criteria the count of a commune is made of. Four queries beside those of every page."""
    figures, place = figures_of(request, commune)
    row = figures.standing.row(commune)
    context = figures.context | {
        "commune": place,
        "row": row,
        "answer": profile.answer(row) if row else "",
        "counts": counts(figures.history, place),
    }
    return render(request, "reports/why_commune.html", context)


@require_safe
def why_criterion(request: UserRequest, number: int) -> HttpResponse:
    """In which communes a criterion is met. Five queries beside those of every page."""
    figures = figures_of_all(request)
    column = next((one for one in figures.standing.columns if one.criterion.number == number), None)
    if column is None:
        raise Http404(_("There is no such criterion in the edition of that quarter."))
    rows = [(row, row.cell(number), telling.basis(row)) for row in figures.standing.rows]
    return render(request, "reports/why_criterion.html", figures.context | {"column": column, "rows": rows})


@require_safe
def why_target(request: UserRequest, due: str) -> HttpResponse:
    """What became of a target, and by which communes. Five queries beside those of every page."""
    figures = figures_of_all(request)
    day = read_day(due)
    target = next((one for one in figures.standing.targets if one.due_on == day), None)
    if target is None:
        raise Http404(_("No target was known for that day."))
    quarter = figures.standing.period if target.so_far else figures.history.period(target.quarter)
    context = figures.context | {"target": target, "card": telling.target_card(target), "quarter": quarter}
    return render(request, "reports/why_target.html", context)


def read_day(text: str) -> date | None:
    """The day written like 2014-12-31; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def figures_of_all(request: UserRequest) -> Figures:
    """The figures of a whole programme, as the overview shows them. Five queries."""
    form = FiguresForm(request.GET)
    known = programmes()
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        raise Http404(_("There is no programme yet."))
    history = load_history(programme, form.day, seen_by=_seen_by(request, form), goals=known[programme])
    return _figures(request, form, list(known), history)


def figures_of(request: UserRequest, commune: int) -> tuple[Figures, Commune]:
    """The figures of one commune, the same as in those of its whole programme. Four queries."""
    form = FiguresForm(request.GET)
    known = followed(commune)
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        raise Http404(_("No programme follows this commune."))
    goals, members = known[programme]
    seen_by = _seen_by(request, form)
    history = load_history(programme, form.day, seen_by=seen_by, goals=goals, members=members)
    other = other_quarter(history, request.GET.get("quarter", ""))
    if other and other.criteria_set_id in history.criteria:
        history = replace(history, periods=sorted([*history.periods, other], key=quarter_of))
    elif other:
        history = load_history(programme, form.day, seen_by=seen_by, goals=goals, members=members, also=other)
    return _figures(request, form, list(known), history), members[0].commune


def other_quarter(history: History, code: str) -> Period | None:
    """The opened quarter with that code for which the commune owes no report: boards show it all the same.

    No query for a quarter of the history.
    """
    if not code or any(period.code == code for period in history.periods):
        return None
    opened = Period.objects.filter(opened_at__isnull=False).select_related("criteria_set")
    year, _dash, quarter = code.partition("-")
    if not (year.isdecimal() and quarter.isdecimal() and len(code) < 8):
        return None
    return opened.filter(year=int(year), quarter=int(quarter)).first()


def _seen_by(request: UserRequest, form: FiguresForm) -> User | None:
    return request.user if form.is_provisional else None


def _figures(request: UserRequest, form: FiguresForm, known: list[Programme], history: History) -> Figures:
    period, unknown_quarter = choose_period(history, request.GET.get("quarter", ""))
    if period is None:
        raise Http404(_("There is no quarter to show yet."))
    return Figures(form, known, history, stand(history, period), unknown_quarter)
