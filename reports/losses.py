"""How is it told what was lost? The criterion, its values before and now, and what the committee says to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.utils.translation import gettext as _

from criteria import rules
from ntm_tracker import clock
from ntm_tracker.templatetags.look import day

from .models import IndicatorValue, Period, Regression, RegressionAnswer
from .reading import level_of, say_threshold, say_value

UNEXPLAINED, EXPLAINED, REGAINED, ENDED = "unexplained", "explained", "regained", "ended"


@dataclass(frozen=True)
class LossLine:
    """An indicator of the criterion: what it said before and says now, what it must reach, and whether it does."""

    name: str
    before: str
    now: str
    threshold: str
    verdict: str
    is_measured: bool


@dataclass(frozen=True)
class ToldLoss:
    """A regression with all that a page says of it."""

    regression: Regression
    lines: list[LossLine]

    @property
    def answers(self) -> Sequence[RegressionAnswer]:
        """What the committee said, the newest first."""
        return list(self.regression.answers.all())

    @property
    def answer(self) -> RegressionAnswer | None:
        return self.answers[0] if self.answers else None

    @property
    def failing(self) -> list[LossLine]:
        """The indicators for which it was lost; all of them where the reviewer judged otherwise than the rule."""
        return [line for line in self.lines if line.verdict == rules.Verdict.NOT_MET] or self.lines

    @property
    def regained_in(self) -> Period | None:
        """The first later quarter that has the criterion as met."""
        at = cast(int | None, self.regression.regained_at)  # type: ignore[attr-defined]  # from `for_list`
        return Period(year=at // 10, quarter=at % 10) if at else None

    @property
    def state(self) -> str:
        if self.regression.until:
            return ENDED
        if self.regained_in:
            return REGAINED
        return EXPLAINED if self.answer else UNEXPLAINED

    @property
    def state_sign(self) -> str:
        """The sign of the state, as `work_state` draws it."""
        if self.state == UNEXPLAINED or self.is_overdue:
            return "warn"
        return "wait" if self.state == EXPLAINED else "ok"

    @property
    def is_overdue(self) -> bool:
        """Whether the day by which it was to be regained is over, and it is not regained."""
        by = self.answer.regained_by if self.answer else None
        return self.state == EXPLAINED and by is not None and by < clock.today()

    @property
    def state_text(self) -> str:
        """How far it has come, in words."""
        if self.state == ENDED:
            return _("no longer holds since %(day)s") % {"day": day(self.regression.until)}
        if self.state == REGAINED:
            return _("regained in %(quarter)s") % {"quarter": self.regained_in}
        if self.answer is None:
            return _("not explained yet")
        return _("not regained in time") if self.is_overdue else _("explained")


def tell_losses(regressions: Iterable[Regression]) -> list[ToldLoss]:
    """Each regression with the values of its criterion, before and now. `for_list`; one query more."""
    regressions = list(regressions)
    versions = {pk for each in regressions for pk in (each.version_id, each.before_id)}
    numbers = {each.criterion.number for each in regressions}
    rows = (
        IndicatorValue.objects.filter(version__in=versions, indicator__criterion__number__in=numbers)
        .select_related("indicator__criterion", "threshold", "version")
        .order_by("indicator__position")
    )
    values: dict[tuple[int, int], list[IndicatorValue]] = {}
    for row in rows:
        values.setdefault((row.version_id, row.indicator.criterion.number), []).append(row)
    told = []
    for each in regressions:
        number = each.criterion.number
        before = {row.indicator.code: row for row in values.get((each.before_id, number), ())}
        now = values.get((each.version_id, number), ())
        told.append(ToldLoss(each, [_line(row, before.get(row.indicator.code)) for row in now]))
    return told


def _line(now: IndicatorValue, before: IndicatorValue | None) -> LossLine:
    level = level_of(now)
    return LossLine(
        name=str(now.indicator),
        before=say_value(before, before.indicator, level_of(before)) if before else "",
        now=say_value(now, now.indicator, level),
        threshold=say_threshold(now.threshold, now.indicator),
        verdict=rules.judge_indicator(now.answer, level),
        is_measured=not now.indicator.is_yes_no,
    )
