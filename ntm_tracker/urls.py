"""Which address leads where? Everything needs a sign-in, but for what is marked `login_not_required`."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.i18n import set_language

from ntm_tracker.health import healthz
from ntm_tracker.signing_in import SignIn

admin.site.site_title = gettext_lazy("NTM tracker administration")
admin.site.site_header = gettext_lazy("NTM tracker administration")
admin.site.index_title = gettext_lazy("Reference data and people")


def admin_login(request: HttpRequest) -> HttpResponse:
    """Stand in for the admin's own sign-in page: everybody signs in at the site's."""
    if not admin.site.has_permission(request):
        raise PermissionDenied(_("Your account may not use the administration pages."))
    target = request.GET.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, None) else "admin:index")


urlpatterns = [
    path("admin/login/", admin_login),
    path("admin/", admin.site.urls),
    path("accounts/login/", SignIn.as_view(), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("healthz", healthz, name="healthz"),
    path("criteria/", include("criteria.urls")),
    path("communes/", include("reports.commune_urls")),
    path("", include("reports.urls")),
]

handler400 = "ntm_tracker.errors.bad_request"
