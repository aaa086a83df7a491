"""How are dates and numbers written in English? Dates stand as in Vietnamese: one report, one way to read it."""

from ntm_tracker.formats.shared import *  # noqa: F403

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
