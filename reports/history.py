"""How is a row remembered as it stands now? One history row for each kind of row, not yet saved."""

from typing import Any

from .models import (
    CriterionVerdict,
    IndicatorValue,
    ResourceChange,
    ResourceEntry,
    SectionLine,
    SectionLineChange,
    ValueChange,
    VerdictChange,
)


def value_change(row: IndicatorValue) -> ValueChange:
    """The present content of an indicator row."""
    return ValueChange(**_remembered(row, IndicatorValue.CONTENT))


def verdict_change(row: CriterionVerdict) -> VerdictChange:
    """The present verdicts on a criterion."""
    return VerdictChange(**_remembered(row, CriterionVerdict.CLAIM_CONTENT + CriterionVerdict.REVIEW_CONTENT))


def line_change(row: SectionLine) -> SectionLineChange:
    """The present content of a line of a section."""
    return SectionLineChange(**_remembered(row, SectionLine.CONTENT))


def resource_change(row: ResourceEntry) -> ResourceChange:
    """The present resources of a source."""
    return ResourceChange(**_remembered(row, ResourceEntry.CONTENT))


def _remembered(row: Any, content: tuple[str, ...]) -> dict[str, Any]:
    columns = [row._meta.get_field(name).attname for name in content]
    kept = {name: getattr(row, name) for name in columns}
    return {"row": row, "row_version": row.row_version, "by_id": row.updated_by_id, "at": row.updated_at, **kept}
