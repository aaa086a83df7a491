"""Who is let in, and what of their pages when they were signed out meanwhile?

Nothing typed is lost: what a script sends is answered 401 and stays in the browser; a page that is sent whole is kept
(see `keeping`) and sent again when its writer signs in.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure as plain_csrf_failure

from reports.models import KeptPost

from . import keeping


class LoginRequired(LoginRequiredMiddleware):
    """Every page needs a sign-in, and what somebody wrote is sent under their own name or not at all."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method == "POST" and keeping.is_of_somebody_else(request):
            return _of_somebody_else(request)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        if wants_json(request):
            return signed_out(request)
        if kept := keeping.keep(request):
            return _ask_to_sign_in(request, kept)
        return super().handle_no_permission(request, view_func)


class SignIn(LoginView):
    """The sign-in page. What was kept for the one who signs in is sent at once."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        sent = keeping.send_at_sign_in(self.request)
        if isinstance(sent, KeptPost):
            return redirect("reports:kept", sent.pk)
        return sent or response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was made before the last sign-in. What was typed is kept, and its writer can send it again."""
    if wants_json(request):
        return _new_token(request)
    kept = keeping.keep(request)
    if kept is None:
        return plain_csrf_failure(request, reason)
    if not request.user.is_authenticated:
        return _ask_to_sign_in(request, kept)
    if kept.user_id != request.user.pk:
        return _of_somebody_else(request)
    return render(request, "reports/report_kept.html", {"kept": kept, "typed": [], "refusal": ""}, status=403)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, for which a page would be of no use."""
    return "application/json" in request.headers.get("Accept", "")


def signed_out(request: HttpRequest) -> JsonResponse:
    """The answer to a script without a session: nothing is saved, and what was typed stays where it is."""
    sentence = _("You are signed out. What you typed is still here; sign in again to save it.")
    return JsonResponse({"state": "signed-out", "sentence": sentence}, status=401)


def _new_token(request: HttpRequest) -> JsonResponse:
    """A script whose token is from before the last sign-in gets the new one, if its page is the user's own."""
    if not request.user.is_authenticated or keeping.is_of_somebody_else(request):
        return signed_out(request)
    return JsonResponse({"state": "token", "csrf": get_token(request)}, status=403)


def _ask_to_sign_in(request: HttpRequest, kept: KeptPost) -> HttpResponse:
    """The way to the sign-in page, with the word that nothing is lost."""
    if keeping.is_sent_at_sign_in(kept):
        messages.info(request, _("You were signed out, but what you typed is kept. Sign in and it is saved."))
    else:
        messages.info(request, _("You were signed out, but what you typed is kept. Sign in and send it again."))
    report = keeping.report_of(kept)
    return redirect_to_login(reverse("reports:detail", args=[report]) if report else kept.path)


def _of_somebody_else(request: HttpRequest) -> HttpResponse:
    """Refuse to save one person's words under another's name; they stay kept for their writer."""
    if wants_json(request):
        return signed_out(request)
    keeping.keep(request)
    reason = _(
        "This page was written by somebody else, who was signed in before you. "
        "It is kept for them and is saved when they sign in."
    )
    return render(request, "403.html", {"exception": reason}, status=403)
