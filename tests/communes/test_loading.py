"""Do the communes, the programme and its targets of the files arrive whole?"""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError

from communes.models import Commune, Membership, Programme, Province, Target
from tests import factories
from tests.reference_files import Folder, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_nothing_loaded")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_11_communes_lie_in_11_provinces_with_their_regions() -> None:
    factories.reference()

    assert Province.objects.count() == 11
    assert Commune.objects.count() == 11
    places = {(each.name, each.code, each.province.name, each.province.region.code) for each in Commune.objects.all()}
    assert ("Thanh Chăn", "03337", "Điện Biên", "tdmn") in places
    assert ("Tân Thông Hội", "27556", "TP. Hồ Chí Minh", "dnb") in places


def test_the_programme_follows_all_11_communes_and_has_its_two_targets() -> None:
    factories.reference()

    programme = Programme.objects.get(code="pilot-11")
    assert programme.baseline_on == date(2011, 12, 31)
    assert Commune.objects.members(programme, date(2011, 12, 31)).count() == 11
    assert Commune.objects.members(programme, date(2008, 12, 31)).count() == 0
    targets = Target.objects.values_list("due_on", "required", "stated_on")
    assert list(targets) == [
        (date(2013, 12, 31), 9, date(2013, 5, 17)),
        (date(2014, 12, 31), 11, date(2013, 5, 17)),
    ]
    assert all("688/TTg-KTN" in target.source for target in Target.objects.all())


def test_memberships_that_are_not_certain_say_so() -> None:
    factories.reference()

    unsure = Membership.objects.filter(source__contains="xác nhận").values_list("commune__name", flat=True)
    assert set(unsure) == {"Định Hòa", "Tam Phước"}


def test_figures_without_a_source_are_left_empty() -> None:
    factories.reference()

    assert not Commune.objects.filter(figures_source="").exclude(population=None).exists()
    assert Commune.objects.get(name="Gia Phố").population == 6179


WRONG = [
    ("provinces.csv", "Kiên Giang,dbscl", "Kiên Giang,west", "unknown region 'west'"),
    ("provinces.csv", "\n91,", "\n84,", "duplicate code: 84."),
    ("provinces.csv", "91,Kiên Giang", "91,Trà Vinh", "the name 'Trà Vinh' is already taken."),
    ("communes.csv", "2015,30958", "2015,29425", "duplicate code_list, code: 2015, 29425."),
    ("communes.csv", "Gò Quao,91", "Gò Quao,92", "unknown province '92'"),
    ("communes.csv", "2220,1200", "2220 ha,1200", "area_ha must be a number"),
    ("communes.csv", "2220,1200", "2220,-1200", "households must be a whole number"),
    ("communes.csv", "2015,30958", "2015,309581", "code: "),
    ("programmes.csv", "2011-12-31", "31/12/2011", "baseline_on must be a date"),
    ("memberships.csv", "2015,30958,2009-01-01", "2015,30959,2009-01-01", "unknown commune '2015/30959'"),
    ("memberships.csv", "2015,30958,2009-01-01,yes", "2015,30958,2009-01-01,", "is_member is empty."),
    ("targets.csv", "2014-12-31", "2013-12-31", "duplicate programme, due_on, stated_on"),
    ("targets.csv", "2014-12-31,11", "2014-12-31,0", "required must be 1 or more."),
]


@pytest.mark.parametrize(("name", "old", "new", "reason"), WRONG)
def test_a_wrong_file_is_refused_whole_with_file_line_and_reason(
    folder: Folder, name: str, old: str, new: str, reason: str
) -> None:
    line = folder.change(name, old, new)

    with pytest.raises(CommandError) as refusal:
        folder.load()

    assert str(refusal.value).startswith(f"{folder.file(name)}, line {line}: ")
    assert reason in str(refusal.value)
    assert rows() == 0


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("targets.csv", "2014-12-31,11", "2014-12-31,10", "this target is stated already, with another required"),
        ("memberships.csv", "30958,2009-01-01,yes", "30958,2009-01-01,no", "this membership is stated already"),
    ],
)
def test_history_is_not_written_over(folder: Folder, name: str, old: str, new: str, reason: str) -> None:
    folder.load()
    line = folder.change(name, old, new)

    with pytest.raises(CommandError, match=f"{name}, line {line}: {reason}"):
        folder.load(update=True)


def test_a_correction_of_the_membership_is_a_further_row(folder: Folder) -> None:
    folder.load()
    folder.append("memberships.csv", "pilot-11,2015,30958,2014-01-01,no,Văn phòng Chương trình,")

    said = folder.load()

    programme = Programme.objects.get(code="pilot-11")
    assert said == "membership: 1 new\n"
    assert Commune.objects.members(programme, date(2013, 12, 31)).count() == 11
    assert Commune.objects.members(programme, date(2014, 12, 31)).count() == 10
