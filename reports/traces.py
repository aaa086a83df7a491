"""Who has left what in a draft: the latest write of every row, and who is there now. One query for all of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, NullIf

from communes.models import User
from ntm_tracker import clock

from .models import ReportVersion, ResourceEntry, Section

SEEN_LATELY = timedelta(minutes=5)

COLUMNS = ("trace_row", "trace_section", "trace_version", "trace_at", "trace_user", "trace_name")


@dataclass(frozen=True)
class Trace:
    """A row of a draft with its latest writer; `section` when it makes a section complete. Presence has no row."""

    row: str
    section: str
    row_version: int
    at: datetime
    user_id: int | None
    name: str


@dataclass(frozen=True)
class Traces:
    """Every trace in one version."""

    version: ReportVersion
    found: list[Trace]

    @property
    def filled_sections(self) -> set[str]:
        """The codes of the sections that are complete, as `sections.filled_sections` says."""
        return {trace.section for trace in self.found if trace.section}

    @property
    def latest(self) -> Trace | None:
        """The last write in this version; what came along from an earlier one does not count."""
        return max(self._written(), key=lambda trace: trace.at, default=None)

    def latest_of(self, user: User) -> Trace | None:
        """The last write of one user in this version."""
        mine = [trace for trace in self._written() if trace.user_id == user.pk]
        return max(mine, key=lambda trace: trace.at, default=None)

    def others_now(self, user: User) -> list[str]:
        """The names of those who were seen writing lately, the user aside."""
        since = clock.now() - SEEN_LATELY
        there = [trace for trace in self.found if not trace.row and trace.at >= since and trace.user_id != user.pk]
        return sorted(trace.name for trace in there)

    def _written(self) -> list[Trace]:
        opened_at = self.version.opened_at if self.version.based_on_id else None
        return [
            trace
            for trace in self.found
            if trace.row and not (opened_at and trace.row_version == 1 and trace.at <= opened_at)
        ]


def read_traces(version: ReportVersion) -> Traces:
    """Who wrote which row of the version last, and who was seen there. One query."""
    nothing = Value("", CharField())
    lines = version.lines.annotate(
        **_told(
            Concat(Value("l"), F("key"), output_field=CharField()),
            Case(When(removed=False, then=F("section")), default=nothing, output_field=CharField()),
        )
    )
    without = dict.fromkeys(ResourceEntry.AMOUNTS, None) | {"note": ""}
    resources = version.resources.annotate(
        **_told(
            Concat(Value("r"), F("source"), output_field=CharField()),
            Case(When(**without, then=nothing), default=Value(Section.RESOURCES.value), output_field=CharField()),
        )
    )
    values = version.values.annotate(
        **_told(Concat(Value("i"), F("indicator__code"), output_field=CharField()), nothing)
    )
    claims = version.verdicts.annotate(
        **_told(Concat(Value("c"), Cast("criterion__number", CharField()), output_field=CharField()), nothing)
    )
    presences = version.presences.annotate(**_told(nothing, nothing, "seen_at", "user", Value(1)))
    parts = [part.order_by().values_list(*COLUMNS) for part in (lines, resources, values, claims, presences)]
    union: QuerySet[Any, Any] = parts[0].union(*parts[1:], all=True)
    return Traces(version, [Trace(*row) for row in union])


def _told(row: Any, section: Any, at: str = "updated_at", by: str = "updated_by", version: Any = None) -> Any:
    """The columns of a trace, in the same words for every table."""
    name = Coalesce(NullIf(F(f"{by}__full_name"), Value("")), F(f"{by}__username"), Value(""))
    return {
        "trace_row": row,
        "trace_section": section,
        "trace_version": version or F("row_version"),
        "trace_at": F(at),
        "trace_user": F(f"{by}_id"),
        "trace_name": name,
    }
