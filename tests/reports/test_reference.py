"""Do the periods arrive with the right criteria set, and may administrators do what they need and no more?"""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError

from reports.models import Period
from tests import factories
from tests.reference_files import Folder, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_nothing_loaded")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_there_are_13_periods_each_judged_by_the_edition_of_its_time() -> None:
    factories.reference()

    sets = {period.code: period.criteria_set.code for period in Period.objects.select_related("criteria_set")}
    assert len(sets) == 13
    assert {code for code, edition in sets.items() if edition == "2009"} == {
        "2011-4", "2012-1", "2012-2", "2012-3", "2012-4",
    }  # fmt: skip
    assert set(sets.values()) == {"2009", "2013"}


def test_reports_are_due_on_the_5th_after_the_quarter_and_periods_start_unopened() -> None:
    factories.reference()

    for period in Period.objects.all():
        assert (period.due_on - period.last_day).days == 5
        assert period.opens_on < period.last_day
        assert 60 <= (period.freeze_on - period.due_on).days <= 90
        assert period.opened_at is None
    assert Period.objects.get(year=2014, quarter=4).due_on == date(2015, 1, 5)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2014,4,", "2014,3,", "duplicate year, quarter: 2014, 3."),
        ("2014,4,", "2014,5,", "quarter: "),
        ("2015-01-05", "2015-01-32", "due_on must be a date"),
        ("2015-01-05", "2014-01-05", "a period opens, then falls due, then freezes"),
        ("2015-03-31,2013", "2015-03-31,2014", "unknown criteria_set '2014'"),
    ],
)
def test_a_wrong_period_is_refused_and_nothing_is_loaded(folder: Folder, old: str, new: str, reason: str) -> None:
    line = folder.change("periods.csv", old, new)

    with pytest.raises(CommandError) as refusal:
        folder.load()

    assert str(refusal.value).startswith(f"{folder.file('periods.csv')}, line {line}: ")
    assert reason in str(refusal.value)
    assert rows() == 0


def test_an_administrator_keeps_reference_data_people_periods_and_limits_but_not_what_is_reported() -> None:
    administrator = factories.make_administrator()

    assert administrator.has_perms(
        [
            "criteria.change_threshold",
            "communes.add_user",
            "communes.add_membership",
            "reports.change_period",
            "reports.change_reviewlimits",
        ]
    )
    reporting = {name for name in administrator.get_all_permissions() if name.startswith("reports.")}
    assert {name.split("_")[1] for name in reporting} == {"period", "reviewlimits"}
