"""The report on paper: a form to fill in by hand, or everything a version says in the look of an official report."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from communes.models import User
from communes.permissions import is_insider
from criteria import rules
from criteria.models import CriterionGroup
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import verdict_word
from reports.changes import Background, read_beside
from reports.judging import CriterionSheet, IndicatorSheet, Sheet
from reports.models import ReportVersion, ResourceEntry, Section, Source
from reports.models.value import CriterionVerdict
from reports.reading import say_threshold, say_value
from reports.sections import COLUMNS, SectionSheet, read_sections, say_line, unit_of

CITIES = {"01", "31", "48", "79", "92"}
"""The codes of the centrally run cities; every other one is of a province."""

BY_COLUMN = {Section.INSPECTIONS, Section.TASKS}
"""The sections that stand on paper as a table; the others are read line by line under their headings."""

EMPTY_ROWS = 5


@dataclass(frozen=True)
class PaperIndicator:
    """One row of the table of criteria."""

    sheet: IndicatorSheet
    before: str

    @property
    def threshold(self) -> str:
        return say_threshold(self.sheet.threshold, self.sheet.indicator)

    @property
    def now(self) -> str:
        return say_value(self.sheet.row, self.sheet.indicator, self.sheet.level)

    @property
    def notes(self) -> list[str]:
        """Why there is no value, what was noted, and the answer to a question about the value."""
        row = self.sheet.row
        return [text for text in (row.absence_reason, row.note, row.explanation) if text] if row else []


@dataclass(frozen=True)
class PaperCriterion:
    """One criterion with its rows."""

    sheet: CriterionSheet
    rows: list[PaperIndicator]

    @property
    def reason(self) -> str:
        """Why the committee judges otherwise than the rule."""
        return self.sheet.row.claim_reason if self.sheet.row else ""


@dataclass(frozen=True)
class PaperGroup:
    """A group of criteria, with its heading."""

    group: CriterionGroup
    criteria: list[PaperCriterion]


@dataclass(frozen=True)
class PaperSection:
    """A section beside the criteria as it is printed."""

    sheet: SectionSheet

    @property
    def by_column(self) -> bool:
        return self.sheet.form.section in BY_COLUMN

    @property
    def columns(self) -> list[str]:
        """The heads of a table of its lines."""
        return [str(column.label) for column in self.sheet.form.columns if column.name != "unit"]

    @property
    def lines(self) -> list[list[str]]:
        """The lines of that table, cell by cell."""
        return [[words for _label, words in say_line(line, self.sheet.form)] for line in self.sheet.lines]

    @property
    def sources(self) -> list[tuple[str, ResourceEntry | None]]:
        """Every source of resources, with its unit where it is not money, and what is written of it."""
        return [
            (
                str(source.label) if source.is_money else f"{source.label} ({unit_of(source)})",
                self.sheet.resources.get(source),
            )
            for source in Source
        ]


def report_paper(request: UserRequest, pk: int) -> HttpResponse:
    """One version laid out for A4, open to whoever may see the version. Six queries beside those of every page."""
    version = _version(request.user, pk, request.GET.get("version", ""))
    blank = request.GET.get("form") == "blank"
    report = version.report
    sheet, background = read_beside(version)
    sections = {section.code: PaperSection(section) for section in read_sections(version)}
    context = {
        "report": report,
        "version": version,
        "blank": blank,
        "insider": is_insider(request.user, report.commune),
        "groups": _groups(sheet, background),
        "sections": sections,
        "columns": COLUMNS,
        "accepted": background.accepted_version,
        "claims": [label for _code, label in CriterionVerdict.CLAIMS],
        "sums": [(verdict_word(code), n) for code, n in _sums(sheet) if blank or n],
        "unmet": [criterion for criterion in sheet.criteria if criterion.claimed == rules.Verdict.NOT_MET],
        "total": len(sheet.criteria),
        "is_city": report.commune.province.code in CITIES,
        "body": report.commune.province.name.removeprefix("TP. "),
        "letter_day": "" if blank or not version.letter_date else _letter_day(version.letter_date),
        "deputy": version.signer_title.casefold().startswith("phó "),
        "empty_rows": range(EMPTY_ROWS),
    }
    return render(request, "reports/paper.html", context)


def _version(user: User, pk: int, number: str) -> ReportVersion:
    """The version asked for, else the one in work, else the one in force, as far as `user` may see it. One query."""
    versions = (
        ReportVersion.objects.visible_to(user)
        .filter(report=pk)
        .select_related("report__commune__province__region", "report__period__criteria_set", "based_on")
    )
    if number:
        wanted = Q(number=number) if number.isdecimal() else Q(pk__in=[])
    else:
        wanted = Q(pk=F("report__working")) | Q(pk=F("report__in_force"))
    found = sorted(versions.filter(wanted), key=lambda version: version.pk != version.report.working_id)
    if not found:
        raise Http404
    return found[0]


def _groups(sheet: Sheet, background: Background) -> list[PaperGroup]:
    return [
        PaperGroup(
            entry.group,
            [
                PaperCriterion(
                    criterion,
                    [PaperIndicator(row, background.accepted_text(row.indicator.code)) for row in criterion.indicators],
                )
                for criterion in sheet.group(entry.group.code)
            ],
        )
        for entry in sheet.catalogue.groups
    ]


def _sums(sheet: Sheet) -> list[tuple[str, int]]:
    """How many criteria are claimed to be met, basically met and so on."""
    return [(code, sheet.count("claimed", code)) for code, _label in CriterionVerdict.CLAIMS]


def _letter_day(day: date) -> str:
    """The date as an official letter has it: a leading zero for days under 10 and for January and February only."""
    month = f"{day:%m}" if day.month < 3 else str(day.month)
    return _("day %(day)s month %(month)s year %(year)s") % {"day": f"{day:%d}", "month": month, "year": day.year}
