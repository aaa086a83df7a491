"""Which parts has a report, and how far is each? The task list of the report page and the side panel of every page
on which it is written."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from reports.forms.values import prefixes_of
from reports.judging import CriterionSheet, Sheet
from reports.models import QuarterlyReport, ReviewItem, Section
from reports.traces import Trace

NOT_STARTED, IN_PROGRESS, COMPLETE = "not_started", "in_progress", "complete"
TO_CORRECT, CORRECTED = "to_correct", "corrected"
CHECK = "check"


@dataclass(frozen=True)
class Task:
    """One criterion to write: its state, and where it is written."""

    sheet: CriterionSheet
    state: str
    url: str

    @property
    def is_done(self) -> bool:
        return self.state in (COMPLETE, CORRECTED)

    @property
    def rows(self) -> set[str]:
        """The prefixes of the rows that are written for it."""
        return set(prefixes_of(self.sheet))


@dataclass(frozen=True)
class GroupPart:
    """A group of criteria, with its tasks in their order."""

    code: str
    title: str
    short: str
    url: str
    is_here: bool
    tasks: list[Task]

    @property
    def done(self) -> int:
        return sum(task.is_done for task in self.tasks)

    @property
    def state(self) -> str:
        """What its tasks have in common; what must be corrected comes first."""
        states = {task.state for task in self.tasks}
        if TO_CORRECT in states:
            return TO_CORRECT
        if states <= {COMPLETE, CORRECTED}:
            return CORRECTED if CORRECTED in states else COMPLETE
        return NOT_STARTED if states == {NOT_STARTED} else IN_PROGRESS


@dataclass(frozen=True)
class SectionPart:
    """One of the other sections."""

    code: str
    title: str
    url: str
    is_here: bool
    state: str


@dataclass(frozen=True)
class Parts:
    """The parts of a report, how far they are, and on which of them the reader is."""

    report: QuarterlyReport
    groups: list[GroupPart]
    sections: list[SectionPart]
    gaps: int
    is_check_here: bool
    others: Collection[str] = ()

    @property
    def tasks(self) -> list[Task]:
        """The criteria in their order."""
        return [task for group in self.groups for task in group.tasks]

    @property
    def done(self) -> int:
        """How many criteria are complete."""
        return sum(group.done for group in self.groups)

    @property
    def total(self) -> int:
        return len(self.tasks)

    @property
    def sections_done(self) -> int:
        return sum(section.state == COMPLETE for section in self.sections)

    @property
    def is_started(self) -> bool:
        """Whether anything of it was written."""
        return self.sections_done > 0 or any(task.state != NOT_STARTED for task in self.tasks)

    @property
    def to_correct(self) -> int:
        """How many criteria the reviewer wants corrected and nobody has yet."""
        return sum(task.state == TO_CORRECT for task in self.tasks)

    @property
    def share(self) -> int:
        """The length of the progress bar: criteria and sections that are complete, in percent."""
        parts = self.total + len(self.sections)
        return 100 * (self.done + self.sections_done) // parts if parts else 0

    def slots(self) -> dict[str, str]:
        """What a saved row changes in the panel, by the name of the slot. The names are those of `_parts.html`."""
        slots: dict[str, str] = {"progress": render_to_string("reports/_parts_progress.html", {"parts": self})}
        parts: list[GroupPart | SectionPart] = [*self.groups, *self.sections]
        for part in parts:
            if part.is_here:
                slots["here"] = render_to_string("reports/_parts_count.html", {"part": part})
        return slots | {"gaps": render_to_string("reports/_parts_gaps.html", {"parts": self})}


def parts_of(
    report: QuarterlyReport,
    sheet: Sheet,
    filled_sections: set[str],
    items: Iterable[ReviewItem],
    here: str = "",
    others: Collection[str] = (),
) -> Parts:
    """The parts of the draft. `items` are the open review items of the report; no query.

    `here` is the part the reader is on: the code of a group, "section:steering" or "check"; `others` are the names
    of those who write in it now.
    """
    items = list(items)
    groups = []
    for entry in sheet.catalogue.groups:
        code = entry.group.code
        url = reverse("reports:group", args=[report.pk, code])
        tasks = [_task(criterion, items, url) for criterion in sheet.group(code)]
        groups.append(GroupPart(code, str(entry.group), entry.group.short, url, here == code, tasks))
    sections = [_section(report, section, filled_sections, here) for section in Section]
    unanswered = sum(not item.is_answered for item in items)
    gaps = len(sheet.missing()) + sum(part.state != COMPLETE for part in sections) + unanswered
    return Parts(report, groups, sections, gaps, here == CHECK, others)


@dataclass(frozen=True)
class Resume:
    """Where to go on writing."""

    label: str
    url: str


def resume(parts: Parts, latest: Trace | None) -> Resume | None:
    """Where the writer of `latest`, their last write, goes on; None when nothing is left to write.

    Back to that row while its criterion is not complete; else to what the reviewer wants corrected, then to the
    first criterion or section in order.
    """
    left = [task for task in parts.tasks if not task.is_done]
    for task in left:
        if latest and latest.row in task.rows:
            text = _("Continue where you left off: %(part)s")
            return Resume(text % {"part": task.sheet.criterion}, f"{task.url.partition('#')[0]}#{latest.row}")
    for task in sorted(left, key=lambda task: task.state != TO_CORRECT):
        text = {
            TO_CORRECT: _("Correct: %(part)s"),
            NOT_STARTED: _("Go on with: %(part)s") if parts.is_started else _("Start with: %(part)s"),
            IN_PROGRESS: _("Complete: %(part)s"),
        }[task.state]
        return Resume(text % {"part": task.sheet.criterion}, task.url)
    for section in parts.sections:
        if section.state != COMPLETE:
            return Resume(_("Go on with: %(part)s") % {"part": section.title}, section.url)
    return None


def _task(criterion: CriterionSheet, items: list[ReviewItem], group_url: str) -> Task:
    asked = [item for item in items if item.criterion_id == criterion.criterion.pk]
    return Task(criterion, state_of(criterion, asked), f"{group_url}#c{criterion.criterion.number}")


def state_of(criterion: CriterionSheet, items: list[ReviewItem]) -> str:
    """How far the criterion is; `items` are the open ones that concern it."""
    if any(not item.is_answered for item in items):
        return TO_CORRECT
    if criterion.is_filled:
        return CORRECTED if items else COMPLETE
    return IN_PROGRESS if criterion.is_started else NOT_STARTED


def _section(report: QuarterlyReport, section: Section, filled: set[str], here: str) -> SectionPart:
    state = COMPLETE if section.value in filled else NOT_STARTED
    code = f"section:{section.value}"
    return SectionPart(code, str(section.label), section_url(report, section), here == code, state)


def section_url(report: QuarterlyReport, section: Section) -> str:
    """Where the section is written."""
    return reverse("reports:section", args=[report.pk, section.value])
