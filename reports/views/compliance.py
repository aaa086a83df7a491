"""The board of deadlines: which commune reported when, quarter by quarter, on a page and as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from communes.models import Commune, Programme, Province, User
from communes.permissions import is_insider, is_ministry
from ntm_tracker import clock, sheets
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import capital, day, work_shape, work_state
from reports import compliance
from reports.compliance import Cell, ProvinceLine, QuarterShares, Row, Tally
from reports.forms.compliance import USUAL, BoardFilter
from reports.lateness import AHEAD, LATE, MISSING, ON_TIME, Share
from reports.models import Period, ReviewLimits
from reports.standing import programmes

from .overview import choose_programme

PER_PAGE = 50
SIGNS = {ON_TIME: "ok", LATE: "wait", MISSING: "warn", AHEAD: "todo"}


class Board:
    """The part of the board that was asked for, as known today. Six queries, and one for each page of rows."""

    def __init__(self, asked: BoardFilter) -> None:
        self.asked = asked
        self.today = clock.today()
        self.programmes = list(programmes())
        self.programme: Programme | None = choose_programme(self.programmes, asked.programme)
        opened = Period.objects.filter(opened_at__isnull=False) if self.programme else Period.objects.none()
        self.opened = list(opened.order_by("year", "quarter"))
        self.periods = asked.quarters(self.opened)

    @cached_property
    def owed(self) -> QuerySet[Any]:
        assert self.programme is not None
        return compliance.obligations(self.programme, self.periods)

    @cached_property
    def members(self) -> list[Commune]:
        """Every commune of the programme in these quarters."""
        if self.programme is None or not self.periods:
            return []
        communes = compliance.communes_in(self.programme, self.periods)
        if self.asked.only_late:
            communes = compliance.with_behind(communes, self.owed, self.today)
        return list(communes)

    @cached_property
    def province(self) -> Province | None:
        """The province asked for; None for all."""
        places = (commune.province for commune in self.members)
        return next((place for place in places if place.code == self.asked.province), None)

    @cached_property
    def communes(self) -> list[Commune]:
        """The communes the filters leave."""
        return [
            commune
            for commune in self.members
            if (self.province is None or commune.province_id == self.province.pk)
            and (not self.asked.only_late or commune.is_behind)  # type: ignore[attr-defined]  # from with_behind
        ]

    @cached_property
    def tallies(self) -> list[Tally]:
        return compliance.tally(self.owed)

    @cached_property
    def limits(self) -> ReviewLimits:
        return ReviewLimits.current()

    @cached_property
    def provinces(self) -> list[ProvinceLine]:
        return compliance.province_lines(self.members, self.tallies, self.today)

    @cached_property
    def whole(self) -> ProvinceLine:
        """All provinces together."""
        return compliance.province_line(None, len(self.members), self.tallies, self.today)

    @cached_property
    def quarters(self) -> list[QuarterShares]:
        """The shares of each quarter in the province asked for. All of its communes count, behind or not."""
        tallies, owed = self.tallies, self.owed
        if self.province:
            tallies = [one for one in tallies if one.province == self.province.pk]
            owed = owed.filter(commune__province=self.province)
        return compliance.quarter_shares(self.periods, tallies, compliance.handled(owed), self.limits, self.today)

    @cached_property
    def foot(self) -> list[tuple[str, list[tuple[str, Share]]]]:
        """The lines under the columns: what is counted, and its share in each quarter."""
        take_up, decide = self.limits.take_up_days, self.limits.decide_days
        taken_up = ngettext("Taken up within %(n)s day", "Taken up within %(n)s days", take_up) % {"n": take_up}
        decided = ngettext("Decided within %(n)s day", "Decided within %(n)s days", decide) % {"n": decide}
        return [
            (_("First sent in time"), [(short(quarter.period), quarter.sent) for quarter in self.quarters]),
            (_("Answers in time"), [(short(quarter.period), quarter.answered) for quarter in self.quarters]),
            (taken_up, [(short(quarter.period), quarter.taken_up) for quarter in self.quarters]),
            (decided, [(short(quarter.period), quarter.decided) for quarter in self.quarters]),
        ]

    def rows(self, communes: Sequence[Commune]) -> list[Row]:
        return compliance.read_rows(communes, self.periods, self.owed, self.today)

    @property
    def answer(self) -> str:
        """How the newest quarter whose day is over went, in a sentence."""
        over = [quarter for quarter in self.quarters if quarter.sent.whole]
        return answer(over[-1]) if over else _("The due day of none of these quarters is over yet.")


@dataclass(frozen=True)
class Line:
    """One quarter of one commune as it is printed."""

    quarter: str
    cell: Cell | None
    url: str
    can_urge: bool
    is_narrow: bool

    @property
    def css(self) -> str:
        return self.cell.kind if self.cell else "none"

    @property
    def drawing(self) -> SafeString:
        """The sign and the words; of what is in time the sign alone where there is little room."""
        assert self.cell is not None
        if self.is_narrow and self.cell.kind == ON_TIME:
            return work_shape(SIGNS[ON_TIME], self.words)
        return work_state(SIGNS[self.cell.kind], self.words)

    @property
    def words(self) -> str:
        return words(self.cell)

    @property
    def notes(self) -> list[str]:
        return notes(self.cell) if self.cell else []


@require_safe
def board(request: UserRequest) -> HttpResponse:
    """Communes × quarters with their shares, open to everybody signed in; fifty communes a page."""
    asked = BoardFilter(request.GET)
    shown = Board(asked)
    context = {"asked": asked, "board": shown, "programme": shown.programme, "query": asked.query()}
    if shown.periods:
        page = Paginator(shown.communes, PER_PAGE).get_page(request.GET.get("page"))
        rows = [(row.commune, lines(row, shown.periods, request.user)) for row in shown.rows(list(page))]
        context |= {
            "page": page,
            "rows": rows,
            "provinces": [(line, asked.query(province=line.code)) for line in shown.provinces],
            "all_url": asked.query("year", all="1"),
            "year": asked.year(shown.opened),
            "years": sorted({period.year for period in shown.opened}, reverse=True),
            "can_urge": any(line.can_urge for _commune, row in rows for line in row),
        }
    return render(request, "reports/compliance.html", context)


@require_safe
def board_file(request: UserRequest) -> HttpResponse:
    """The same board as a CSV file, every commune that the filters leave."""
    asked = BoardFilter(request.GET)
    shown = Board(asked)
    content = sheets.write(file_rows(shown))
    name = f"tinh-hinh-bao-cao-{shown.today:%Y%m%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=disposition)


def lines(row: Row, periods: Sequence[Period], user: User) -> list[Line]:
    """The cells of a commune, each with a link for those who may see its report. No query."""
    is_open, may_urge = is_insider(user, row.commune), is_ministry(user, row.commune)
    return [
        Line(
            short(period),
            cell,
            reverse("reports:detail", args=[cell.report]) if cell and is_open else "",
            bool(cell and cell.waits and may_urge),
            len(periods) > USUAL,
        )
        for period, cell in zip(periods, row.cells, strict=True)
    ]


def short(period: Period) -> str:
    """The quarter where there is little room: IV/2014."""
    return f"{period.roman}/{period.year}"


def answer(quarter: QuarterShares) -> str:
    """What became of the reports of a quarter, in one sentence."""
    parts = [
        ngettext(
            "%(part)s of %(whole)s report came in time",
            "%(part)s of %(whole)s reports came in time",
            quarter.sent.whole,
        )
        % {"part": quarter.sent.part, "whole": quarter.sent.whole}
    ]
    if quarter.late:
        parts.append(ngettext("%(n)s came late", "%(n)s came late", quarter.late) % {"n": quarter.late})
    if quarter.missing:
        parts.append(ngettext("%(n)s is missing", "%(n)s are missing", quarter.missing) % {"n": quarter.missing})
    return _("%(quarter)s: %(parts)s.") % {"quarter": capital(quarter.period), "parts": ", ".join(parts)}


def words(cell: Cell | None) -> str:
    """What a cell says in a few words."""
    if cell is None:
        return pgettext("deadline", "not owed")
    names = {"n": cell.days_late, "due": day(cell.due_on)}
    if cell.kind == ON_TIME:
        return pgettext("deadline", "in time")
    if cell.kind == LATE:
        return ngettext("%(n)s day late", "%(n)s days late", cell.days_late) % names
    if cell.kind == MISSING:
        return ngettext("missing, %(n)s day overdue", "missing, %(n)s days overdue", cell.days_late) % names
    return _("due %(due)s") % names


def notes(cell: Cell) -> list[str]:
    """What else there is to say of a cell: more time, an answer that is due, urging."""
    found = []
    if cell.is_extended:
        found.append(_("extended to %(day)s") % {"day": day(cell.due_on)})
    if cell.is_returned:
        found.append(_returned(cell))
    elif late := cell.answer_days_late:
        found.append(ngettext("answered %(n)s day late", "answered %(n)s days late", late) % {"n": late})
    if cell.urges:
        text = ngettext("urged %(n)s time, last on %(day)s", "urged %(n)s times, last on %(day)s", cell.urges)
        found.append(text % {"n": cell.urges, "day": day(cell.urged_on)})
    return found


def _returned(cell: Cell) -> str:
    """That a version was returned, and how the answer stands to its day."""
    if late := cell.answer_days_late:
        text = ngettext("returned, answer %(n)s day overdue", "returned, answer %(n)s days overdue", late)
        return text % {"n": late}
    return _("returned, answer by %(day)s") % {"day": day(cell.respond_by)}


def file_rows(board: Board) -> list[list[str]]:
    """The board as rows of text: what it shows, the communes, and the shares below."""
    title = _("Reporting, as known today, %(today)s") % {"today": day(board.today)}
    rows = [[title], [str(board.programme or "")]]
    if settings.DEMO_TODAY:
        rows.append([_("Illustrative figures")])
    if board.province:
        rows.append([str(board.province)])
    if board.asked.only_late:
        rows.append([_("Only communes with a late or missing report")])
    if not board.periods:
        return rows
    rows += [[], [_("Province"), _("Commune"), *(capital(period) for period in board.periods)]]
    for row in board.rows(board.communes):
        cells = ["; ".join([words(cell), *(notes(cell) if cell else [])]) for cell in row.cells]
        rows.append([str(row.commune.province), str(row.commune), *cells])
    rows.append([])
    return rows + [[label, "", *(_of(share) for _quarter, share in shares)] for label, shares in board.foot]


def _of(share: Share) -> str:
    """The share in words: Excel would take 9/11 for a day."""
    return _("%(part)s of %(whole)s") % {"part": share.part, "whole": share.whole} if share.whole else "–"
