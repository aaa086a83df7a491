"""Is there a LibreOffice to test with? The one that is installed, or the one SOFFICE names."""

import os
import shutil

PATH = os.environ.get("SOFFICE") or shutil.which("soffice") or ""
