"""What happens around every page: language, protection, signing in, requests that cannot be answered."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import formats, translation

from communes.models import User
from ntm_tracker import health
from ntm_tracker.proxies import client_address

PASSWORD = "correct horse battery"


@pytest.fixture
def somebody(db: None) -> User:
    return User.objects.create_user("somebody", password=PASSWORD, full_name="Nguyễn Văn A")


def sign_in(client: Client, password: str, **extra: Any) -> int:
    """The answer's status when `somebody` signs in with `password`."""
    answer = client.post(reverse("login"), {"username": "somebody", "password": password}, **extra)
    return answer.status_code


# Language


@pytest.mark.django_db
def test_pages_are_vietnamese_whatever_the_browser_wishes(client: Client) -> None:
    answer = client.get(reverse("login"), headers={"accept-language": "en"})

    assert answer["Content-Language"] == "vi"
    assert '<html lang="vi">' in answer.text


@pytest.mark.django_db
def test_the_language_switch_is_kept_in_a_cookie(client: Client) -> None:
    client.post(reverse("set_language"), {"language": "en", "next": "/accounts/login/"})

    assert client.get(reverse("login"))["Content-Language"] == "en"


@pytest.mark.django_db
def test_an_unknown_language_in_the_cookie_means_vietnamese(client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "xx"

    assert client.get(reverse("login"))["Content-Language"] == "vi"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_dates_stand_day_first_in_both_languages(language: str) -> None:
    with translation.override(language):
        assert formats.date_format(date(2015, 1, 10)) == "10/01/2015"
        assert formats.date_format(date(2015, 1, 10), "SHORT_DATE_FORMAT") == "10/01/2015"
        assert formats.get_format("DATE_INPUT_FORMATS")[0] == "%d/%m/%Y"


# Protection


@pytest.mark.django_db
def test_every_page_forbids_inline_and_foreign_code(client: Client) -> None:
    answer = client.get(reverse("login"))

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)


@pytest.mark.django_db
def test_only_the_named_pages_need_no_sign_in(client: Client) -> None:
    assert client.get(reverse("healthz")).status_code == 200
    assert client.get(reverse("login")).status_code == 200
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert client.get(reverse("password_change"))["Location"] == "/accounts/login/?next=/accounts/password/"


# Signing in


@pytest.mark.lockout
def test_five_wrong_passwords_lock_that_name_at_that_address(client: Client, somebody: User) -> None:
    wrong = [sign_in(client, "wrong") for _ in range(5)]

    assert wrong == [200, 200, 200, 200, 429]
    assert sign_in(client, PASSWORD) == 429
    assert sign_in(client, PASSWORD, REMOTE_ADDR="192.0.2.7") == 302


@pytest.mark.lockout
def test_signing_in_forgets_the_wrong_passwords(client: Client, somebody: User) -> None:
    for password in ["wrong"] * 4 + [PASSWORD] + ["wrong"] * 4:
        sign_in(client, password)

    assert sign_in(client, PASSWORD) == 302


def test_the_admin_has_no_sign_in_of_its_own(client: Client, somebody: User) -> None:
    assert client.get("/admin/login/")["Location"] == "/accounts/login/?next=/admin/login/"

    client.force_login(somebody)

    assert client.get("/admin/", follow=True).status_code == 403


def test_an_administrator_who_asks_for_the_admins_sign_in_is_let_in(client: Client, somebody: User) -> None:
    somebody.is_staff = True
    somebody.save()
    client.force_login(somebody)

    assert client.get("/admin/login/")["Location"] == "/admin/"
    assert client.get("/admin/login/?next=/admin/password_change/")["Location"] == "/admin/password_change/"
    assert client.get("/admin/login/?next=https://example.com/")["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_the_visitors_address_cannot_be_made_up(settings: Any, proxies: int, forwarded: str, address: str) -> None:
    settings.PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="192.0.2.1")

    assert client_address(request) == address


# Requests that cannot be answered


@pytest.mark.django_db
def test_a_request_that_is_too_large_is_answered_with_a_sentence(client: Client, english: None) -> None:
    answer = client.post(reverse("login"), {"username": "a" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})

    assert answer.status_code == 413
    assert "larger than this site accepts" in answer.text
    assert '<html lang="en">' in answer.text


@pytest.mark.django_db
def test_a_request_with_too_many_fields_is_answered_with_a_sentence(client: Client, english: None) -> None:
    fields = "&".join(f"field{n}=" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))

    answer = client.post(reverse("login"), fields, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413
    assert "larger than this site accepts" in answer.text


def test_a_form_without_its_token_is_refused_with_a_page(somebody: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(reverse("login"), {"username": "somebody", "password": PASSWORD})

    assert answer.status_code == 403
    assert '<html lang="vi">' in answer.text


def test_an_unknown_address_is_a_page_that_says_so(client: Client, somebody: User) -> None:
    client.force_login(somebody)

    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert '<html lang="vi">' in answer.text


# Health and database


@pytest.mark.django_db
def test_the_health_check_says_when_the_database_is_gone(client: Client, monkeypatch: Any) -> None:
    assert client.get(reverse("healthz")).text == "ok"

    class Gone:
        def cursor(self) -> None:
            raise DatabaseError

    monkeypatch.setattr(health, "connection", Gone())

    answer = client.get(reverse("healthz"))
    assert answer.status_code == 503
    assert answer.text == "The database does not answer."


def test_migrate_makes_a_sqlite_file_ready_for_several_people(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "db.sqlite3"

    command = [sys.executable, "manage.py", "migrate", "contenttypes"]
    subprocess.run(command, cwd=settings.BASE_DIR, env={"DATABASE_URL": f"sqlite:///{file}"}, check=True)

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
