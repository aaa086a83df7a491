"""What becomes of rows that were typed into a page? They are saved, wrong, or in conflict with somebody else's."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from communes.models import User
from ntm_tracker.compact import compact
from ntm_tracker.http import UserRequest
from reports import entry
from reports.forms.values import RowForm
from reports.models import ReportVersion
from reports.views.presence import note_presence


@dataclass
class Side:
    """One of two contents of a row: in words, how it would be judged, who wrote it and when."""

    text: str
    verdict: str
    author: str
    at: datetime


@dataclass
class Clash:
    """Two people wrote the same row: what the user typed, and what stands there now under `row_version`."""

    mine: Side
    theirs: Side
    row_version: int


@dataclass
class Typed:
    """What came with a POST and could not be saved, by the prefix of its row, and how many rows were."""

    forms: dict[str, RowForm] = field(default_factory=dict)
    clashes: dict[str, Clash] = field(default_factory=dict)
    saved: int = 0

    def __bool__(self) -> bool:
        return bool(self.forms)

    @property
    def state(self) -> str:
        """What became of a single row: conflict, wrong, saved or unchanged."""
        return "conflict" if self.clashes else "wrong" if self else "saved" if self.saved else "unchanged"

    def start_of_next(self, form: RowForm, row: entry.Row | None) -> int:
        """The row version from which the page goes on: that of the stored row only when the page has written it itself.

        What somebody else wrote is not in the fields of the page, so they must not start from it unasked.
        """
        stored = row.row_version if row else 0
        return stored if self.saved or form.loaded is None else form.loaded

    def sentences(self, prefixes: Iterable[str]) -> list[tuple[str, str]]:
        """Everything that is wrong in these rows, for the summary: where it is, and a sentence."""
        found = []
        for prefix in prefixes:
            form = self.forms.get(prefix)
            if form and prefix in self.clashes:
                text = _("%(row)s: two people wrote this row. Choose which one to keep.")
                found.append((f"#{prefix}", text % {"row": form.named}))
            elif form:
                errors = [error for each in form.errors.values() for error in each]
                found += [(f"#{prefix}", f"{form.named}: {error}") for error in errors]
        return found


Form = TypeVar("Form", bound=RowForm)


def save_typed(
    request: UserRequest,
    version: ReportVersion,
    forms: Sequence[Form],
    clash_of: Callable[[Form, entry.Conflict, User], Clash],
    more: Iterable[entry.Write] = (),
) -> Typed:
    """Write the rows that are right, and `more`; what is left comes back with its clash, if it has one.

    The row that the user gives up for what stands there (`take`) is not left.
    """
    taken = request.POST.get("take", "")
    valid = {str(form.prefix): form for form in forms if form.is_valid()}
    given_up = valid.pop(taken, None)
    writes = [*(form.as_write() for form in valid.values()), *more]
    saved = entry.save_rows(version, **entry.by_kind(writes), by=request.user)
    note_presence(version, request.user)
    if given_up:
        entry.give_way(version, given_up.as_write(), by=request.user)
    typed = Typed({str(form.prefix): form for form in forms if form.errors}, saved=saved.written)
    typed.forms.pop(taken, None)
    late = {conflict.write.target: conflict for conflict in saved.conflicts}
    for prefix, form in valid.items():
        if conflict := late.get(form.target):
            typed.forms[prefix] = form
            typed.clashes[prefix] = clash_of(form, conflict, request.user)
    return typed


def errors_of(form: RowForm) -> dict[str, str]:
    """What is wrong with the fields of a row as HTML, by the names of the fields."""
    return {
        form.add_prefix("row_version" if name == "__all__" else name): rendered(
            "reports/_field_errors.html", {"errors": errors}
        )
        for name, errors in form.errors.items()
    }


def rendered(template: str, context: dict[str, Any]) -> str:
    """A piece of a page, without the space around its tags."""
    return compact(render_to_string(template, context), between_tags=True)
