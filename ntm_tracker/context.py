"""What does every template know?"""

from datetime import date

from django.conf import settings
from django.http import HttpRequest


def demonstration(request: HttpRequest) -> dict[str, date | None]:
    """`demo_today`: the day a demonstration stands on, for its banner; None on a real site."""
    return {"demo_today": settings.DEMO_TODAY}
