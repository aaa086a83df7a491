"""From which address does a request come?"""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The visitor's address, as the outermost of our own proxies saw it.

    Each proxy adds the address it was called from at the right end of X-Forwarded-For; what stands further
    left was written by the visitor and proves nothing.
    """
    seen: list[str] = []
    if settings.PROXIES:
        header = request.META.get("HTTP_X_FORWARDED_FOR", "")
        seen = [part.strip() for part in header.split(",") if part.strip()]
    return seen[-settings.PROXIES] if len(seen) >= settings.PROXIES > 0 else request.META["REMOTE_ADDR"]
