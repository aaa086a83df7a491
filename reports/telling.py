"""How is it told where the communes stand? Sentences, labels and cells for the pages, ready to print."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from criteria.models import Criterion, CriterionGroup
from ntm_tracker.templatetags.look import MARKS, capital, day, delta, shape, verdict_word
from ntm_tracker.templatetags.look import mark as draw

from .standing import (
    COMPLETE,
    GAINED,
    LOST,
    MISSED,
    OPEN,
    REACHED,
    REGAINED,
    UNKNOWN,
    WAITING,
    Cell,
    Change,
    CommuneAtTarget,
    CommuneRow,
    Quarter,
    Standing,
    TargetVerdict,
)

SIGN_OF_MARK = {GAINED: "up", REGAINED: "up", LOST: "down"}
SIGN_OF_OUTCOME = {COMPLETE: "met", "basically": "basic", "incomplete": "not_met", UNKNOWN: "not_reported"}


# Words


def named(criterion: Criterion) -> str:
    return f"{criterion.number} {criterion.short}"


def breakable(name: str) -> str:
    """The name with places to break its long words: a column of the matrix is narrow."""
    return " ".join(f"{word[:-4]}\u00ad{word[-4:]}" if len(word) > 8 else word for word in name.split(" "))


def with_verdict(criterion: Criterion, verdict: str) -> str:
    """ "10 Income", with its verdict in brackets unless it is plainly not met."""
    return named(criterion) if verdict == "not_met" else f"{named(criterion)} ({verdict_word(verdict)})"


def lacking(cells: Iterable[Cell]) -> str:
    """The criteria a commune lacks, by number and name."""
    return ", ".join(with_verdict(cell.criterion, cell.shown) for cell in cells)


def change_word(mark: str) -> str:
    """The word for a change of a cell."""
    words = {
        GAINED: pgettext("mark", "newly met"),
        REGAINED: pgettext("mark", "regained"),
        LOST: pgettext("mark", "regression"),
    }
    return words[mark]


def marks(cell: Cell) -> list[tuple[str, str]]:
    """The marks a cell carries, each with the words to read aloud."""
    found = []
    if cell.mark:
        found.append((SIGN_OF_MARK[cell.mark], change_word(cell.mark)))
    if cell.fragile:
        found.append(("frag", str(MARKS["frag"].word)))
    if cell.missed and not cell.is_fulfilled:
        days = ", ".join(day(due) for due in cell.missed)
        found.append(("flag", _("target date missed %(days)s") % {"days": days}))
    return found


def cell_label(cell: Cell, row: CommuneRow) -> str:
    """All that a cell says: on a phone it has no column head."""
    said = [verdict_word(cell.shown), *(words for _sign, words in marks(cell))]
    label = f"{named(cell.criterion)}: {', '.join(said)}"
    if cell.last_known and row.known_from:
        return _("%(cell)s (by %(quarter)s)") % {"cell": label, "quarter": row.known_from}
    return label


def basis(row: CommuneRow) -> str:
    """Which figures a row stands on: official, provisional, or an earlier quarter's."""
    if row.known is None:
        return _("never reported")
    if not row.is_reported:
        return _("by %(quarter)s") % {"quarter": row.known_from}
    return _("provisional") if row.is_provisional else _("official")


# The matrix


@dataclass(frozen=True)
class MatrixCell:
    """One cell, drawn."""

    url: str
    css: str
    label: str
    drawing: SafeString
    is_open: bool


@dataclass(frozen=True)
class MatrixRow:
    """One commune of the matrix."""

    row: CommuneRow
    cells: list[MatrixCell]
    basis: str
    lacking: str
    since_previous: str
    since_baseline: str

    @property
    def is_old(self) -> bool:
        return not self.row.is_reported


@dataclass(frozen=True)
class MatrixColumn:
    """One criterion with its totals; `starts_group` parts the groups."""

    criterion: Criterion
    short: str
    starts_group: bool
    met: int
    is_low: bool
    with_last_known: int


@dataclass(frozen=True)
class Matrix:
    """Communes and criteria, ready to print."""

    groups: list[tuple[CriterionGroup, int]]
    columns: list[MatrixColumn]
    rows: list[MatrixRow]
    compares: bool = True

    @property
    def totals(self) -> int:
        """How many columns stand behind the criteria: the count, and the changes where it compares."""
        return 3 if self.compares else 1


def matrix(standing: Standing, url_of: Callable[[str], str], open_cell: str = "", *, compares: bool = True) -> Matrix:
    """The matrix of the standing. `url_of` leads to the story of a cell by its name "commune-number".

    Unless it `compares`, it has no columns of changes.
    """
    reported = len(standing.reported)
    groups: list[tuple[CriterionGroup, int]] = []
    columns = []
    for column in standing.columns:
        group = column.criterion.group
        starts = not groups or groups[-1][0] != group
        groups = [*groups, (group, 1)] if starts else [*groups[:-1], (group, groups[-1][1] + 1)]
        columns.append(
            MatrixColumn(
                column.criterion,
                breakable(column.criterion.short),
                starts,
                column.met,
                column.met < reported,
                column.with_last_known,
            )
        )
    first = {column.criterion.number for column in columns if column.starts_group}
    rows = []
    for row in standing.rows:
        cells = []
        for cell in row.cells:
            name = f"{row.commune.pk}-{cell.number}"
            css = "c" + (" g" if cell.number in first else "") + (" prov" if row.is_provisional else "")
            drawing = shape(cell.shown) + format_html_join("", "{}", ((draw(sign),) for sign, _words in marks(cell)))
            cells.append(MatrixCell(url_of(name), css, cell_label(cell, row), drawing, name == open_cell))
        rows.append(
            MatrixRow(
                row,
                cells,
                "" if row.is_reported and not row.is_provisional else basis(row),
                lacking(row.lacking) if row.known else "",
                delta(row.since_previous.net) if row.since_previous else "",
                delta(row.since_baseline.net) if row.since_baseline else "",
            )
        )
    return Matrix(groups, columns, rows, compares)


# The two questions


@dataclass(frozen=True)
class Point:
    """One line of a list: a criterion of a commune, its signs and why."""

    row: CommuneRow
    cell: Cell
    url: str
    signs: list[tuple[str, str]]
    text: str


@dataclass(frozen=True)
class Kept:
    """Are the met criteria being kept?"""

    answer: str
    lost: int
    lost_earlier: int
    fragile: int
    regained: int
    first: list[Point]
    rest: list[Point]


def kept(standing: Standing, url_of: Callable[[str], str]) -> Kept:
    """The answer, with the criteria that were lost, regained or are fragile."""
    here = Quarter(standing.period.year, standing.period.quarter)
    lost, earlier, regained, fragile = [], [], [], []
    for row in standing.rows:
        for cell in row.cells:
            url = url_of(f"{row.commune.pk}-{cell.number}")
            if cell.mark == LOST:
                lost.append(_point(row, cell, url, [("down", change_word(LOST))], cell))
            elif cell.lost_in and cell.lost_in != here:
                words = _("lost in %(quarter)s, not regained") % {"quarter": cell.lost_in}
                earlier.append(_point(row, cell, url, [("down", words)], cell))
            elif cell.mark == REGAINED:
                signs = [("up", change_word(REGAINED))]
                signs += [("frag", str(MARKS["frag"].word))] if cell.fragile else []
                regained.append(_point(row, cell, url, signs, cell))
            elif cell.fragile:
                fragile.append(_point(row, cell, url, [("frag", str(MARKS["frag"].word))], cell))
    count = sum(cell.fragile for row in standing.rows for cell in row.cells)
    gone = len(lost) + len(earlier)
    if not any(row.known for row in standing.rows):
        answer = _("Not known: nothing has been accepted yet.")
    elif gone:
        answer = _("Not all of them: %(lost)s lost, %(fragile)s fragile") % {"lost": gone, "fragile": count}
    elif count:
        answer = _("So far they are kept, but %(fragile)s are fragile") % {"fragile": count}
    else:
        answer = _("Yes: none is lost and none is fragile")
    points = [*lost, *earlier, *regained, *fragile]
    first = max(5, len(lost) + len(earlier))
    return Kept(answer, len(lost), len(earlier), count, len(regained), points[:first], points[first:])


def _point(row: CommuneRow, cell: Cell, url: str, signs: list[tuple[str, str]], said: Cell) -> Point:
    judged = said.judged
    text = (judged.fragile_reason or judged.verified_reason) if judged else ""
    if not row.is_reported:
        text = ". ".join(part for part in (text.rstrip("."), capital(basis(row))) if part) + "."
    return Point(row, cell, url, signs, text)


@dataclass(frozen=True)
class Reached:
    """Are the unmet criteria reached in time?"""

    answer: str
    rows: list[tuple[CommuneRow, str, str]]


def reached(standing: Standing) -> Reached:
    """The answer, with the communes that are not complete and what they lack."""
    open_rows = [row for row in standing.rows if row.outcome != COMPLETE]
    rows = [(row, basis(row), lacking(row.lacking) if row.known else _("no figures yet")) for row in open_rows]
    left, communes = len(open_rows), len(standing.rows)
    upcoming = next((target for target in standing.targets if target.verdict == OPEN), None)
    over = [target for target in standing.targets if target.is_over]
    names = {"n": left, "communes": communes}
    if not communes:
        answer = _("Nobody knows yet: the programme has no communes.")
    elif not left:
        answer = ngettext("Yes: the commune is complete", "Yes: all %(communes)s communes are complete", communes)
    elif upcoming:
        answer = ngettext(
            "Still open: %(n)s of %(communes)s communes is not complete by this quarter; the day is %(due)s",
            "Still open: %(n)s of %(communes)s communes are not complete by this quarter; the day is %(due)s",
            left,
        )
        names["due"] = day(upcoming.due_on)  # type: ignore[assignment]
    elif over and over[-1].verdict == MISSED:
        answer = ngettext(
            "No: the target of %(due)s is missed; %(n)s commune is not complete",
            "No: the target of %(due)s is missed; %(n)s communes are not complete",
            left,
        )
        names["due"] = day(over[-1].due_on)  # type: ignore[assignment]
    elif over and over[-1].verdict == WAITING:
        answer = _("Not known yet: reports that are still out decide on the target of %(due)s")
        names["due"] = day(over[-1].due_on)  # type: ignore[assignment]
    else:
        answer = ngettext(
            "%(n)s of %(communes)s communes is not complete", "%(n)s of %(communes)s communes are not complete", left
        )
    return Reached(answer % names, rows)


# Targets


@dataclass(frozen=True)
class TargetCard:
    """What became of a target, in words."""

    target: TargetVerdict
    sign: str
    word: str
    when: str
    pips: list[tuple[str, str]]

    @property
    def name(self) -> str:
        return _("Target of %(due)s") % {"due": day(self.target.due_on)}


def target_word(verdict: str) -> tuple[str, str]:
    """The sign and the word for what became of a target."""
    words = {
        REACHED: ("met", _("Target reached")),
        MISSED: ("flag", _("Target missed")),
        WAITING: ("wait", _("Waiting for reports")),
        OPEN: ("todo", _("Open")),
    }
    return words[verdict]


def target_card(target: TargetVerdict) -> TargetCard:
    """The card of a target: reached, missed, open or waiting for reports."""
    sign, word = target_word(target.verdict)
    left = target.days_left
    if left >= 0:
        when = ngettext("%(n)s day is left.", "%(n)s days are left.", left) % {"n": left}
    else:
        when = ngettext("The day passed %(n)s day ago.", "The day passed %(n)s days ago.", -left) % {"n": -left}
    order = [COMPLETE, UNKNOWN, "basically", "incomplete"]
    communes = sorted(target.communes, key=lambda commune: order.index(commune.outcome))
    pips = [(SIGN_OF_OUTCOME[commune.outcome], commune_outcome(commune)) for commune in communes]
    return TargetCard(target, sign, word, when, pips)


def commune_outcome(commune: CommuneAtTarget) -> str:
    """ "Tân Thịnh: complete", for reading aloud."""
    words = {
        COMPLETE: _("%(commune)s: complete"),
        "basically": _("%(commune)s: basically complete"),
        "incomplete": _("%(commune)s: not complete"),
        UNKNOWN: _("%(commune)s: not reported"),
    }
    return words[commune.outcome] % {"commune": commune.commune.name}


# Gains and losses


@dataclass(frozen=True)
class Moves:
    """What the communes gained and lost against an earlier quarter."""

    title: str
    rows: list[tuple[CommuneRow, str, str, str]]
    unchanged: list[str]
    unknown: list[str]
    gained: int
    lost: int


def moves(standing: Standing, title: str, change_of: Callable[[CommuneRow], Change | None]) -> Moves:
    """Commune by commune what changed; those without a figure on either side are named apart."""
    rows, unchanged, unknown = [], [], []
    gained = lost = 0
    for row in standing.rows:
        difference = change_of(row)
        if difference is None:
            unknown.append(row.commune.name)
            continue
        if not difference.gained and not difference.lost:
            unchanged.append(row.commune.name)
            continue
        gained += len(difference.gained)
        lost += len(difference.lost)
        by_number = {cell.number: cell for cell in row.cells}
        rows.append(
            (
                row,
                ", ".join(named(by_number[number].criterion) for number in difference.gained if number in by_number),
                lacking(by_number[number] for number in difference.lost if number in by_number),
                delta(difference.net),
            )
        )
    return Moves(title, rows, unchanged, unknown, gained, lost)


def all_moves(standing: Standing) -> list[Moves]:
    """Against the previous quarter and against the day the programme counts from, where there are such quarters."""
    found = []
    if standing.previous:
        title = _("Against %(quarter)s") % {"quarter": standing.previous}
        found.append(moves(standing, title, lambda row: row.since_previous))
    if standing.baseline:
        title = _("Against %(quarter)s") % {"quarter": standing.baseline}
        found.append(moves(standing, title, lambda row: row.since_baseline))
    return found


def marked(standing: Standing) -> Moves:
    """What the marks of the cells say was gained and lost, against whatever was known before.

    A commune without a mark may be unchanged or told for the first time, so none is called unchanged.
    """

    def change_of(row: CommuneRow) -> Change | None:
        if not row.is_reported:
            return None
        return Change(
            gained=tuple(cell.number for cell in row.cells if cell.mark in (GAINED, REGAINED)),
            lost=tuple(cell.number for cell in row.cells if cell.mark == LOST),
        )

    return replace(moves(standing, _("Against the report before"), change_of), unchanged=[])


# Reporting


@dataclass(frozen=True)
class ReportLine:
    """A report that is not accepted: its commune, its state and how late it is."""

    row: CommuneRow
    state: str
    text: str


def report_lines(standing: Standing) -> list[ReportLine]:
    """The communes whose report of the quarter is not accepted. Only states: they are for everybody."""
    lines = []
    for row in standing.rows:
        if row.owed is None:
            lines.append(ReportLine(row, "not_submitted", _("no report was asked for")))
            continue
        if row.owed.state == "accepted":
            continue
        late = (standing.as_of - row.owed.due_on).days
        if row.owed.state == "overdue":
            text = ngettext("%(n)s day overdue", "%(n)s days overdue", late) % {"n": late}
        elif row.owed.state == "not_submitted":
            text = _("due on %(due)s") % {"due": day(row.owed.due_on)}
        else:
            text = ""
        lines.append(ReportLine(row, row.owed.state, text))
    return lines
