"""Loads the demonstration history and prints its accounts."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import pgettext

from reports import demonstration


class Command(BaseCommand):
    help = "Load the illustrative history of the 11 pilot communes, Q4/2011 to Q4/2014. Needs DEMO_TODAY."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accounts", action="store_true", help="only print the demonstration accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_TODAY:
            raise CommandError(
                "Demonstration values are loaded only where every page is labelled: set DEMO_TODAY=2015-01-10."
            )
        if not options["accounts"]:
            try:
                count = demonstration.load()
            except demonstration.AlreadyLoaded:
                self.stdout.write("Reports are there already; nothing was loaded.")
            else:
                self.stdout.write(f"Loaded {count} illustrative reports.")
        if options["accounts"] or options["verbosity"] > 1:
            self.print_accounts()

    def print_accounts(self) -> None:
        self.stdout.write(f"Demonstration accounts, all with the password {demonstration.PASSWORD}:")
        for user in demonstration.accounts():
            duties = sorted({assignment.get_duty_display() for assignment in user.assignments.all()})
            duty = ", ".join(duties) or pgettext("duty", "administrator")
            self.stdout.write(f"  {user.username:16} {duty:26} {user.full_name} · {user.body}")
