"""What do later figures say otherwise? Every change in a sentence, by commune and by target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from criteria.models import Criterion
from ntm_tracker.templatetags.look import day, verdict_word

from .figures import CellFigures, CommuneFigures, Figures, TargetFigures
from .models import SummaryTarget
from .telling import change_word, named


@dataclass(frozen=True)
class Changed:
    """What is said otherwise of one commune or target, a sentence for each change."""

    name: str
    lines: list[str]
    count: str = ""


def differences(then: Figures, now: Figures, criteria: Mapping[int, Criterion]) -> list[Changed]:
    """What the later figures say otherwise, by commune and criterion, then by target.

    Another name and a correction in work are no changes.
    """
    before = {row.commune: row for row in then.communes}
    after = {row.commune: row for row in now.communes}
    found = [_commune_changed(before.get(commune), after.get(commune), criteria) for commune in {**after, **before}]
    targets_before = {target.due_on: target for target in then.targets}
    targets_after = {target.due_on: target for target in now.targets}
    found += [
        _target_changed(targets_before.get(due_on), targets_after.get(due_on))
        for due_on in sorted({*targets_before, *targets_after})
    ]
    return [changed for changed in found if changed.lines]


def number_of(changes: Iterable[Changed]) -> int:
    return sum(len(changed.lines) for changed in changes)


def _commune_changed(
    then: CommuneFigures | None, now: CommuneFigures | None, criteria: Mapping[int, Criterion]
) -> Changed:
    if then is None or now is None:
        row = now or then
        assert row is not None
        return Changed(row.name, [_("no longer a member") if now is None else _("a member now")])
    lines = []
    if _basis(then) != _basis(now):
        lines.append(_moved(_("Report"), _basis(then), _basis(now)))
    for number in sorted({*then.cells, *now.cells}):
        name = named(criteria[number]) if number in criteria else str(number)
        lines += _cell_changed(name, then.cells.get(number), now.cells.get(number))
    count = ""
    if lines and then.counts.met != now.counts.met:
        count = _("%(then)s → %(now)s criteria met") % {"then": then.counts.met, "now": now.counts.met}
    return Changed(now.name, lines, count)


def _basis(row: CommuneFigures) -> str:
    """By which version of which quarter the commune is told, in words."""
    if row.version is None:
        return _("never reported")
    version = _("version %(number)s") % {"number": row.number}
    if row.is_reported:
        return version
    return _("not reported, by %(quarter)s, %(version)s") % {"quarter": row.known_from, "version": version}


def _cell_changed(name: str, then: CellFigures | None, now: CellFigures | None) -> list[str]:
    """The changes of one criterion. How it got there is told only where the verdict stayed."""
    if then is None:
        return [_("%(criterion)s: newly asked for") % {"criterion": name}]
    if now is None:
        return [_("%(criterion)s: no longer asked for") % {"criterion": name}]
    lines = []
    if then.shown != now.shown:
        lines.append(_moved(name, verdict_word(then.shown), verdict_word(now.shown)))
    elif (then.mark, then.lost_in) != (now.mark, now.lost_in) and then.verdict == now.verdict:
        lines.append(_moved(name, _course(then), _course(now)))
    if now.fragile and not then.fragile:
        lines.append(_("%(criterion)s: now fragile") % {"criterion": name})
    elif then.fragile and not now.fragile:
        # What is not met any more is not sustainable either.
        lines += [_("%(criterion)s: no longer fragile") % {"criterion": name}] if then.shown == now.shown else []
    elif then.reason != now.reason and not lines:
        lines.append(_("%(criterion)s: another reason") % {"criterion": name})
    return lines


def _course(cell: CellFigures) -> str:
    """How the criterion came to where it is, in words."""
    if cell.mark:
        return change_word(cell.mark)
    return _("lost in %(quarter)s, not regained") % {"quarter": cell.lost_in} if cell.lost_in else _("as before")


def _target_changed(then: TargetFigures | None, now: TargetFigures | None) -> Changed:
    target = now or then
    assert target is not None
    name = _("Target of %(due)s") % {"due": day(target.due_on)}
    if then is None or now is None:
        return Changed(name, [_("no longer stated") if now is None else _("stated since")])
    words = dict(SummaryTarget.VERDICTS)
    sides = [
        (_("communes needed"), then.required, now.required),
        (_("complete"), then.complete, now.complete),
        (_("basically complete"), then.basically, now.basically),
        (_("not complete"), then.incomplete, now.incomplete),
        (_("without figures"), then.unknown, now.unknown),
        (_("verdict"), words[then.verdict], words[now.verdict]),
    ]
    moved = [_moved(what, str(before), str(after)) for what, before, after in sides if before != after]
    return Changed(name, ["; ".join(moved)] if moved else [])


def _moved(what: str, then: str, now: str) -> str:
    return _("%(what)s: %(then)s → %(now)s") % {"what": what, "then": then, "now": now}
