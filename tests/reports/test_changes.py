"""Which versions is a report compared with?"""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reports.changes import Background, read_beside
from reports.models import IndicatorValue
from tests import factories

pytestmark = pytest.mark.django_db

HERE = "Thanh Chăn"


def test_the_quarters_before_follow_each_other_by_period_and_not_by_acceptance() -> None:
    for quarter, poor in [("2014-3", "9"), ("2013-4", "9.5"), ("2014-2", "8"), ("2014-1", "10")]:
        factories.make_accepted(HERE, quarter, values={"11": {"value": Decimal(poor)}})
    factories.make_accepted("Hải Đường", "2014-3")
    version = factories.working(factories.make_report(HERE, "2014-4"))

    with CaptureQueriesContext(
        connection,
    ) as three:
        sheet, background = read_beside(version, quarters=3)
        earlier = [(each.period.code, each.values["11"].value, len(each.verdicts)) for each in background.earlier]
    with CaptureQueriesContext(connection) as one:
        shallow = read_beside(version)[1]
        newest = [each.period.code for each in shallow.earlier]

    assert earlier == [("2014-3", 9, 19), ("2014-2", 8, 19), ("2014-1", 10, 19)]
    assert newest == ["2014-3"]
    assert len(three) == len(one) == 3
    assert background.accepted_version == shallow.accepted_version == background.earlier[0].version
    assert background.verdicts == background.earlier[0].verdicts == shallow.verdicts
    eleven = next(each for each in sheet.indicators() if each.indicator.code == "11")
    row = background.accepted(eleven)
    assert isinstance(row, IndicatorValue)
    assert row.value == 9
    assert Background(version).earlier[0].verdicts == background.verdicts
