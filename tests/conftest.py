"""What do all tests share? Settings that make them quick, and the few fixtures of general use."""

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import translation

from tests import chromium, factories, libreoffice

# Playwright runs an event loop in the test's own thread, and Django then refuses the database fixtures.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Browser tests import Playwright, which the plain requirements do not bring.
collect_ignore_glob = [] if chromium.CAN_RUN else ["browser/*"]


def pytest_configure() -> None:
    """Leave out what only costs time in a test. Nothing in the site asks whether it is being tested."""
    settings.DEMO_TODAY = None
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The served names of static files need `collectstatic`, and a live server would show pages without them.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.WHITENOISE_AUTOREFRESH = True
    settings.AXES_ENABLED = False  # `client.login` has no request; tests of the lockout ask for it
    # A busy machine must not turn a slow example into a failure.
    hypothesis.settings.register_profile("unhurried", deadline=None)
    hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what cannot run here; `make test` says so at its end."""

    def can_run(item: pytest.Item) -> bool:
        if item.get_closest_marker("browser") and not chromium.CAN_RUN:
            return False
        if item.get_closest_marker("libreoffice") and not libreoffice.PATH:
            return False
        return not item.get_closest_marker("postgres") or connection.vendor == "postgresql"

    left_out = [item for item in items if not can_run(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if can_run(item)]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The reference data are there from the start: loading them in every test took a quarter of the time."""
    with django_db_blocker.unblock():
        call_command("load_reference", verbosity=0)


@pytest.fixture(autouse=True)
def _with_reference_data(request: pytest.FixtureRequest) -> None:
    """Load them anew where a test that really committed has emptied the database behind it."""
    wanted = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if wanted or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_django_db_helper")
        factories.reference()


@pytest.fixture
def _nothing_loaded(db: None) -> None:
    """Without the reference data, for what is about loading them or about their absence."""
    models: list[Any] = [Group]
    for name in ("criteria", "communes", "reports"):
        models += apps.get_app_config(name).get_models()
    joins = [field.m2m_db_table() for model in models for field in model._meta.local_many_to_many]
    tables = [*joins, *(model._meta.db_table for model in models)]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@pytest.fixture(autouse=True)
def _each_test_starts_alike(request: pytest.FixtureRequest) -> Iterator[None]:
    """In Vietnamese, and with the lockout only where a test is marked for it."""
    settings.AXES_ENABLED = request.node.get_closest_marker("lockout") is not None
    translation.activate(settings.LANGUAGE_CODE)
    yield
    settings.AXES_ENABLED = False


@pytest.fixture(autouse=True, scope="session")
def _papers_go_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files that tests store are thrown away with them."""
    storages["evidence"].location = str(tmp_path_factory.mktemp("evidence"))  # type: ignore[attr-defined]


@pytest.fixture
def english(client: Client) -> Iterator[None]:
    """English, for what the test itself builds and for the pages `client` gets."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, which works as root and calls nobody."""
    return browser_type_launch_args | {
        "executable_path": chromium.PATH,
        "args": chromium.ARGUMENTS,
    }
