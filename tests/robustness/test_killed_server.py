"""The server dies while people write: whatever it had said was saved is there when it is back."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from psycopg2 import sql

WRITERS = 4
SAVES = 200
PATIENCE = 240  # seconds until a server counts as hung

# Run in a process of its own, because it belongs to the server's database and not to that of the tests.
PREPARE = """
import json, django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from criteria.models import Indicator
from tests import factories
report = factories.make_report("Thanh Chăn", "2014-4")
percents = Indicator.objects.filter(criterion__criteria_set=report.period.criteria_set, kind="percent")
user, session = factories.editor_of(report.commune), SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
codes = list(percents.values_list("code", flat=True)[:4])
print(json.dumps({"report": report.pk, "session": session.session_key, "codes": codes}))
"""

STORED = """
    SELECT indicator.code, change.row_version, change.value
    FROM reports_valuechange change
    JOIN reports_indicatorvalue line ON line.id = change.row_id
    JOIN criteria_indicator indicator ON indicator.id = line.indicator_id
"""

Told = set[tuple[str, int, float]]
"""Indicator, row version and value of each save."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: a file, or on the PostgreSQL server of this run one of its own."""
    if connection.vendor != "postgresql":
        yield f"sqlite:///{tmp_path / 'db.sqlite3'}"
        return
    server = connection.settings_dict
    name = f"ntm_killed_{os.getpid()}"
    place = {"host": server["HOST"], "port": server["PORT"] or 5432, "user": server["USER"]}
    password = server["PASSWORD"]
    with closing(psycopg2.connect(dbname="postgres", password=password, **place)) as maintenance:
        maintenance.autocommit = True
        maintenance.cursor().execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield "postgres://{user}:{password}@{host}:{port}/{name}".format(name=name, password=password, **place)
        maintenance.cursor().execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def stored(database: str) -> Told:
    """Every save that the database knows of."""
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as reader:
            rows = reader.execute(STORED).fetchall()
    else:
        with closing(psycopg2.connect(database)) as reader, reader.cursor() as cursor:
            cursor.execute(STORED)
            rows = cursor.fetchall()
    return {(code, row_version, float(value)) for code, row_version, value in rows}


def environment(database: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "ntm_tracker.settings",
        "DATABASE_URL": database,
        "SECRET_KEY": "the servers of one test have to agree on a key",
        "WEB_CONCURRENCY": "2",
        "PYTHONPATH": str(settings.BASE_DIR),
    }


def run(database: str, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment(database), check=True, capture_output=True, text=True
    ).stdout


@contextmanager
def serving(database: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server in a process group of its own: its port and the process. At the end the whole group is killed."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn"],
        cwd=settings.BASE_DIR,
        env=environment(database) | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    impatience = threading.Timer(PATIENCE, kill, [server])
    impatience.start()
    try:
        assert server.stdout is not None
        assert any("answers at" in line for line in server.stdout), "The server did not start."
        yield port, server
    finally:
        impatience.cancel()
        kill(server)
        server.wait()
        if server.stdout:
            server.stdout.close()


def kill(server: subprocess.Popen[str]) -> None:
    """The whole group at once, as when the power goes; nothing is tidied up."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)


@dataclass
class Writers:
    """People who each save an indicator of their own, again and again, and remember what they were told is saved."""

    report: int
    session: str
    codes: list[str]
    told: Told = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, port: int, until: int, then: Any) -> None:
        """Save until so many saves were acknowledged, then do `then`, with others still under way."""
        reached = threading.Event()
        threads = [threading.Thread(target=self._save_on, args=(port, code, until, reached)) for code in self.codes]
        for thread in threads:
            thread.start()
        assert reached.wait(PATIENCE), f"{len(self.told)} saves were acknowledged."
        then()
        for thread in threads:
            thread.join(PATIENCE)

    def _save_on(self, port: int, code: str, until: int, reached: threading.Event) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with closing(line):
            try:
                while not reached.is_set() or until < SAVES:  # before the last round the server ends it
                    self._save(line, code)
                    if len(self.told) >= until:
                        reached.set()
            except (OSError, http.client.HTTPException):
                return

    def _save(self, line: http.client.HTTPConnection, code: str) -> None:
        row_version = self.versions.get(code, 0)
        value = 40 + row_version % 50 + 0.25
        token = "a" * 32
        fields = {
            "row": f"i{code}",
            f"i{code}-row_version": row_version,
            f"i{code}-value": f"{value:.2f}".replace(".", ","),
            "csrfmiddlewaretoken": token,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Cookie": f"sessionid={self.session}; csrftoken={token}",
        }
        line.request("POST", f"/reports/{self.report}/rows/", urlencode(fields), headers)
        answer = json.loads(line.getresponse().read())
        assert answer["state"] == "saved", answer
        with self.lock:
            self.told.add((code, answer["row_version"], value))
            self.versions[code] = answer["row_version"]

    def look_again(self, database: str) -> None:
        """Go on from what is stored: a save that was not acknowledged any more may be there, or not."""
        for code, row_version, _value in stored(database):
            self.versions[code] = max(self.versions.get(code, 0), row_version)


def test_no_acknowledged_save_is_lost_when_the_server_is_killed(database: str) -> None:
    run(database, "manage.py", "migrate", "--verbosity", "0")
    writers = Writers(**json.loads(run(database, "-c", PREPARE)))
    assert len(writers.codes) == WRITERS

    with serving(database) as (port, server):
        writers.write(port, SAVES // 2, then=lambda: kill(server))
    after_the_kill = stored(database)
    told = set(writers.told)
    writers.look_again(database)
    with serving(database) as (port, _server):
        writers.write(port, SAVES, then=lambda: None)

    assert SAVES // 2 <= len(told) < SAVES
    assert told <= after_the_kill
    assert len(after_the_kill - told) <= WRITERS  # saved, but the word of it came too late
    assert len(writers.told) >= SAVES
    assert writers.told <= stored(database)
