"""What does somebody read whose request cannot be understood?"""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page 400.html, with the reason as a sentence in `reason`; 413 for a request that is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        reason = _("What you sent is larger than this site accepts. Nothing was saved.")
        return render(request, "400.html", {"reason": reason}, status=413)
    reason = _("The site could not understand this request. Nothing was saved.")
    return render(request, "400.html", {"reason": reason}, status=400)
