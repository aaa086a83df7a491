"""What do the tests in a browser share? A database that several requests at once can use, as on a real site."""

import pytest
from django.db import connections


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file in the place of SQLite's memory, which all threads would share as one connection."""
    database = connections["default"]
    if database.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session", autouse=True)
def _database_before_server(django_db_setup: None) -> None:
    """The live server must find the file: one that finds SQLite's memory closes the connection of the test itself."""
