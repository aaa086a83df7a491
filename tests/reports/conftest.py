"""What do the tests of the report pages share? The day they take place on."""

from collections.abc import Iterator

import pytest

from ntm_tracker import clock
from tests.factories import moment


@pytest.fixture
def _in_january() -> Iterator[None]:
    """On the day the demonstration stands on, five days after the reports of 2014 were due."""
    with clock.at(moment("2015-01-10")):
        yield
