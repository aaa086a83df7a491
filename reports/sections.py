"""Which sections has a report beside the criteria, and which columns has each? One table drives form, paper and file.

`read_sections` gives what a version says in them, and whether each is complete: a section with neither a line nor
the word that there is nothing to report still waits to be written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import CharField, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ntm_tracker.templatetags.look import day, quantity

from .judging import Gap
from .models import Period, ReportVersion, ResourceEntry, Section, SectionLine, Source
from .models.sections import ResourceContent, SectionContent

Label = str | Promise


@dataclass(frozen=True)
class Column:
    """One column of a section: the field of `SectionLine` that holds it, and what it is called there.

    `kind` says how it is typed: line, text (several lines), day, number, choice (of the section's kinds) or criterion.
    A column that is required has the sentence that asks for it; `is_past` is a day that cannot be still to come.
    """

    name: str
    label: Label
    kind: str = "line"
    missing: Label = ""
    help: Label = ""
    is_past: bool = False

    @property
    def required(self) -> bool:
        return bool(self.missing)


@dataclass(frozen=True)
class Form:
    """One section: its question, its columns and, where it has a column `kind`, the kinds to choose from."""

    section: Section
    help: Label
    line: Label
    columns: tuple[Column, ...] = ()
    kinds: tuple[tuple[str, Label], ...] = ()
    nothing: Label = _("Nothing to report this quarter")

    @property
    def title(self) -> str:
        return str(self.section.label)

    @property
    def is_by_kind(self) -> bool:
        """Whether its lines are read under the headings of their kinds."""
        return bool(self.columns) and self.columns[0].name == "kind"

    def kind_label(self, kind: str) -> str:
        """The word for a kind; empty for an unknown one."""
        return str(dict(self.kinds).get(kind, ""))


CRITERION = Column("criterion", _("Criterion concerned"), "criterion")
UNIT = Column("unit", _("Counted in"), help=_("For example: people, copies."))

FORMS: dict[Section, Form] = {
    Section.STEERING: Form(
        Section.STEERING,
        _("Documents issued, organisation, training and propaganda in the quarter, each on a line of its own."),
        _("Activity"),
        (
            Column("kind", _("Kind"), "choice", _("Choose what kind of activity it is.")),
            Column("number", _("Document number"), help=_("For example: 12/KH-UBND.")),
            Column("day", _("Date"), "day", is_past=True),
            Column("body", _("Issued or held by")),
            Column("text", _("What was issued or done"), "text", _("Say what was issued or done.")),
            Column("quantity", _("Quantity"), "number", help=_("Participants, copies, meetings.")),
            UNIT,
        ),
        (
            ("document", pgettext_lazy("steering", "Document issued")),
            ("organisation", pgettext_lazy("steering", "Organisation strengthened")),
            ("training", pgettext_lazy("steering", "Training")),
            ("propaganda", pgettext_lazy("steering", "Propaganda")),
            ("other", pgettext_lazy("steering", "Other")),
        ),
    ),
    Section.INSPECTIONS: Form(
        Section.INSPECTIONS,
        _("Visits made to the commune in the quarter to check and urge, by whichever level."),
        _("Inspection"),
        (
            Column("kind", _("Team"), "choice", _("Choose the level of the team.")),
            Column("day", _("Date"), "day", _("Say on which day it took place."), is_past=True),
            Column("body", _("Led by"), missing=_("Say who led the team.")),
            Column("text", _("What was checked and concluded"), "text", _("Say what was checked and concluded.")),
            Column("detail", _("What must be done, and what has been done since"), "text"),
            Column("until", _("To be done by"), "day"),
        ),
        (
            ("central", pgettext_lazy("inspection team", "Central")),
            ("province", pgettext_lazy("inspection team", "Province")),
            ("district", pgettext_lazy("inspection team", "District")),
            ("commune", pgettext_lazy("inspection team", "Commune")),
        ),
    ),
    Section.RESOURCES: Form(
        Section.RESOURCES,
        _("By source, in million dong; land in square metres. Leave empty what does not apply."),
        _("Source"),
        nothing=_("No resources were planned or mobilised this quarter"),
    ),
    Section.RESULTS: Form(
        Section.RESULTS,
        _("What was achieved in the quarter and stands out beside the figures."),
        _("Result"),
        (Column("text", _("What was achieved"), "text", _("Say what was achieved.")), CRITERION),
    ),
    Section.IMPACT: Form(
        Section.IMPACT,
        _("What the criteria changed for production, income and living conditions, as point 1b of the letter asks."),
        _("Change"),
        (
            Column("kind", _("Heading"), "choice", _("Choose one of the three headings of the letter.")),
            Column("text", _("What changed"), "text", _("Say what changed.")),
            Column("quantity_before", _("Before"), "number"),
            Column("quantity", _("Now"), "number"),
            Column("unit", _("Counted in"), help=_("For example: ha, households.")),
        ),
        (
            ("production", pgettext_lazy("impact", "Production")),
            ("income", pgettext_lazy("impact", "Income")),
            ("living", pgettext_lazy("impact", "Living conditions")),
        ),
    ),
    Section.DIFFICULTIES: Form(
        Section.DIFFICULTIES,
        _("What stands in the way, and why."),
        _("Difficulty"),
        (
            Column("text", _("What the difficulty is"), "text", _("Say what the difficulty is.")),
            CRITERION,
            Column("kind", _("Cause"), "choice", _("Choose whether the cause is objective or subjective.")),
            Column("detail", _("Why"), "text", _("Say where the difficulty comes from.")),
        ),
        (
            ("objective", pgettext_lazy("cause", "Objective")),
            ("subjective", pgettext_lazy("cause", "Subjective")),
        ),
    ),
    Section.TASKS: Form(
        Section.TASKS,
        _("What will be done in the next quarter, by whom and by when."),
        _("Task"),
        (
            Column("text", _("What will be done"), "text", _("Say what will be done.")),
            Column("body", _("Responsible"), missing=_("Say who is responsible.")),
            Column("until", _("To be done by"), "day"),
            CRITERION,
        ),
    ),
    Section.PROPOSALS: Form(
        Section.PROPOSALS,
        _("What you ask of the centre, the province or the district."),
        _("Proposal"),
        (
            Column("kind", _("To"), "choice", _("Choose whom you ask.")),
            Column("text", _("What you ask for"), "text", _("Say what you ask for.")),
            CRITERION,
        ),
        (
            ("central", pgettext_lazy("proposal to", "The centre")),
            ("province", pgettext_lazy("proposal to", "The province")),
            ("district", pgettext_lazy("proposal to", "The district")),
        ),
    ),
}


# Lines in words


@dataclass(frozen=True)
class Said:
    """A line in words: what it says, and the rest of it, each with its label."""

    line: SectionLine
    text: str
    details: list[tuple[str, str]]


def say_line(line: SectionContent, form: Form) -> list[tuple[str, str]]:
    """What a line says, column by column: label and words, empty words where nothing was written."""
    said = []
    for column in form.columns:
        if column.name == "unit":
            continue  # said with its quantity
        said.append((str(column.label), _say(line, column, form)))
    return said


def _say(line: SectionContent, column: Column, form: Form) -> str:
    written = getattr(line, column.name)
    if column.kind == "choice":
        return form.kind_label(written)
    if column.kind == "day":
        return day(written)
    if column.kind == "number":
        return quantity(written, line.unit)
    return str(written) if written else ""


def line_words(line: SectionContent, period: Period) -> list[str]:
    """What in a line is hard to believe; each can be right, so nothing is refused."""
    words = []
    first = date(period.year, period.quarter * 3 - 2, 1)
    if line.day and not first <= line.day <= period.last_day:
        text = gettext("%(day)s is outside the quarter (%(first)s to %(last)s).")
        words.append(text % {"day": day(line.day), "first": day(first), "last": day(period.last_day)})
    if line.day and line.until and line.until < line.day:
        text = gettext("It is to be done by %(until)s, before the day of the inspection.")
        words.append(text % {"until": day(line.until)})
    return words


# Resources

COLUMNS: dict[str, Label] = {
    "planned": _("Planned for the year"),
    "mobilised": _("Mobilised this quarter"),
    "cumulative": _("Since the start of the year"),
    "disbursed": _("Disbursed"),
}
"""The amounts of a source, and what they are called in tables."""

STATE_BUDGET = (
    Source.CENTRAL_INVESTMENT,
    Source.CENTRAL_RECURRENT,
    Source.PROVINCE,
    Source.DISTRICT,
    Source.COMMUNE,
)
PEOPLE = (Source.PEOPLE_CASH, Source.PEOPLE_LABOUR, Source.PEOPLE_MATERIALS)
SUMS: list[tuple[Label, tuple[Source, ...]]] = [
    (_("State budget together"), STATE_BUDGET),
    (_("People together, without land"), PEOPLE),
    (_("All money together"), tuple(source for source in Source if source.is_money)),
]
"""The sums that are shown: in million dong, land is never among them."""


def unit_of(source: Source) -> str:
    """What the amounts of a source are counted in."""
    return gettext("million dong") if source.is_money else "m²"


def say_resources(entry: ResourceContent, source: Source) -> list[tuple[str, str]]:
    """What is written of a source, column by column: label and words, empty words where nothing was written."""
    unit = unit_of(source)
    said = [(str(label), quantity(getattr(entry, name), unit)) for name, label in COLUMNS.items()]
    return [*said, (pgettext("resources", "Note"), entry.note)]


def resource_words(entry: ResourceContent, before: "ResourceEntry | None", source: Source) -> list[str]:
    """Where the amounts of a source contradict one another, or those of the last accepted quarter of the year."""
    unit = unit_of(source)

    def amounts(**found: Decimal | None) -> dict[str, str]:
        return {name: quantity(amount, unit) for name, amount in found.items()}

    words: list[str] = []
    total = entry.cumulative
    if total is None:
        return words
    if entry.mobilised is not None and entry.mobilised > total:
        text = gettext("%(quarter)s this quarter is more than %(total)s since the start of the year.")
        words.append(text % amounts(quarter=entry.mobilised, total=total))
    if entry.disbursed is not None and entry.disbursed > total:
        text = gettext("%(spent)s disbursed is more than the %(total)s mobilised since the start of the year.")
        words.append(text % amounts(spent=entry.disbursed, total=total))
    if before and before.cumulative is not None and total < before.cumulative:
        text = gettext("%(total)s since the start of the year is less than the %(before)s accepted for %(period)s.")
        names = amounts(total=total, before=before.cumulative) | {"period": str(before.version.report.period)}
        words.append(text % names)
    return words


@dataclass
class SectionSheet:
    """One section of one version: its lines, for resources its entries by source, and whether it is complete."""

    form: Form
    lines: list[SectionLine] = field(default_factory=list)
    removed: list[SectionLine] = field(default_factory=list)
    nothing_row: SectionLine | None = None
    resources: dict[str, ResourceEntry] = field(default_factory=dict)
    accepted: dict[str, ResourceEntry] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.form.section.value

    @property
    def nothing(self) -> SectionLine | None:
        """The line that says that there is nothing to report, unless that was taken back."""
        return self.nothing_row if self.nothing_row and not self.nothing_row.removed else None

    @property
    def says_nothing(self) -> bool:
        """Whether the committee says that there is nothing to report, and there is no line."""
        return self.nothing is not None and not self.is_started

    @property
    def is_started(self) -> bool:
        return bool(self.lines or any(not entry.is_empty for entry in self.resources.values()))

    @property
    def is_filled(self) -> bool:
        return self.is_started or self.nothing is not None

    @property
    def headings(self) -> list[tuple[str, list[Said]]]:
        """The lines in words under the headings of their kinds; without such headings all under an empty one."""
        if not self.form.is_by_kind:
            return [("", [self._said(line) for line in self.lines])] if self.lines else []
        found = []
        for kind, label in self.form.kinds:
            lines = [self._said(line) for line in self.lines if line.kind == kind]
            if lines:
                found.append((str(label), lines))
        return found

    def _said(self, line: SectionLine) -> Said:
        """A line in words, without what its heading says."""
        left_out = {str(column.label) for column in self.form.columns if column.name == "text"}
        if self.form.is_by_kind:
            left_out.add(str(self.form.columns[0].label))
        details = [(label, words) for label, words in say_line(line, self.form) if words and label not in left_out]
        return Said(line, line.text, details)

    @property
    def entries(self) -> list[ResourceEntry]:
        """What is written of the sources, in their order."""
        return [entry for source in Source if (entry := self.resources.get(source)) and not entry.is_empty]

    @property
    def amounts(self) -> list[tuple[str, str, list[tuple[str, Decimal | None]]]]:
        """What is written of the sources: name with unit where it is not money, note, amounts by column."""
        found = []
        for entry in self.entries:
            source = Source(entry.source)
            name = source.label if source.is_money else f"{source.label} ({unit_of(source)})"
            cells = [(str(label), getattr(entry, column)) for column, label in COLUMNS.items()]
            found.append((str(name), entry.note, cells))
        return found

    @property
    def sums(self) -> list[tuple[str, list[tuple[str, Decimal | None]]]]:
        """The sums of the resources in million dong: each with its name and its amount by column."""
        return [
            (str(name), [(str(label), self.total(column, sources)) for column, label in COLUMNS.items()])
            for name, sources in SUMS
        ]

    def total(self, column: str, sources: Iterable[Source] = tuple(Source)) -> Decimal | None:
        """The sum of a column of the resources in million dong, land left out; None when no source has a figure."""
        amounts = [
            amount
            for source in sources
            if source.is_money
            and (entry := self.resources.get(source))
            and (amount := getattr(entry, column)) is not None
        ]
        return sum(amounts, Decimal(0)) if amounts else None


def read_sections(version: ReportVersion, *, with_accepted: bool = False) -> list[SectionSheet]:
    """Every section of the version in the order of the form. Two queries.

    With `with_accepted` the resources come beside those of the last accepted quarter of the same year.
    """
    sheets = {section: SectionSheet(form) for section, form in FORMS.items()}
    for line in version.lines.select_related("criterion", "updated_by").order_by("pk"):
        sheet = sheets[Section(line.section)]
        if line.says_nothing:
            sheet.nothing_row = line
        elif line.removed:
            sheet.removed.append(line)
        else:
            sheet.lines.append(line)
    resources = sheets[Section.RESOURCES]
    for entry in _entries(version, with_accepted):
        (resources.resources if entry.version_id == version.pk else resources.accepted)[entry.source] = entry
    return list(sheets.values())


def _entries(version: ReportVersion, with_accepted: bool) -> Iterable[ResourceEntry]:
    """The resources of the version and, where asked for, of the last accepted quarter of the same year. One query."""
    if not with_accepted:
        return version.resources.select_related("updated_by")
    period = version.report.period
    last = ReportVersion.objects.in_force_before(period, version.report.commune_id)
    same_year = Q(version__in=last, version__report__period__year=period.year)
    rows = ResourceEntry.objects.filter(Q(version=version) | same_year)
    return rows.select_related("updated_by", "version__report__period")


def section_gap(section: Section) -> Gap:
    """What is missing in a section that has neither a line nor the word that there is nothing to report."""
    text = gettext("%(section)s: write at least one line, or say that there is nothing to report.")
    return Gap(text % {"section": section.label}, f"section:{section.value}")


def filled_sections(version: ReportVersion) -> set[str]:
    """The codes of the sections that are complete. One query."""
    lines = version.lines.filter(removed=False).order_by().values_list("section", flat=True)
    entries = version.resources.exclude(
        planned=None, mobilised=None, cumulative=None, disbursed=None, note=""
    ).order_by()
    codes = entries.annotate(section=Value(Section.RESOURCES.value, CharField())).values_list("section", flat=True)
    return set(lines.union(codes))
