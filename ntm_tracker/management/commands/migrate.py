"""Django's `migrate`, which also makes a SQLite file ready for several people at once."""

from pathlib import Path
from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections


class Command(DjangoMigrate):
    """Switch a SQLite file to WAL before migrating.

    The switch stays in the file. It is made here, once, and not at each connection: many first connections
    that all switch would lock each other out.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor == "sqlite":
            if ":memory:" not in str(connection.settings_dict["NAME"]):
                Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
        super().handle(*args, **options)
