"""What can be tested here? Every part that can run, then a line on each. `make test` runs it.

A part that cannot run is left out with a word on how to enable it; with CI=true that is a failure.
"""

import os
import subprocess
import sys

import psycopg2

from tests import chromium, libreoffice

# Without waiting for the disk at each of thousands of transactions: these databases need not outlive a power cut.
POSTGRES = os.environ.get("TEST_POSTGRES_URL") or (
    "postgres://postgres@127.0.0.1:5432/postgres?options=-c%20synchronous_commit%3Doff"
)


def pytest(*arguments: str, database: str) -> bool:
    """Run pytest on a database of its own; say whether all passed."""
    # ENVIRONMENT and the like may be set in a developer's shell; tests start from the defaults.
    environment = {name: os.environ[name] for name in os.environ if name not in ("ENVIRONMENT", "DEBUG")}
    command = [sys.executable, "-m", "pytest", "--quiet", *arguments]
    return subprocess.run(command, env=environment | {"DATABASE_URL": database}).returncode == 0


def browser_missing() -> str:
    """Why browser tests cannot run; empty when they can."""
    if not chromium.PATH:
        return "install Chromium (Debian: apt-get install chromium) or name it in CHROMIUM"
    return "" if chromium.HAS_PLAYWRIGHT else "pip install -r requirements-dev.txt"


def libreoffice_missing() -> str:
    """Why the tests with LibreOffice cannot run; empty when they can."""
    if libreoffice.PATH:
        return ""
    return "install LibreOffice Calc (Debian: apt-get install libreoffice-calc) or name its soffice in SOFFICE"


def postgres_missing() -> str:
    """Why the PostgreSQL tests cannot run; empty when they can."""
    try:
        psycopg2.connect(POSTGRES, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return "start a PostgreSQL server on 127.0.0.1:5432 or name one in TEST_POSTGRES_URL"
    return ""


def main() -> int:
    """Run the parts; 0 when all that ran passed, and in CI when all ran."""
    failed: list[str] = []
    left_out: list[str] = []
    lines: list[str] = []

    def part(name: str, missing: str, *arguments: str, database: str) -> None:
        if missing:
            left_out.append(name)
            lines.append(f"{name}: left out. To run it: {missing}.")
            return
        print(f"== {name} ==", flush=True)
        if pytest(*arguments, database=database):
            lines.append(f"{name}: passed.")
        else:
            failed.append(name)
            lines.append(f"{name}: FAILED.")

    workers = ["-n", "2", "--dist", "loadfile"]
    sqlite = "sqlite://:memory:"
    part("Plain tests on SQLite", "", "-m", "not browser and not libreoffice", *workers, database=sqlite)
    part("Tests in a browser", browser_missing(), "-m", "browser", *workers, database=sqlite)
    part("Tests with LibreOffice", libreoffice_missing(), "-m", "libreoffice", database=sqlite)
    part(
        "Plain tests on PostgreSQL",
        postgres_missing(),
        "-m",
        "not browser and not libreoffice",
        *workers,
        database=POSTGRES,
    )

    print("\n".join(["", *lines]), flush=True)
    if left_out and os.environ.get("CI") == "true":
        print("In CI no part may be left out.")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
