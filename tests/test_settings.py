"""Does the site refuse to start, with one sentence, when a setting is missing or odd?"""

import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from django.conf import settings

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "f7mQ2xT9vLr4KzW8nB3cJ6hD1sG5pY0aEuXoRiNqVtMwCkHlZb",
    "ALLOWED_HOSTS": "ntm.example.vn",
    "DATABASE_URL": "postgres://ntm:secret@127.0.0.1:5432/ntm",
}


def start(values: dict[str, str], code: str = "pass") -> subprocess.CompletedProcess[str]:
    """Start the site's command line with this environment only, and run `code` in it."""
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=settings.BASE_DIR,
        env=values,
        capture_output=True,
        text=True,
    )


def setting(name: str, values: dict[str, str]) -> str:
    """What the setting comes to with this environment."""
    started = start(values, f"from django.conf import settings; print(repr(settings.{name}))")
    assert started.returncode == 0, started.stderr
    return started.stdout.strip()


def test_production_starts_with_what_it_needs() -> None:
    assert start(PRODUCTION).returncode == 0


def test_development_starts_with_nothing() -> None:
    assert start({}).returncode == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is needed in production"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too easy to guess"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too easy to guess"),
        (
            {"SECRET_KEY": "development-only-key-that-production-refuses-to-start-with"},
            "SECRET_KEY is too easy to guess",
        ),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is needed in production"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS is needed in production"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must not be *"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is needed in production"),
        ({"DEBUG": "1"}, "DEBUG must not be 1 in production"),
        ({"DEMO_TODAY": "2015-01-10"}, "DEMO_TODAY must not be set in production"),
        (
            {"CSRF_TRUSTED_ORIGINS": "ntm.example.vn"},
            "CSRF_TRUSTED_ORIGINS must list addresses like https://",
        ),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT must be development or production, not 'staging'"),
    ],
)
def test_production_refuses(changed: dict[str, str], sentence: str) -> None:
    started = start(PRODUCTION | changed)

    assert started.returncode == 1
    assert started.stderr.startswith(f"The site cannot start: {sentence}")
    assert started.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"DEBUG": "yes"}, "DEBUG must be 0 or 1, not 'yes'."),
        ({"SECURE_SSL_REDIRECT": "on"}, "SECURE_SSL_REDIRECT must be 0 or 1, not 'on'."),
        ({"PROXIES": "-1"}, "PROXIES must be a whole number, not '-1'."),
        ({"PORT": "http"}, "PORT must be a whole number, not 'http'."),
        ({"HSTS_SECONDS": "a year"}, "HSTS_SECONDS must be a whole number, not 'a year'."),
        ({"DEMO_TODAY": "10/01/2015"}, "DEMO_TODAY must be a date like 2015-01-10, not '10/01/2015'."),
        ({"DATABASE_URL": "database"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "postgres://ntm:secret@host:port/ntm"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "postgres://ntm:secret@host:5432/"}, "DATABASE_URL does not say which database"),
        ({"DATABASE_URL": "mysql://ntm:secret@host/ntm"}, "DATABASE_URL must name a PostgreSQL or SQLite"),
    ],
)
def test_an_odd_value_is_refused_everywhere(values: dict[str, str], sentence: str) -> None:
    started = start(values)

    assert started.returncode == 1
    assert started.stderr.startswith(f"The site cannot start: {sentence}")
    assert "secret" not in started.stderr


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("DEMO_TODAY", {"DEMO_TODAY": "2015-01-10"}, date(2015, 1, 10)),
        ("DEBUG", {}, False),
        ("DEBUG", {"DEBUG": "1"}, True),
        ("ALLOWED_HOSTS", PRODUCTION | {"ALLOWED_HOSTS": "a.vn, b.vn"}, ["a.vn", "b.vn"]),
        ("SECURE_SSL_REDIRECT", PRODUCTION, True),
        ("SECURE_SSL_REDIRECT", PRODUCTION | {"SECURE_SSL_REDIRECT": "0"}, False),
        ("SESSION_COOKIE_SECURE", PRODUCTION, True),
        ("CSRF_COOKIE_SECURE", PRODUCTION, True),
        ("SECURE_HSTS_SECONDS", PRODUCTION, 31536000),
        ("DATABASES['default']['CONN_HEALTH_CHECKS']", PRODUCTION, True),
        ("DATABASES['default']['OPTIONS']['transaction_mode']", {}, "IMMEDIATE"),
    ],
)
def test_the_environment_sets(name: str, values: dict[str, str], expected: Any) -> None:
    assert setting(name, values) == repr(expected)
