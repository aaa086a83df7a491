"""What does the review page show, and in which order? What matters first: disagreements, gains and losses, points to
look at, answers, edits nobody asked for, papers, findings of inspections; then everything else, folded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from criteria.rules import Verdict
from ntm_tracker.http import UserRequest
from reports import differences, entry, permissions, rounds, workflow
from reports.changes import Background, compare, read_beside
from reports.differences import Difference
from reports.evidence import chips
from reports.forms.review import ItemForm, ReturnForm, VerdictForm
from reports.inspections import findings
from reports.items import open_ones, read_items
from reports.judging import CriterionSheet, IndicatorSheet, Sheet
from reports.models import EvidenceLink, QuarterlyReport, ReportVersion, ReviewItem, ReviewLimits
from reports.rounds import Course
from reports.views.check import contents_of
from reports.views.evidence import papers
from reports.views.points import expiring_papers, missing_papers, points_of
from reports.workflow import Refused


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator of a criterion: as it is, what the last accepted quarter said, and what proves it."""

    sheet: IndicatorSheet
    before: str
    links: list[EvidenceLink]


@dataclass
class Row:
    """One criterion on the page, with the form for its verdict and what is wrong with it."""

    sheet: CriterionSheet
    form: VerdictForm
    mark: str
    before: str
    indicators: list[IndicatorRow]
    conflict: entry.Conflict | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return f"c{self.sheet.criterion.number}"

    @property
    def row_version(self) -> int:
        """The version of the stored row, as shown."""
        return self.sheet.row.row_version if self.sheet.row else 0

    @property
    def is_disputed(self) -> bool:
        """Whether the committee, the rule and the reviewer do not all say the same."""
        verified = self.sheet.verified
        return self.sheet.is_disputed or bool(verified and verified != self.sheet.computed)

    @property
    def rule(self) -> str:
        """Why the rule calls it fragile; empty where it does not, or where nothing is met that could be lost."""
        return self.form.rule if self.sheet.verified in (Verdict.MET, Verdict.BASIC) else ""

    @property
    def loud(self) -> list[IndicatorRow]:
        """The indicators that decide: those not met or without data; all of them where all are met."""
        deciding = [one for one in self.indicators if one.sheet.verdict in (Verdict.NOT_MET, Verdict.NO_DATA)]
        return deciding or self.indicators

    @property
    def quiet(self) -> list[IndicatorRow]:
        """The other indicators."""
        loud = self.loud
        return [one for one in self.indicators if one not in loud]

    @property
    def is_wrong(self) -> bool:
        return bool(self.problems or self.conflict or self.form.errors)

    @property
    def is_open(self) -> bool:
        """Whether the folded part has something to show."""
        row = self.sheet.row
        return self.is_wrong or bool(row and (row.verified_reason or row.fragile))


@dataclass
class Typed:
    """What came with a POST and must not be lost: the forms as they stand after it, and what is wrong.

    `about` is what a new item is raised on, `item_done` that the typed one is stored.
    """

    verdicts: dict[int, VerdictForm] = field(default_factory=dict)
    conflicts: dict[int, entry.Conflict] = field(default_factory=dict)
    item: ItemForm | None = None
    giving_back: ReturnForm | None = None
    refused: Refused | None = None
    about: str = ""
    item_done: bool = False


def render_page(request: UserRequest, report: QuarterlyReport, version: ReportVersion, typed: Typed) -> HttpResponse:
    """The page as the database has it now, with what was typed and not yet saved. Eight queries beside the usual."""
    user = request.user
    sheet, background = read_beside(version)
    pks = [version.pk, *([version.based_on_id] if version.based_on_id else [])]
    criteria = [criterion.criterion for criterion in sheet.criteria]
    sections = differences.read_sections_of(pks, criteria)
    evidences = differences.read_evidence_of(pks)
    links = evidences[version.pk].links
    course = rounds.read(report)
    items = _with_rounds(read_items(report), version, course)
    open_now = open_ones(items)
    found = differences.differences(sheet, background, sections, evidences)
    asked = differences.asked_before(version, items)
    outside = differences.outside(found, asked)
    steps = workflow.steps_for(user, version)
    rows = _rows(sheet, background, links, typed)
    points = sorted(points_of(sheet, background, _place), key=lambda point: bool(point.explanation))
    context: dict[str, Any] = {
        "report": report,
        "version": version,
        "sheet": sheet,
        "course": course,
        "cases": [row for row in rows if row.is_disputed],
        "moves": sorted((row for row in rows if row.mark), key=lambda row: row.mark != "down"),
        "rest": [row for row in rows if not (row.is_disputed or row.mark)],
        "changes": background.changes(sheet),
        "sent": background.sent_version,
        "accepted": background.accepted_version,
        "asked": asked,
        "asked_of_all": any(item.criterion is None for item in asked),
        "outside": [(_place_of(difference), difference) for difference in outside],
        "inside": [(_place_of(difference), difference) for difference in found if difference not in outside],
        "points": points,
        "unexplained": sum(not point.explanation for point in points),
        "missing": missing_papers(sheet, links, _place),
        "expiring": expiring_papers(version, links),
        "inspections": findings(sections[version.pk], criteria),
        "sections": [(section, contents_of(section)) for section in sections[version.pk]],
        "papers": papers(links, sheet),
        "items": open_now,
        "answered": [item for item in open_now if _is_answered(item, version)],
        "waiting": [item for item in open_now if not _is_answered(item, version)],
        "resolved": [item for item in items if not item.is_open],
        "can_verify": permissions.can_verify(user, version),
        "can_raise": permissions.can_raise_item(user, version),
        "steps": steps,
        "can_return": "return" in steps,
        "obstacles": workflow.missing_before_acceptance(version, sheet, open_now),
        "errors": _errors(typed, rows),
    }
    context |= _forms(request, sheet, typed, can_return=context["can_return"])
    context["rest_is_open"] = any(row.is_wrong for row in context["rest"])
    context["fragile"] = [row for row in context["rest"] if row.rule]
    context["contents"], context["none"] = contents(context)
    return render(request, "reports/report_review.html", context)


def _rows(sheet: Sheet, background: Background, links: Iterable[EvidenceLink], typed: Typed) -> list[Row]:
    """Every criterion, with what was typed about it."""
    proving = chips(links)
    problems = _problems(typed.refused)
    return [
        Row(
            criterion,
            typed.verdicts.get(criterion.criterion.pk) or VerdictForm(sheet=criterion),
            _mark(criterion, background),
            background.before(criterion),
            [
                IndicatorRow(one, background.accepted_text(one.indicator.code), proving.get(one.indicator.pk, []))
                for one in criterion.indicators
            ],
            typed.conflicts.get(criterion.criterion.pk),
            problems.get(f"c{criterion.criterion.number}", []),
        )
        for criterion in sheet.criteria
    ]


def _mark(criterion: CriterionSheet, background: Background) -> str:
    """Newly met or lost since the last accepted quarter, as the rule or the reviewer sees it."""
    return background.mark(criterion) or compare(background.before(criterion), criterion.verified)


def _forms(request: UserRequest, sheet: Sheet, typed: Typed, *, can_return: bool) -> dict[str, Any]:
    """The forms for an item and for the return, with what was typed in them. One query where the report can go back."""
    kept = {name: request.POST[name] for name in ("reason", "respond_by") if name in request.POST}
    new_item = {name: request.POST[name] for name in ("about", "kind", "text") if name in request.POST}
    initial = {} if typed.item_done else new_item
    return {
        "item_form": typed.item or ItemForm(initial=initial, sheet=sheet, about=typed.about),
        "return_form": typed.giving_back
        or ReturnForm(initial=kept, days=ReviewLimits.current().respond_days if can_return else 0),
    }


def _with_rounds(items: list[ReviewItem], version: ReportVersion, course: Course) -> list[ReviewItem]:
    """The items, each with the name of the round it was raised in, and whether it is open since an earlier one."""
    names = {span.round.version_id: span.round.name for span in course.spans}
    for item in items:
        item.round = names.get(item.version_id, "")  # type: ignore[attr-defined]
        item.is_carried = item.is_open and item.version_id != version.pk  # type: ignore[attr-defined]
    return items


def _is_answered(item: ReviewItem, version: ReportVersion) -> bool:
    """Whether the committee answered it with the version under review."""
    return bool(item.reply) and item.version_id != version.pk


# What is wrong


def _problems(refused: Refused | None) -> dict[str, list[str]]:
    """The sentences of a refusal by the place they belong to."""
    found: dict[str, list[str]] = {}
    for gap in refused.gaps if refused else []:
        found.setdefault(gap.anchor, []).append(gap.sentence)
    return found


def _errors(typed: Typed, rows: list[Row]) -> list[tuple[str, str]]:
    """Everything that is wrong, for the summary: where it is, and a sentence."""
    found = []
    for row in rows:
        place = f"#{row.anchor}"
        if row.conflict:
            text = _("%(criterion)s: somebody else changed this verdict meanwhile.")
            found.append((place, text % {"criterion": row.sheet.criterion}))
        for errors in row.form.errors.values() if row.form.is_bound else []:
            found += [(place, f"{row.sheet.criterion}: {error}") for error in errors]
    for form in (typed.item, typed.giving_back):
        for name, errors in form.errors.items() if form else []:
            found += [(f"#id_{name}", str(error)) for error in errors]
    for gap in typed.refused.gaps if typed.refused else []:
        found.append((f"#{gap.anchor}" if gap.anchor else "", gap.sentence))
    return found


# Where things are


def _place(group: str, sheet: IndicatorSheet) -> str:
    """Where the criterion of an indicator is on the page."""
    return f"#c{sheet.indicator.criterion.number}"


def _place_of(difference: Difference) -> str:
    """Where on the page what differs is read in full."""
    if difference.section:
        return f"#{difference.group.replace(':', '-')}"
    return f"#c{difference.criterion}"


Counted = Callable[[dict[str, Any]], int | None]
"""How much of something the page has, from its context; None where it cannot have any."""

PARTS: list[tuple[str, Counted, Any, Any]] = [
    (
        "cases",
        lambda page: len(page["cases"]),
        ngettext_lazy("%(n)s disagreement", "%(n)s disagreements", "n"),
        gettext_lazy("no disagreement"),
    ),
    (
        "moves",
        lambda page: _marked(page, "down"),
        ngettext_lazy("%(n)s loss", "%(n)s losses", "n"),
        gettext_lazy("no loss"),
    ),
    (
        "moves",
        lambda page: _marked(page, "up"),
        ngettext_lazy("%(n)s gain", "%(n)s gains", "n"),
        gettext_lazy("no gain"),
    ),
    (
        "points",
        lambda page: page["unexplained"],
        ngettext_lazy("%(n)s unexplained point", "%(n)s unexplained points", "n"),
        gettext_lazy("no unexplained point"),
    ),
    (
        "points",
        lambda page: len(page["points"]) - page["unexplained"],
        ngettext_lazy("%(n)s explained point", "%(n)s explained points", "n"),
        "",
    ),
    (
        "answered",
        lambda page: len(page["answered"]),
        ngettext_lazy("%(n)s item answered", "%(n)s items answered", "n"),
        "",
    ),
    (
        "outside",
        lambda page: len(page["outside"]) if page["asked"] else None,
        ngettext_lazy("%(n)s edit outside what was asked", "%(n)s edits outside what was asked", "n"),
        gettext_lazy("no edit outside what was asked"),
    ),
    (
        "changes",
        lambda page: len(page["changes"]) if page["sent"] or page["accepted"] else None,
        ngettext_lazy("%(n)s changed indicator", "%(n)s changed indicators", "n"),
        gettext_lazy("no changed indicator"),
    ),
    (
        "evidence",
        lambda page: len(page["missing"]),
        ngettext_lazy("%(n)s missing paper", "%(n)s missing papers", "n"),
        gettext_lazy("no missing paper"),
    ),
    (
        "evidence",
        lambda page: len(page["expiring"]),
        ngettext_lazy("%(n)s paper expired or expiring", "%(n)s papers expired or expiring", "n"),
        gettext_lazy("no paper expired or expiring"),
    ),
    (
        "inspections",
        lambda page: len(page["inspections"]),
        ngettext_lazy("%(n)s inspection", "%(n)s inspections", "n"),
        gettext_lazy("no inspection"),
    ),
    ("rest", lambda page: len(page["rest"]), ngettext_lazy("%(n)s other criterion", "%(n)s other criteria", "n"), ""),
    ("items", lambda page: len(page["waiting"]), ngettext_lazy("%(n)s new item", "%(n)s new items", "n"), ""),
]
"""The parts of the page in its order: where each is, what it counts, that in words, and the words for none."""


def _marked(page: dict[str, Any], mark: str) -> int | None:
    """How many criteria were lost or gained; None where there is no quarter to compare with."""
    return sum(row.mark == mark for row in page["moves"]) if page["accepted"] else None


def contents(page: dict[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """The list of contents, each part counted, and what there is none of, in words: “no loss, no gain”."""
    counted = [(anchor, count(page), words, none) for anchor, count, words, none in PARTS]
    there = [(anchor, words % {"n": n}) for anchor, n, words, _none in counted if n]
    return there, ", ".join(str(none) for _anchor, n, _words, none in counted if n == 0 and none)
