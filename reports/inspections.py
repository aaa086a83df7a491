"""What did inspections find in the quarter, and which criteria do they name?"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from criteria.models import Criterion

from .models import Section, SectionLine
from .sections import FORMS, SectionSheet

_CODE = r"\d{1,2}(?:\.\d{1,2})?(?![\d/])"
_NAMED = re.compile(
    rf"(?:tiêu chí|chỉ tiêu|criteri(?:on|a)|indicators?)(?:\s+số)?\s+({_CODE}(?:\s*(?:,|;|và|and)\s*{_CODE})*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """What one inspection concluded, who led it, and the criteria it names."""

    line: SectionLine
    team: str
    criteria: list[Criterion]


def findings(sections: Iterable[SectionSheet], criteria: Iterable[Criterion]) -> list[Finding]:
    """The findings of the inspections a report tells of, in its order. No query."""
    by_number = {criterion.number: criterion for criterion in criteria}
    lines = next(section.lines for section in sections if section.form.section == Section.INSPECTIONS)
    form = FORMS[Section.INSPECTIONS]
    return [
        Finding(
            line,
            form.kind_label(line.kind),
            [by_number[n] for n in named_criteria(f"{line.text} {line.detail}") if n in by_number],
        )
        for line in lines
    ]


def named_criteria(text: str) -> list[int]:
    """The numbers of the criteria that a text names: “tiêu chí 17 và 10”, “chỉ tiêu 15.1”."""
    found = _NAMED.findall(unicodedata.normalize("NFC", text))
    numbers = [int(code) for codes in found for code in re.findall(r"(\d+)(?:\.\d+)?", codes)]
    return list(dict.fromkeys(numbers))
