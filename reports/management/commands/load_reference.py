"""Load the reference data: criteria sets, communes, the programme, periods and the administrator group."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import transaction

from communes.loading import load_communes
from criteria.loading import Load, load_criteria
from ntm_tracker.sheets import WrongFile
from reports.loading import load_administrators, load_periods


class Command(BaseCommand):
    help = (
        "Load the reference data from the files of the repository. What is there already stays as it is; "
        "a wrong file is refused and nothing is loaded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--directory",
            type=Path,
            default=settings.BASE_DIR,
            help="Where the folders criteria/data, communes/data and reports/data are.",
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="Also change names, dates and figures that differ from the files. Criteria sets, memberships "
            "and targets never change.",
        )

    @no_translations
    def handle(self, *args: Any, directory: Path, update: bool, **options: Any) -> None:
        load = Load(update=update)
        try:
            with transaction.atomic():
                sets = load_criteria(directory / "criteria" / "data", load)
                load_communes(directory / "communes" / "data", load)
                load_periods(directory / "reports" / "data", sets, load)
                load_administrators(load)
        except WrongFile as wrong:
            raise CommandError(f"{wrong} Nothing was loaded.") from None
        if options["verbosity"]:
            self.report(load)

    def report(self, load: Load) -> None:
        for kind, count in load.created.items():
            if count:
                self.stdout.write(f"{kind}: {count} new")
        for kind, count in load.updated.items():
            self.stdout.write(f"{kind}: {count} changed")
        for difference in load.kept:
            self.stdout.write(f"differs from the file and was kept (--update takes the file's): {difference}")
        if not load.created.total() and not load.updated.total():
            self.stdout.write("Nothing changed: everything in the files is there already.")
