"""Who is told of what? One notice for each person concerned, beside the event itself."""

from .models import ReportEvent


def tell(event: ReportEvent) -> None:
    """Tell everybody concerned of the event, but for the one who caused it."""
