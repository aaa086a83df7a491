"""What does the page of one commune say? Its answer, its targets, its strip of quarters, its reports."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from communes.models import AreaAssignment, Commune, Duty
from criteria.models import Criterion
from ntm_tracker import clock
from ntm_tracker.templatetags.look import day, shape, verdict_word
from ntm_tracker.templatetags.look import mark as draw

from .models import Period
from .standing import (
    COMPLETE,
    OPEN,
    UNKNOWN,
    Cell,
    CommuneAtTarget,
    CommuneRow,
    History,
    Owed,
    Standing,
    TargetVerdict,
    quarter_of,
    stand,
)
from .telling import lacking, marks, named, with_verdict


def achievement(row: CommuneRow) -> str:
    """The class of a commune by the number of criteria it has met, as the ministry groups communes."""
    if not row.known:
        return ""
    if row.outcome == COMPLETE:
        return _("all criteria")
    for least, words in ((15, _("15–18 criteria")), (10, _("10–14 criteria")), (5, _("5–9 criteria"))):
        if row.count.met >= least:
            return words
    return _("fewer than 5 criteria")


def classes(rows: Iterable[CommuneRow]) -> list[tuple[str, list[CommuneRow]]]:
    """The communes with figures by their class, the best class first; empty classes are left out."""
    found: dict[str, list[CommuneRow]] = {}
    for row in sorted(rows, key=lambda row: (row.outcome != COMPLETE, -row.count.met)):
        if row.known:
            found.setdefault(achievement(row), []).append(row)
    return list(found.items())


def answer(row: CommuneRow) -> str:
    """Where the commune stands, in one sentence."""
    if row.known is None:
        return _("Nothing is known yet: no report of this commune counts")
    names = {"met": row.count.met, "considered": row.count.considered, "n": len(row.lacking)}
    if row.outcome == COMPLETE:
        text = _("Complete: all %(considered)s considered criteria are met") % names
    else:
        text = (
            ngettext(
                "%(met)s of %(considered)s considered criteria are met, %(n)s is lacking",
                "%(met)s of %(considered)s considered criteria are met, %(n)s are lacking",
                len(row.lacking),
            )
            % names
        )
    if row.is_reported:
        return text
    return _("Not reported for this quarter. By %(quarter)s: %(answer)s") % {
        "quarter": row.known_from,
        "answer": text[:1].lower() + text[1:],
    }


@dataclass(frozen=True)
class TargetLine:
    """How the commune stands at one target's day."""

    name: str
    sign: str
    word: str
    text: str


def target_lines(standing: Standing, commune: Commune) -> list[TargetLine]:
    """Every target, as far as it concerns the commune."""
    lines = []
    for target in standing.targets:
        for at_target in target.communes:
            if at_target.commune.pk == commune.pk:
                name = _("Target of %(due)s") % {"due": day(target.due_on)}
                lines.append(TargetLine(name, *_at_target(target, at_target)))
    return lines


def _at_target(target: TargetVerdict, commune: CommuneAtTarget) -> tuple[str, str, str]:
    names = {
        "met": commune.count.met,
        "considered": commune.count.considered,
        "lacking": ", ".join(with_verdict(criterion, verdict) for criterion, verdict in commune.lacking),
        "days": target.days_left,
    }
    if commune.outcome == UNKNOWN:
        return "not_reported", "", _("no figures for that quarter")
    if commune.outcome == COMPLETE:
        if target.verdict == OPEN:
            return "met", _("complete so far"), _("%(met)s of %(considered)s") % names
        return "met", _("complete"), _("%(met)s of %(considered)s") % names
    if target.verdict == OPEN:
        text = _("%(met)s of %(considered)s so far; lacks %(lacking)s") % names
        return "", _("not complete yet"), text
    return "flag", _("missed"), _("%(met)s of %(considered)s; lacked %(lacking)s") % names


# The strip


@dataclass(frozen=True)
class StripCell:
    """One criterion at one quarter, drawn; `css` parts the years and tints the quarter shown."""

    drawing: SafeString
    css: str


@dataclass(frozen=True)
class StripRow:
    """One criterion over the quarters."""

    criterion: Criterion
    starts_group: bool
    cells: list[StripCell]


@dataclass(frozen=True)
class StripQuarter:
    """The head of one quarter, and how many criteria were met in it."""

    period: Period
    css: str
    met: str


@dataclass(frozen=True)
class Strip:
    """Criteria and quarters, ready to print."""

    years: list[tuple[int, int]]
    quarters: list[StripQuarter]
    rows: list[StripRow]
    editions: list[str]
    being_corrected: list[Owed]


def strip(history: History, standing: Standing, commune: Commune) -> Strip:
    """Every quarter of the history, each as the standing of that quarter has it."""
    years: dict[int, int] = {}
    quarters = []
    columns: list[tuple[str, dict[int, Cell], bool]] = []
    for period in history.periods:
        is_shown = quarter_of(period) == quarter_of(standing.period)
        css = " ".join(["y"] * (period.year not in years) + ["now"] * is_shown)
        years[period.year] = years.get(period.year, 0) + 1
        row = standing.row(commune.pk) if is_shown else stand(history, period).row(commune.pk)
        reported = row is not None and row.is_reported
        quarters.append(StripQuarter(period, css, str(row.count.met) if row and reported else "–"))
        columns.append((css, {cell.number: cell for cell in row.cells} if row and reported else {}, is_shown))
    rows: list[StripRow] = []
    for criterion in standing.criteria:
        starts = not rows or rows[-1].criterion.group_id != criterion.group_id
        cells = [StripCell(_drawn(found.get(criterion.number), is_shown), css) for css, found, is_shown in columns]
        rows.append(StripRow(criterion, starts, cells))
    owed = history.owed.get(commune.pk, {})
    being_corrected = [owed[quarter] for quarter in sorted(owed) if owed[quarter].is_being_corrected]
    return Strip(list(years.items()), quarters, rows, editions(history.periods), being_corrected)


def _drawn(cell: Cell | None, is_shown: bool) -> SafeString:
    """The shape with its marks. Only the quarter shown says what is new there; a loss is always marked."""
    if cell is None:
        return shape("not_reported", verdict_word("not_reported"))
    found = [(sign, words) for sign, words in marks(cell) if is_shown or sign in ("down", "frag")]
    label = ", ".join([verdict_word(cell.verdict), *(words for _sign, words in found)])
    return shape(cell.verdict, label) + format_html_join("", "{}", ((draw(sign),) for sign, _words in found))


def editions(periods: Iterable[Period]) -> list[str]:
    """Which edition of the criteria holds for which quarters, in sentences; empty while there is one only."""
    spans: list[list[Period]] = []
    for period in periods:
        if spans and spans[-1][-1].criteria_set_id == period.criteria_set_id:
            spans[-1].append(period)
        else:
            spans.append([period])
    if len(spans) < 2:
        return []
    text = _("From %(first)s to %(last)s: %(edition)s.")
    return [text % {"first": span[0], "last": span[-1], "edition": span[0].criteria_set.name} for span in spans]


# Reports and people


@dataclass(frozen=True)
class ReportLink:
    """A report of the commune: its state, and where this user may read it."""

    owed: Owed
    url: str


def reports(history: History, commune: Commune, *, is_insider: bool) -> list[ReportLink]:
    """The reports of the commune, newest first. Insiders get the report, others its accepted version."""
    owed = history.owed.get(commune.pk, {})
    links = []
    for quarter in sorted(owed, reverse=True):
        duty = owed[quarter]
        url = ""
        if is_insider:
            url = reverse("reports:detail", args=[duty.report])
        elif duty.official:
            url = reverse("reports:version", args=[duty.report, duty.official])
        links.append(ReportLink(duty, url))
    return links


def people(commune: Commune) -> list[AreaAssignment]:
    """Who is in charge today: the committee, the reviewers, who follows it and who leads. One query."""
    order = [Duty.EDITOR, Duty.SIGNER, Duty.REVIEWER, Duty.CENTRAL, Duty.LEAD]
    found = (
        AreaAssignment.objects.on(clock.today())
        .filter(Q(province=commune.province_id) | Q(province__isnull=True), duty__in=order)
        .filter(Q(communes__isnull=True) | Q(communes=commune))
        .select_related("user")
        .distinct()
    )
    return sorted(found, key=lambda assignment: (order.index(Duty(assignment.duty)), assignment.user.full_name))


def changes(row: CommuneRow) -> list[tuple[str, str]]:
    """This quarter's gains and losses, as marks with their words."""
    if row.since_previous is None:
        return []
    by_number = {cell.number: cell for cell in row.cells}
    found = [
        ("up", pgettext("mark", "newly met: %(criterion)s") % {"criterion": named(by_number[number].criterion)})
        for number in row.since_previous.gained
        if number in by_number
    ]
    return found + [
        ("down", pgettext("mark", "lost: %(criterion)s") % {"criterion": lacking([by_number[number]])})
        for number in row.since_previous.lost
        if number in by_number
    ]
