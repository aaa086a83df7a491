"""Is there a browser to test with? The Chromium that is installed, or the one CHROMIUM names."""

import importlib.util
import os
import shutil

PATH = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
HAS_PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
CAN_RUN = bool(PATH) and HAS_PLAYWRIGHT

# It works as root and calls nobody.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
