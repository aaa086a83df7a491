"""Which sections has a report beside the criteria, and which columns has each? One table drives form, paper and file.

`read_sections` gives what a version says in them, and whether each is complete: a section with neither a line nor
the word that there is nothing to report still waits to be written.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import CharField, Value
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .judging import Gap
from .models import ReportVersion, ResourceEntry, Section, SectionLine, Source

Label = str | Promise


@dataclass(frozen=True)
class Column:
    """One column of a section: the field of `SectionLine` that holds it, and what it is called there.

    `kind` says how it is typed: line, text (several lines), day, number, choice (of the section's kinds) or criterion.
    """

    name: str
    label: Label
    kind: str = "line"
    required: bool = False
    help: Label = ""


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

    def kind_label(self, kind: str) -> str:
        """The word for a kind; empty for an unknown one."""
        return str(dict(self.kinds).get(kind, ""))


CRITERION = Column("criterion", _("Criterion concerned"), "criterion", help=_("May stay empty."))

FORMS: dict[Section, Form] = {
    Section.STEERING: Form(
        Section.STEERING,
        _("Documents issued, organisation, training and propaganda in the quarter, each on a line."),
        _("Activity"),
        (
            Column("kind", _("Kind"), "choice", required=True),
            Column("text", _("What was issued or done"), "text", required=True),
            Column("number", _("Document number")),
            Column("day", _("Date"), "day"),
            Column("body", _("Issued or held by")),
            Column("quantity", _("Quantity"), "number", help=_("Participants, copies, meetings.")),
            Column("unit", _("Counted in"), help=_("For example: people, copies.")),
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
            Column("kind", _("Team"), "choice", required=True),
            Column("day", _("Date"), "day", required=True),
            Column("body", _("Led by"), required=True),
            Column("text", _("What was checked and concluded"), "text", required=True),
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
        _("By source, in million dong; land in square metres. Leave out what does not apply."),
        _("Source"),
        nothing=_("No resources were planned or mobilised this quarter"),
    ),
    Section.RESULTS: Form(
        Section.RESULTS,
        _("What was achieved in the quarter and stands out beside the figures."),
        _("Result"),
        (Column("text", _("Result"), "text", required=True), CRITERION),
    ),
    Section.IMPACT: Form(
        Section.IMPACT,
        _("What the criteria changed for production, income and living conditions, as point 1b of the letter asks."),
        _("Change"),
        (
            Column("kind", _("Heading"), "choice", required=True),
            Column("text", _("What changed"), "text", required=True),
            Column("quantity_before", _("Before"), "number"),
            Column("quantity", _("Now"), "number"),
            Column("unit", _("Counted in")),
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
            Column("text", _("Difficulty"), "text", required=True),
            Column("kind", _("Cause"), "choice", required=True),
            Column("detail", _("Why"), "text", required=True),
            CRITERION,
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
            Column("text", _("Task"), "text", required=True),
            Column("body", _("Responsible"), required=True),
            Column("until", _("To be done by"), "day"),
            CRITERION,
        ),
    ),
    Section.PROPOSALS: Form(
        Section.PROPOSALS,
        _("What you ask of the centre, the province or the district."),
        _("Proposal"),
        (
            Column("kind", _("To"), "choice", required=True),
            Column("text", _("Proposal"), "text", required=True),
            CRITERION,
        ),
        (
            ("central", pgettext_lazy("proposal to", "The centre")),
            ("province", pgettext_lazy("proposal to", "The province")),
            ("district", pgettext_lazy("proposal to", "The district")),
        ),
    ),
}


@dataclass
class SectionSheet:
    """One section of one version: its lines, for resources its entries by source, and whether it is complete."""

    form: Form
    lines: list[SectionLine] = field(default_factory=list)
    nothing: SectionLine | None = None
    resources: dict[str, ResourceEntry] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.form.section.value

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

    def total(self, column: str) -> Decimal | None:
        """The sum of a column of the resources in million dong, land left out; None when no source has a figure."""
        amounts = [
            amount
            for source, entry in self.resources.items()
            if Source(source).is_money and (amount := getattr(entry, column)) is not None
        ]
        return sum(amounts, Decimal(0)) if amounts else None


def read_sections(version: ReportVersion) -> list[SectionSheet]:
    """Every section of the version in the order of the form. Two queries."""
    sheets = {section: SectionSheet(form) for section, form in FORMS.items()}
    for line in version.lines.filter(removed=False).select_related("criterion", "updated_by").order_by("pk"):
        sheet = sheets[Section(line.section)]
        if line.says_nothing:
            sheet.nothing = line
        else:
            sheet.lines.append(line)
    for entry in version.resources.select_related("updated_by"):
        sheets[Section.RESOURCES].resources[entry.source] = entry
    return list(sheets.values())


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
