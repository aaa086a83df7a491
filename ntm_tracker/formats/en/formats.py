"""How are dates and numbers written in English? Dates as in Vietnamese: a report reads one way."""

from ntm_tracker.formats.shared import *  # noqa: F403

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
