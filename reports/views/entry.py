"""Where the committee writes its draft: one page for each group of criteria."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communes.permissions import is_committee
from criteria import rules
from criteria.models import CriterionGroup
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import capital, verdict_word
from reports import entry, permissions
from reports.changes import Background
from reports.forms.values import ClaimForm, RowForm, ValueForm
from reports.judging import CriterionSheet, Gap, IndicatorSheet, Sheet, read_sheet
from reports.models import QuarterlyReport, ReportVersion, ReviewItem
from reports.reading import say_judgement, say_threshold, say_value
from reports.views.detail import by_group, get_report, returned_sentence, version_at_hand


@dataclass
class Clash:
    """Two people wrote the same row: what the user typed, and what stands there now."""

    mine: str
    theirs: str
    verdicts: tuple[str, str]
    author: str
    at: datetime
    row_version: int


@dataclass
class IndicatorRow:
    """One indicator on the page."""

    sheet: IndicatorSheet
    form: ValueForm
    before: str
    clash: Clash | None = None

    @property
    def threshold(self) -> str:
        return say_threshold(self.sheet.threshold, self.sheet.indicator)

    @property
    def judgement(self) -> str:
        return say_judgement(self.sheet)

    @property
    def is_open(self) -> bool:
        """Whether the reason and note are worth showing unfolded."""
        row = self.sheet.row
        wrong = self.form.errors.keys() & {"absence", "absence_reason", "note"}
        return bool(wrong or (row and (row.absence or row.note)))


@dataclass
class CriterionRow:
    """One criterion on the page, with its indicators, the claim and what the reviewer asks."""

    sheet: CriterionSheet
    form: ClaimForm
    indicators: list[IndicatorRow]
    items: list[ReviewItem]
    clash: Clash | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether something typed into this criterion is not saved."""
        return bool(self.form.errors or self.clash or any(row.form.errors or row.clash for row in self.indicators))

    @property
    def needs_reason(self) -> bool:
        return self.sheet.needs_claim_reason or bool(self.form["claim_reason"].value())

    @property
    def missing(self) -> list[Gap]:
        """What is missing in a criterion that was begun; one that was not begun needs no list."""
        return self.sheet.missing() if self.sheet.is_started else []


@dataclass
class Typed:
    """What came with a POST and could not be saved, by the prefix of its row."""

    forms: dict[str, RowForm] = field(default_factory=dict)
    clashes: dict[str, Clash] = field(default_factory=dict)
    saved: int = 0

    def __bool__(self) -> bool:
        return bool(self.forms)


def report_group(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """Values and claims of one group. Rows that are right are saved; the others stay with what was typed."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    sheet = read_sheet(version)
    entry_ = sheet.catalogue.group(code)
    if entry_ is None:
        raise Http404
    refuse_unless_writable(request, version)
    if request.method != "POST":
        return _page(request, report, sheet, entry_.group, Typed())
    typed = _save(request, version, sheet.group(code))
    if typed:
        version = version_at_hand(get_report(request.user, pk))
        return _page(request, report, read_sheet(version, sheet.catalogue), entry_.group, typed)
    following = request.POST.get("next", "")
    if following == "check":
        return redirect("reports:check", pk)
    if following and sheet.catalogue.group(following):
        return redirect("reports:group", pk, following)
    return redirect("reports:group", pk, code)


def refuse_unless_writable(request: UserRequest, version: ReportVersion) -> None:
    """403 with the reason for everybody but the committee, and for the committee when it is no draft."""
    if permissions.writable_by(request.user, version):
        return
    if is_committee(request.user, version.report.commune):
        text = _("The report is now in the state “%(state)s” and cannot be written. Only a draft can.")
        raise PermissionDenied(text % {"state": version.get_state_display()})
    raise PermissionDenied(_("Only the editors and signers of the provincial committee can write in this report."))


def _save(request: UserRequest, version: ReportVersion, criteria: list[CriterionSheet]) -> Typed:
    """Write the rows that were posted and are right; what is left comes back with its clash, if it has one."""
    forms = list(_forms(criteria, request.POST))
    posted = [form for form in forms if form.is_posted and form.prefix != request.POST.get("take")]
    valid = [form for form in posted if form.is_valid()]
    values = [form.as_write() for form in valid if isinstance(form, ValueForm)]
    claims = [form.as_write() for form in valid if isinstance(form, ClaimForm)]
    try:
        saved = entry.save_rows(version, values, claims, by=request.user)
    except entry.NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    typed = Typed({str(form.prefix): form for form in posted if form.errors}, saved=saved.written)
    late = {(type(conflict.write.target), conflict.write.target.pk): conflict for conflict in saved.conflicts}
    for form in valid:
        target = form.indicator if isinstance(form, ValueForm) else form.sheet.criterion  # type: ignore[attr-defined]
        if conflict := late.get((type(target), target.pk)):
            typed.forms[str(form.prefix)] = form
            typed.clashes[str(form.prefix)] = _clash(form, conflict)
    _tell(request, typed)
    return typed


def _tell(request: UserRequest, typed: Typed) -> None:
    """How many rows were saved, and how many were not."""
    rows = ngettext("%(n)s row is saved.", "%(n)s rows are saved.", typed.saved) % {"n": typed.saved}
    if typed:
        left = len(typed.forms)
        text = ngettext("%(n)s row is not saved yet; see below.", "%(n)s rows are not saved yet; see below.", left)
        messages.warning(request, " ".join([rows, text % {"n": left}] if typed.saved else [text % {"n": left}]))
    elif typed.saved:
        messages.success(request, rows)
    else:
        messages.info(request, _("Nothing was changed."))


def _forms(criteria: Iterable[CriterionSheet], data: QueryDict) -> Iterable[RowForm]:
    for criterion in criteria:
        yield ClaimForm(data, sheet=criterion)
        for sheet in criterion.indicators:
            yield ValueForm(data, sheet=sheet)


def _clash(form: RowForm, conflict: entry.Conflict) -> Clash:
    """Both contents in words, with who wrote the other one and when."""
    row = conflict.current
    if isinstance(form, ValueForm):
        texts = say_row(form.as_row(), form), say_row(row, form)
        level = form.sheet.level
        answers = form.as_row().answer, row.answer  # type: ignore[union-attr]
        verdicts = (rules.judge_indicator(answers[0], level).value, rules.judge_indicator(answers[1], level).value)
    else:
        verdicts = "", ""
        content = conflict.write.content
        texts = say_claim(content["claimed"], content["claim_reason"]), say_claim(row.claimed, row.claim_reason)  # type: ignore[union-attr]
    return Clash(texts[0], texts[1], verdicts, str(row.updated_by), row.updated_at, row.row_version)


def say_row(row: object, form: ValueForm) -> str:
    """A row of an indicator in words, with its reason and note."""
    parts = [say_value(row, form.indicator, form.sheet.level), row.absence_reason, row.note]  # type: ignore[arg-type, attr-defined]
    return " · ".join(part for part in parts if part) or _("empty")


def say_claim(claimed: str, reason: str) -> str:
    """A claim in words, with its reason."""
    words = capital(verdict_word(claimed)) if claimed else ""
    return " · ".join(part for part in (words, reason) if part) or _("empty")


def _page(
    request: UserRequest, report: QuarterlyReport, sheet: Sheet, group: CriterionGroup, typed: Typed
) -> HttpResponse:
    """The page as the database has it now, with what was typed and not saved. Two queries beside the sheet's."""
    version = sheet.version
    background = Background(version)
    items = list(version.report.review_items.filter(resolved_at__isnull=True).select_related("indicator", "raised_by"))
    rows = [_criterion_row(criterion, typed, background, items) for criterion in sheet.group(group.code)]
    groups = by_group(sheet)
    codes = [other.group.code for other in groups]
    following = codes[codes.index(group.code) + 1 :][:1]
    context = {
        "report": report,
        "version": version,
        "group": group,
        "rows": rows,
        "groups": groups,
        "filled": sum(criterion.is_filled for criterion in sheet.criteria),
        "total": len(sheet.criteria),
        "missing": len(sheet.missing()) + sum(not item.reply for item in items),
        "following": following[0] if following else "",
        "accepted": background.accepted_version,
        "returned": returned_sentence(version),
        "errors": _errors(typed, rows),
    }
    return render(request, "reports/report_group.html", context)


def _criterion_row(
    criterion: CriterionSheet, typed: Typed, background: Background, items: list[ReviewItem]
) -> CriterionRow:
    indicators = [
        IndicatorRow(
            sheet,
            _form(typed, f"i{sheet.indicator.code}") or ValueForm(sheet=sheet),  # type: ignore[arg-type]
            background.accepted_text(sheet.indicator.code),
            typed.clashes.get(f"i{sheet.indicator.code}"),
        )
        for sheet in criterion.indicators
    ]
    prefix = f"c{criterion.criterion.number}"
    return CriterionRow(
        criterion,
        _form(typed, prefix) or ClaimForm(sheet=criterion),  # type: ignore[arg-type]
        indicators,
        [item for item in items if item.criterion_id == criterion.criterion.pk],
        typed.clashes.get(prefix),
    )


def _form(typed: Typed, prefix: str) -> RowForm | None:
    return typed.forms.get(prefix)


def _errors(typed: Typed, rows: list[CriterionRow]) -> list[tuple[str, str]]:
    """Everything that is wrong, for the summary: where it is, and a sentence."""
    found = []
    for row in rows:
        prefix = f"c{row.sheet.criterion.number}"
        found += _errors_of(typed, prefix, str(row.sheet.criterion))
        for indicator in row.indicators:
            found += _errors_of(typed, f"i{indicator.sheet.indicator.code}", str(indicator.sheet.indicator))
    return found


def _errors_of(typed: Typed, prefix: str, name: str) -> list[tuple[str, str]]:
    form = typed.forms.get(prefix)
    if form is None:
        return []
    if prefix in typed.clashes:
        text = _("%(row)s: two people wrote this row. Choose which one to keep.")
        return [(f"#{prefix}", text % {"row": name})]
    return [(f"#{prefix}", f"{name}: {error}") for errors in form.errors.values() for error in errors]
