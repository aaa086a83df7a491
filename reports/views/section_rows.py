"""What does a row of a section show: beside its fields, in the page and in the answer to a saved row?

Parts that change when a row is saved are slots, each a template of its own, so that page and answer agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice

from django.utils.translation import gettext as _

from communes.models import User
from criteria.catalogue import Catalogue
from criteria.models import Criterion
from ntm_tracker import clock
from ntm_tracker.templatetags.look import quantity
from reports.entry import Conflict
from reports.forms.sections import LineForm, ResourceForm, SectionRowForm, new_key, say
from reports.models import Period, ReportVersion, ResourceEntry, Section, SectionLine, Source
from reports.sections import COLUMNS, SectionSheet, line_words, resource_words, say_line, say_resources
from reports.views.typed import Clash, Side, Typed

EMPTY_LINES, MORE_LINES = 2, 3
"""How many empty lines a page offers, and how many more when they were asked for."""

LONG = 1000
"""From here on a number is said again with its thousands."""


@dataclass
class LineRow:
    """One line on the page: its fields, and what is said of what is stored."""

    form: LineForm
    period: Period
    clash: Clash | None = None

    SLOTS = {
        "ask": "reports/_readings.html",
        "said": "reports/_section_said.html",
        "clash": "reports/_clash.html",
        "remove": "reports/_section_remove.html",
    }

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def line(self) -> SectionLine | None:
        """The stored line, where the fields say nothing else."""
        is_shown = not self.form.errors and not self.clash
        return self.form.row if isinstance(self.form.row, SectionLine) and is_shown else None

    @property
    def is_removed(self) -> bool:
        return bool(self.line and self.line.removed)

    @property
    def echo(self) -> str:
        """Large numbers as they were understood."""
        line = self.line
        numbers = [line.quantity_before, line.quantity] if line else []
        return ", ".join(quantity(number, line.unit) for number in numbers if line and number and number >= LONG)

    @property
    def words(self) -> list[str]:
        return line_words(self.line, self.period) if self.line and not self.is_removed else []


@dataclass
class ResourceRow:
    """One source on the page, beside what was accepted for it last."""

    form: ResourceForm
    accepted: ResourceEntry | None
    clash: Clash | None = None

    SLOTS = {
        "ask": "reports/_readings.html",
        "echo": "reports/_section_amounts_echo.html",
        "said": "reports/_section_said.html",
        "clash": "reports/_clash.html",
    }
    is_removed = False

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def source(self) -> Source:
        return self.form.source

    @property
    def entry(self) -> ResourceEntry | None:
        """The stored amounts, where the fields say nothing else."""
        is_shown = not self.form.errors and not self.clash
        return self.form.row if isinstance(self.form.row, ResourceEntry) and is_shown else None

    @property
    def echo(self) -> list[tuple[str, str]]:
        """The amounts under their inputs, each with its label: large ones as they were understood, else nothing."""
        said = dict(zip(COLUMNS, say_resources(self.entry or ResourceEntry(), self.source), strict=False))
        return [
            (label, words if (getattr(self.entry, name, None) or 0) >= LONG else "")
            for name, (label, words) in said.items()
        ]

    @property
    def has_echo(self) -> bool:
        return any(words for _label, words in self.echo)

    @property
    def words(self) -> list[str]:
        return resource_words(self.entry, self.accepted, self.source) if self.entry else []


Row = LineRow | ResourceRow


def rows_of(sheet: SectionSheet, period: Period, catalogue: Catalogue, typed: Typed) -> list[Row]:
    """The rows of the section as the database has them, with what was typed and not saved."""
    if sheet.form.section == Section.RESOURCES:
        return [_resource_row(sheet, source, typed) for source in Source]
    criteria = criteria_of(catalogue)
    forms: dict[str, LineForm] = {}
    for line in sheet.lines:
        form = LineForm(form=sheet.form, key=line.key, line=line, criteria=criteria)
        forms[str(form.prefix)] = form
    forms |= {prefix: form for prefix, form in typed.forms.items() if isinstance(form, LineForm)}
    return [LineRow(form, period, typed.clashes.get(prefix)) for prefix, form in forms.items()]


def _resource_row(sheet: SectionSheet, source: Source, typed: Typed) -> ResourceRow:
    prefix = f"r{source.value}"
    form = typed.forms.get(prefix) or ResourceForm(source=source, entry=sheet.resources.get(source))
    assert isinstance(form, ResourceForm)
    return ResourceRow(form, sheet.accepted.get(source), typed.clashes.get(prefix))


def row_of(sheet: SectionSheet, period: Period, catalogue: Catalogue, form: SectionRowForm, typed: Typed) -> Row | None:
    """The row of a form as the page shows it now; a removed line too, for the page from which it was removed."""
    if isinstance(form, ResourceForm):
        return _resource_row(sheet, form.source, typed)
    if not isinstance(form, LineForm):
        return None
    if not typed:
        line = stored_lines([sheet]).get(form.target.pk)
        form = LineForm(form=sheet.form, key=form.target.pk, line=line, criteria=criteria_of(catalogue))
    return LineRow(form, period, typed.clashes.get(str(form.prefix)))


def new_rows(
    sheet: SectionSheet, version: ReportVersion, catalogue: Catalogue, typed: Typed, user: User, *, more: bool
) -> list[LineRow]:
    """The empty lines to write in; more of them when more were asked for.

    Their keys are the same whenever the same user loads the page, so that what the browser kept finds its line.
    """
    if not sheet.form.columns:
        return []
    n = EMPTY_LINES + (0 if sheet.lines else 1) + (MORE_LINES if more else 0)
    taken = {f"l{key}" for key in stored_lines([sheet])} | typed.forms.keys()
    keys = (new_key(version.pk, sheet.code, user.pk, number) for number in count())
    free = islice((key for key in keys if f"l{key}" not in taken), n)
    criteria = criteria_of(catalogue)
    return [LineRow(LineForm(form=sheet.form, key=key, criteria=criteria), version.report.period) for key in free]


def stored_lines(sections: Iterable[SectionSheet]) -> dict[str, SectionLine]:
    """Every line of the report by its key, the removed ones too."""
    return {line.key: line for sheet in sections for line in [*sheet.lines, *sheet.removed]}


def criteria_of(catalogue: Catalogue) -> list[Criterion]:
    return [each.criterion for each in catalogue.criteria]


def clash_of(form: SectionRowForm, conflict: Conflict, by: object) -> Clash:
    """Both contents in words, with who wrote them and when."""
    row = conflict.current
    assert isinstance(row, (SectionLine, ResourceEntry))
    mine = type(row)(**conflict.write.content)
    return Clash(
        Side(_in_words(mine, form), "", str(by), clock.now()),
        Side(_in_words(row, form), "", str(row.updated_by), row.updated_at),
        row.row_version,
    )


def _in_words(row: SectionLine | ResourceEntry, form: SectionRowForm) -> str:
    """A row in one sentence, for the choice between two of them."""
    if isinstance(row, SectionLine) and row.removed:
        return _("removed")
    if isinstance(form, LineForm) and isinstance(row, SectionLine):
        said = say(say_line(row, form.form))
    elif isinstance(form, ResourceForm) and isinstance(row, ResourceEntry):
        said = say(say_resources(row, form.source))
    else:
        said = form.said()
    return said or _("empty")
