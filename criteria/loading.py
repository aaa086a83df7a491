"""From files to the database: regions, groups and criteria sets, each found again by its code.

What is not there yet is created. A criteria set that is there must be as the file has it; a difference is
refused, since a published set never changes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model

from ntm_tracker import clock
from ntm_tracker.sheets import Row, read

from .models import CriteriaSet, Criterion, CriterionGroup, Expectation, Indicator, Region, Threshold
from .rules import Comparator

Stored = TypeVar("Stored", bound=Model)
Values = dict[str, Any]
Key = tuple[Any, ...]


class Entry(NamedTuple):
    """What a row says of one object: the values of its fields."""

    row: Row
    values: Values


Entries = dict[Key, Entry]
"""The parts of one criteria set by their natural key: (number), (number, code), (number, code, region, ...)."""


class Load:
    """One run: what was created or changed, and what differs from the files and was kept."""

    def __init__(self, *, update: bool = False) -> None:
        self.update = update
        self.created: Counter[str] = Counter()
        self.updated: Counter[str] = Counter()
        self.kept: list[str] = []

    def store(
        self, model: type[Stored], entries: Iterable[Entry], key: Sequence[str], *, frozen: bool = False
    ) -> dict[Key, Stored]:
        """Create what is missing; answer all rows of the model by their key. Two queries, one when all is there.

        What is there and differs stays as it is, because an administrator may have corrected it, unless the
        run is to `update`. With `frozen` it is history, and a difference is refused.
        """
        attributes = _attributes(model, key)
        found = {tuple(getattr(obj, name) for name in attributes): obj for obj in model._default_manager.all()}
        unique = [field for field in model._meta.fields if field.unique and not field.primary_key]
        taken = {(field.name, getattr(obj, field.attname)): obj for obj in found.values() for field in unique}
        new: dict[Key, Stored] = {}
        for row, values in entries:
            wanted = model(**values)
            row.check(wanted)
            code = tuple(getattr(wanted, name) for name in attributes)
            if code in new:
                raise row.wrong(f"duplicate {', '.join(key)}: {', '.join(row.cells[name] for name in key)}.")
            known = found.get(code)
            for field in unique:
                value = getattr(wanted, field.attname)
                holder = taken.setdefault((field.name, value), known or wanted)
                if holder is not (known or wanted):
                    raise row.wrong(f"the {field.name} {value!r} is already taken.")
            if known is None:
                new[code] = wanted
            else:
                self.compare(row, known, wanted, values, frozen=frozen)
                new[code] = known
        missing = [obj for obj in new.values() if obj.pk is None]
        model._default_manager.bulk_create(missing)
        self.created[str(model._meta.verbose_name)] += len(missing)
        return found | new

    def compare(self, row: Row, known: Model, wanted: Model, values: Values, *, frozen: bool) -> None:
        """Deal with a row that is there already and may differ from the file."""
        different = [name for name in _attributes(known, values) if getattr(known, name) != getattr(wanted, name)]
        if not different:
            return
        if frozen:
            raise row.wrong(
                f"this {known._meta.verbose_name} is stated already, with another {', '.join(different)}. "
                "It is history and cannot be changed; state it again with a new date."
            )
        if self.update:
            for name in different:
                setattr(known, name, getattr(wanted, name))
            known.save(update_fields=different)
            self.updated[str(known._meta.verbose_name)] += 1
        else:
            self.kept.append(f"{known._meta.verbose_name} {known}: {', '.join(different)}")


def _attributes(model: Model | type[Model], names: Iterable[str]) -> list[str]:
    """Where the fields of these names keep their values: `commune` is kept in `commune_id`."""
    attributes = {field.name: field.attname for field in model._meta.concrete_fields}
    return [attributes[name] for name in names]


def load_criteria(directory: Path, load: Load) -> dict[str, CriteriaSet]:
    """Load regions, groups and criteria sets from a folder; answers all criteria sets by code."""
    regions = load.store(Region, _named(directory / "regions.csv"), ["code"])
    groups = load.store(CriterionGroup, _named(directory / "groups.csv"), ["code"])
    by_code = {region.code: region for region in regions.values()}
    sets = _sets(directory / "sets.csv")
    parts: dict[str, Entries] = {code: {} for code in sets}
    _read_criteria(directory / "criteria.csv", {group.code: group for group in groups.values()}, parts)
    _read_indicators(directory / "indicators.csv", by_code, parts)
    for code, entry in sets.items():
        _refuse_incomplete(entry, parts[code])
    stored = _store_sets(load, sets, parts)
    load.store(Expectation, _expectations(directory / "expectations.csv"), ["indicator"])
    return stored


def _named(file: Path) -> Iterable[Entry]:
    """Regions or groups: code and names, their position from the order of the rows."""
    for position, row in enumerate(read(file, ["code", *NAMES, *SHORT_NAMES]), start=1):
        names = {name: row.text(name) for name in (*NAMES, *SHORT_NAMES)}
        yield Entry(row, {"code": row.text("code"), "position": position, **names})


NAMES = ("name_vi", "name_en")
SHORT_NAMES = ("short_vi", "short_en")


def _sets(file: Path) -> dict[str, Entry]:
    sets: dict[str, Entry] = {}
    for row in read(file, ["code", *NAMES, "legal_basis", "in_force_from", "criteria", "indicators"]):
        values: Values = {name: row.text(name) for name in ("code", *NAMES, "legal_basis")}
        values["in_force_from"] = row.day("in_force_from")
        row.check(CriteriaSet(**values))
        if values["code"] in sets:
            raise row.wrong(f"duplicate code: {values['code']}.")
        sets[values["code"]] = Entry(row, values)
    return sets


def _read_criteria(file: Path, groups: dict[str, CriterionGroup], parts: dict[str, Entries]) -> None:
    columns = ["number", "editions", "group", *NAMES, *SHORT_NAMES, "sustainability_watch", "at_least"]
    for row in read(file, columns):
        values: Values = {name: row.text(name) for name in (*NAMES, *SHORT_NAMES)}
        values |= {
            "number": row.integer("number"),
            "group_id": row.one_of("group", groups).pk,
            "sustainability_watch": row.flag("sustainability_watch"),
            "at_least": row.integer_or_none("at_least"),
        }
        if values["number"] < 1:
            raise row.wrong("number must be 1 or more.")
        row.check(Criterion(**values))
        for edition in row.some_of("editions", parts):
            key = (values["number"],)
            if key in edition:
                raise row.wrong(f"duplicate number: {values['number']}.")
            edition[key] = Entry(row, values)


def _read_indicators(file: Path, regions: dict[str, Region], parts: dict[str, Entries]) -> None:
    """Every row is one publication of an indicator's thresholds, in all the editions it names."""
    columns = ["criterion", "indicator", "parent", "editions", *NAMES, "kind", "unit_vi", "unit_en"]
    columns += ["comparator", "decision", "published_on", "applies_from_year", "general", *regions]
    columns += ["confidence", "note_vi", "note_en"]
    for row in read(file, columns):
        values = _indicator(row)
        thresholds = list(_thresholds(row, values, regions))
        for edition in row.some_of("editions", parts):
            number, code = row.integer("criterion"), row.text("indicator")
            if (number,) not in edition:
                raise row.wrong(f"unknown criterion '{number}' for the editions {row.text('editions')!r}.")
            if values["parent"] and (number, values["parent"]) not in edition:
                raise row.wrong(f"unknown parent {values['parent']!r}: its row must stand before this one.")
            position = 1 + sum(len(key) == 2 and key[0] == number for key in edition)
            first = edition.setdefault((number, code), Entry(row, values | {"position": position}))
            if first.values != values | {"position": first.values["position"]}:
                raise row.wrong(
                    f"duplicate indicator: {code} stands in line {first.row.line} with another name, kind or unit."
                )
            for threshold in thresholds:
                key = (number, code, *(threshold[name] for name in THRESHOLD_KEY))
                if key in edition:
                    raise row.wrong(f"duplicate indicator: {code} with the same year and day of publication.")
                edition[key] = Entry(row, threshold)


THRESHOLD_KEY = ("region_id", "applies_from_year", "published_on")


def _indicator(row: Row) -> Values:
    kind = row.one_of("kind", {value: value for value in Indicator.Kind.values})
    values: Values = {name: row.text(name) for name in NAMES}
    values |= {
        "code": row.text("indicator"),
        "parent": row.text("parent", required=False),
        "kind": kind,
        "unit_vi": row.text("unit_vi", required=kind != Indicator.Kind.YES_NO),
        "unit_en": row.text("unit_en", required=kind != Indicator.Kind.YES_NO),
        "takes_parts": kind == Indicator.Kind.PERCENT,
    }
    row.check(Indicator(position=1, **{name: values[name] for name in values if name != "parent"}))
    return values


def _thresholds(row: Row, indicator: Values, regions: dict[str, Region]) -> Iterable[Values]:
    """One threshold for the general column and each region; a sub-condition may leave regions out."""
    comparator = row.one_of("comparator", {value: value for value in Comparator.values})
    if (comparator == Comparator.IS_MET) != (indicator["kind"] == Indicator.Kind.YES_NO):
        raise row.wrong(f"the comparator {comparator!r} does not fit the kind {indicator['kind']!r}.")
    published_on = row.day("published_on")
    year = row.integer_or_none("applies_from_year")
    common: Values = {
        "comparator": comparator,
        "decision": row.text("decision"),
        "published_on": published_on,
        "applies_from_year": published_on.year if year is None else year,
        "confidence": row.one_of("confidence", {value: value for value in Threshold.Confidence.values}),
        "note_vi": row.text("note_vi", required=False),
        "note_en": row.text("note_en", required=False),
    }
    filled = [column for column in ("general", *regions) if row.text(column, required=False)]
    if indicator["parent"] and not filled:
        raise row.wrong("missing threshold: a sub-condition needs at least one region.")
    for column in ("general", *regions):
        if column not in filled:
            if column != "general" and not indicator["parent"]:
                raise row.wrong(f"missing threshold for the region {column!r}.")
            continue
        values = common | {
            "region_id": regions[column].pk if column in regions else None,
            "value": _threshold_value(row, column, indicator["kind"]),
        }
        row.check(Threshold(**values))
        yield values


def _expectations(file: Path) -> Iterator[Entry]:
    """What is usual for an indicator: one for each edition that has the code, also those made here. One query."""
    by_code: dict[str, list[Indicator]] = {}
    for indicator in Indicator.objects.all():
        by_code.setdefault(indicator.code, []).append(indicator)
    kinds: dict[str, str] = {"": "", **{kind: kind for kind in Indicator.Kind.values}}
    for row in read(file, ["indicator", "kind", "usual_change", "evidence_vi", "evidence_en"]):
        kind = row.known("kind", row.text("kind", required=False), kinds)
        values: Values = {
            "usual_change": row.decimal_or_none("usual_change"),
            "evidence_vi": row.text("evidence_vi", required=False),
            "evidence_en": row.text("evidence_en", required=False),
        }
        if values["usual_change"] is not None and values["usual_change"] <= 0:
            raise row.wrong("usual_change must be larger than 0.")
        if bool(values["evidence_vi"]) != bool(values["evidence_en"]):
            raise row.wrong("the evidence is named in one language only.")
        for indicator in row.one_of("indicator", by_code):
            if kind in ("", indicator.kind):
                yield Entry(row, values | {"indicator": indicator})


def _threshold_value(row: Row, column: str, kind: str) -> Any:
    if kind == Indicator.Kind.YES_NO:
        return row.one_of(column, {"met": None})
    value = row.decimal_or_none(column)
    if value is None or value < 0 or (kind == Indicator.Kind.PERCENT and value > 100):
        raise row.wrong(f"{column}: {value} cannot be reached by an indicator of the kind {kind!r}.")
    return value


def _refuse_incomplete(entry: Entry, parts: Entries) -> None:
    """Every criterion needs an indicator, and the set as many of both as its row says."""
    row = entry.row
    code = row.text("code")
    criteria = {key[0]: part for key, part in parts.items() if len(key) == 1}
    indicators = [key for key, part in parts.items() if len(key) == 2 and not part.values["parent"]]
    counted = Counter(number for number, _ in indicators)
    for number, criterion in criteria.items():
        if not counted[number]:
            raise criterion.row.wrong(f"criterion {number} has no indicator in the edition {code}.")
        at_least = criterion.values["at_least"]
        if at_least is not None and not 1 <= at_least <= counted[number]:
            raise criterion.row.wrong(f"at_least must be 1 to {counted[number]}, not {at_least}.")
    for column, count in (("criteria", len(criteria)), ("indicators", len(indicators))):
        if count != row.integer(column):
            raise row.wrong(f"the edition {code} has {count} {column}, not {row.integer(column)}.")


def _store_sets(load: Load, sets: dict[str, Entry], parts: dict[str, Entries]) -> dict[str, CriteriaSet]:
    """Create and publish the sets that are not there; refuse a file that disagrees with one that is."""
    stored = {criteria_set.code: criteria_set for criteria_set in CriteriaSet.objects.all()}
    known = stored_parts(stored[code] for code in sets if code in stored)
    for code, entry in sets.items():
        if code in stored:
            _refuse_differences(entry, stored[code], parts[code], known[code])
            continue
        stored[code] = CriteriaSet.objects.create(**entry.values)
        _create_parts(stored[code], parts[code])
        load.created[str(CriteriaSet._meta.verbose_name)] += 1
    new = [criteria_set for criteria_set in stored.values() if criteria_set.code in sets.keys() - known.keys()]
    for criteria_set in new:
        criteria_set.published_at = clock.now()
    if new:
        CriteriaSet.objects.bulk_update(new, ["published_at"])
    return stored


def _create_parts(criteria_set: CriteriaSet, parts: Entries) -> None:
    criteria = Criterion.objects.bulk_create(
        Criterion(criteria_set=criteria_set, **entry.values) for key, entry in parts.items() if len(key) == 1
    )
    by_number = {criterion.number: criterion for criterion in criteria}
    indicators: dict[Key, Indicator] = {}
    for of_parents in (True, False):
        created = {
            key: Indicator(
                criterion=by_number[key[0]],
                parent=indicators.get((key[0], entry.values["parent"])),
                **{name: value for name, value in entry.values.items() if name != "parent"},
            )
            for key, entry in parts.items()
            if len(key) == 2 and of_parents != bool(entry.values["parent"])
        }
        Indicator.objects.bulk_create(created.values())
        indicators |= created
    Threshold.objects.bulk_create(
        Threshold(indicator=indicators[key[:2]], **entry.values) for key, entry in parts.items() if len(key) > 2
    )


def stored_parts(sets: Iterable[CriteriaSet]) -> dict[str, dict[Key, Values]]:
    """The parts of these sets as the database has them, by set code and natural key. Three queries."""
    chosen = list(sets)
    parts: dict[str, dict[Key, Values]] = {criteria_set.code: {} for criteria_set in chosen}
    if not chosen:
        return parts
    for criterion in Criterion.objects.filter(criteria_set__in=chosen).select_related("criteria_set"):
        parts[criterion.criteria_set.code][(criterion.number,)] = _fields(criterion, "criteria_set_id")
    for indicator in Indicator.objects.filter(criterion__criteria_set__in=chosen).select_related(
        "criterion__criteria_set", "parent"
    ):
        key: Key = (indicator.criterion.number, indicator.code)
        values = _fields(indicator, "criterion_id", "parent_id")
        values["parent"] = indicator.parent.code if indicator.parent else ""
        parts[indicator.owner.code][key] = values
    for threshold in Threshold.objects.filter(indicator__criterion__criteria_set__in=chosen).select_related(
        "indicator__criterion__criteria_set"
    ):
        values = _fields(threshold, "indicator_id")
        key = (threshold.indicator.criterion.number, threshold.indicator.code)
        parts[threshold.owner.code][(*key, *(values[name] for name in THRESHOLD_KEY))] = values
    return parts


def _fields(instance: Model, *without: str) -> Values:
    """The values of a stored part; foreign keys as they are stored."""
    names = [field.attname for field in instance._meta.concrete_fields]
    return {name: getattr(instance, name) for name in names if name not in ("id", *without)}


def _refuse_differences(entry: Entry, criteria_set: CriteriaSet, wanted: Entries, stored: dict[Key, Values]) -> None:
    """Refuse a file that says something else than the set that is there, at the first row that does."""
    remedy = f"the criteria set {criteria_set.code} is there already and is not edited: make a new edition."
    for name, value in entry.values.items():
        if getattr(criteria_set, name) != value:
            raise entry.row.wrong(f"another {name} than stored; {remedy}")
    for key, (row, values) in wanted.items():
        if key not in stored:
            raise row.wrong(f"this is not in the database; {remedy}")
        for name, value in values.items():
            if stored[key][name] != value:
                raise row.wrong(f"{name} is {value!s}, in the database {stored[key][name]!s}; {remedy}")
    if len(stored) > len(wanted):
        number = next(key[0] for key in stored if key not in wanted)
        raise entry.row.wrong(f"the database has more for criterion {number} than the files; {remedy}")
