"""The communes: all of a programme, and one with its criteria over the quarters."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from communes.models import Commune, Membership, Programme
from communes.permissions import is_insider
from ntm_tracker.http import UserRequest
from reports import profile, summaries, telling
from reports.forms.overview import FiguresForm
from reports.standing import CommuneRow, Member, load_history, load_members, members_on, programmes, stand

from .overview import choose_period, choose_programme, filters


@require_safe
def commune_list(request: UserRequest) -> HttpResponse:
    """The communes of a programme with how far they are, fifty a page."""
    form = FiguresForm(request.GET)
    known = programmes()
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        return render(request, "communes/commune_list.html", {"programme": None})
    members = load_members(programme)
    page = Paginator(members_on(members, form.day), 50).get_page(request.GET.get("page"))
    shown = {commune.pk for commune in page}
    history = load_history(
        programme,
        form.day,
        seen_by=request.user if form.is_provisional else None,
        goals=known[programme],
        members=[member for member in members if member.commune.pk in shown],
    )
    period, unknown_quarter = choose_period(history, request.GET.get("quarter", ""))
    standing = stand(history, period) if period else None
    context = filters(form, history, list(known), unknown_quarter) | {
        "page": page,
        "standing": standing,
        "published": summaries.published(programme, standing, only=shown) if standing else None,
        "rows": [list_row(commune, standing.row(commune.pk) if standing else None) for commune in page],
    }
    return render(request, "communes/commune_list.html", context)


def list_row(commune: Commune, row: CommuneRow | None) -> tuple[Commune, CommuneRow | None, str, str, str]:
    """One line of the list: the commune, its row, its class, what it lacks, on which figures."""
    if row is None:
        return commune, None, "", "", ""
    lacks = telling.lacking(row.lacking) if row.known else ""
    return commune, row, profile.achievement(row), lacks, telling.basis(row)


@require_safe
def commune_detail(request: UserRequest, pk: int) -> HttpResponse:
    """One commune: who it is, where it stands, its targets, its quarters, its reports, who is in charge."""
    form = FiguresForm(request.GET)
    followed = programmes_of(pk)
    known = {programme: goals for programme, goals in programmes().items() if programme in followed}
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    if programme is None:
        commune = get_object_or_404(Commune.objects.select_related("province__region"), pk=pk)
        return render(request, "communes/commune_unfollowed.html", {"commune": commune})
    members = followed[programme]
    commune = members[0].commune
    seen_by = request.user if form.is_provisional else None
    history = load_history(programme, form.day, seen_by=seen_by, goals=known[programme], members=members)
    period, unknown_quarter = choose_period(history, request.GET.get("quarter", ""))
    standing = stand(history, period) if period else None
    row = standing.row(pk) if standing else None
    context = filters(form, history, list(known), unknown_quarter) | {
        "commune": commune,
        "standing": standing,
        "published": summaries.published(programme, standing, only=[pk]) if standing else None,
        "row": row,
        "people": profile.people(commune),
        "reports": profile.reports(history, commune, is_insider=is_insider(request.user, commune)),
    }
    if standing and row:
        context |= {
            "answer": profile.answer(row),
            "achievement": profile.achievement(row),
            "changes": profile.changes(row),
            "targets": profile.target_lines(standing, commune),
            "strip": profile.strip(history, standing, commune),
        }
    return render(request, "communes/commune_detail.html", context)


def programmes_of(pk: int) -> dict[Programme, list[Member]]:
    """The programmes that follow or followed the commune, with what is stated about its membership. One query."""
    found: dict[Programme, list[Member]] = {}
    stated = Membership.objects.filter(commune=pk).select_related("programme", "commune__province__region")
    for row in stated.order_by("programme", "since"):
        found.setdefault(row.programme, []).append(Member(row.commune, row.since, row.is_member))
    return found
