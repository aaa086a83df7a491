"""From files to the database: provinces, communes and the programme with its membership and targets."""

from collections.abc import Iterable
from pathlib import Path

from criteria.loading import Entry, Load
from criteria.models import Region
from ntm_tracker.sheets import read

from .models import Commune, Membership, Programme, Province, Target


def load_communes(directory: Path, load: Load) -> None:
    """Load a folder. Memberships and targets are history: a difference is refused, never written over."""
    regions = {region.code: region for region in Region.objects.all()}
    provinces = load.store(Province, _provinces(directory, regions), ["code"])
    by_code = {province.code: province for province in provinces.values()}
    communes = load.store(Commune, _communes(directory, by_code), ["code_list", "code"])
    programmes = load.store(Programme, _programmes(directory), ["code"])
    followed = {programme.code: programme for programme in programmes.values()}
    by_list_and_code = {f"{commune.code_list}/{commune.code}": commune for commune in communes.values()}
    memberships = _memberships(directory, followed, by_list_and_code)
    load.store(Membership, memberships, ["programme", "commune", "since"], frozen=True)
    load.store(Target, _targets(directory, followed), ["programme", "due_on", "stated_on"], frozen=True)


def _provinces(directory: Path, regions: dict[str, Region]) -> Iterable[Entry]:
    for row in read(directory / "provinces.csv", ["code", "name", "region"]):
        values = {"code": row.text("code"), "name": row.text("name")}
        yield Entry(row, values | {"region": row.one_of("region", regions)})


def _communes(directory: Path, provinces: dict[str, Province]) -> Iterable[Entry]:
    columns = ["code_list", "code", "name", "district_code", "district", "province"]
    columns += ["area_ha", "households", "population", "figures_source"]
    for row in read(directory / "communes.csv", columns):
        yield Entry(
            row,
            {name: row.text(name) for name in ("code_list", "code", "name", "district_code", "district")}
            | {
                "province": row.one_of("province", provinces),
                "area_ha": row.decimal_or_none("area_ha"),
                "households": row.integer_or_none("households"),
                "population": row.integer_or_none("population"),
                "figures_source": row.text("figures_source", required=False),
            },
        )


def _programmes(directory: Path) -> Iterable[Entry]:
    names = ("code", "name_vi", "name_en", "source")
    for row in read(directory / "programmes.csv", [*names, "baseline_on"]):
        yield Entry(row, {name: row.text(name) for name in names} | {"baseline_on": row.day("baseline_on")})


def _memberships(directory: Path, programmes: dict[str, Programme], communes: dict[str, Commune]) -> Iterable[Entry]:
    columns = ["programme", "code_list", "commune", "since", "is_member", "source"]
    for row in read(directory / "memberships.csv", columns):
        code = f"{row.text('code_list')}/{row.text('commune')}"
        yield Entry(
            row,
            {
                "programme": row.one_of("programme", programmes),
                "commune": row.known("commune", code, communes),
                "since": row.day("since"),
                "is_member": row.flag("is_member"),
                "source": row.text("source"),
            },
        )


def _targets(directory: Path, programmes: dict[str, Programme]) -> Iterable[Entry]:
    for row in read(directory / "targets.csv", ["programme", "due_on", "required", "stated_on", "source"]):
        if row.integer("required") < 1:
            raise row.wrong("required must be 1 or more.")
        yield Entry(
            row,
            {
                "programme": row.one_of("programme", programmes),
                "due_on": row.day("due_on"),
                "required": row.integer("required"),
                "stated_on": row.day("stated_on"),
                "source": row.text("source"),
            },
        )
