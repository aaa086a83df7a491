"""How are dates and numbers written in Vietnamese?"""

from ntm_tracker.formats.shared import *  # noqa: F403

DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
