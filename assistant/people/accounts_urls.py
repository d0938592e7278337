"""The addresses under /accounts/: those pages of django-allauth that the desk uses, and no other."""

from typing import Any
from urllib.parse import urlencode

from allauth.account import views as account
from csp.decorators import csp_update
from django.apps import apps
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, reverse, reverse_lazy
from django.views.generic import RedirectView

from assistant.people import switches


class SignIn(account.LoginView):
    """The sign-in page, with the way through the company where there is one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.ENV.sso:
            url = reverse("openid_connect_login", args=[switches.PROVIDER_ID])
            wanted = self.request.GET.get("next") or reverse("admin:index")
            context["company"] = {
                "name": settings.ENV.sso.name,
                "url": f"{url}?{urlencode({'next': wanted})}",
            }
        return context


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """Answer where allauth would let people sign up: here they are invited."""
    raise Http404("Nobody signs up at this desk.")


def company_failed(request: HttpRequest) -> HttpResponse:
    """Say that the sign-in at the company was broken off."""
    reason = "The sign-in at your company was broken off, or it did not answer. Nothing was changed."
    return render(request, "accounts/refused.html", {"reason": reason}, status=403)


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", SignIn.as_view(), name="account_login"),
    path("logout/", RedirectView.as_view(url=reverse_lazy("admin:logout")), name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("signup/", no_sign_up, name="account_signup"),
]

if apps.is_installed("allauth.mfa"):
    from allauth.account.internal.flows.login import record_authentication
    from allauth.mfa.base import views as mfa
    from allauth.mfa.recovery_codes import views as codes
    from allauth.mfa.totp import views as totp

    class SetUpFactor(totp.ActivateTOTPView):
        """Setting the second factor up; who has just typed its code need not type it again here."""

        def form_valid(self, form: Any) -> HttpResponse:
            response: HttpResponse = super().form_valid(form)
            record_authentication(self.request, self.request.user, method="mfa", type="totp")
            return response

    # The square code is a picture inside the page: the only page that may show one of these.
    activate = csp_update({"img-src": ["data:"]})(SetUpFactor.as_view())
    urlpatterns += [
        path("2fa/", mfa.index, name="mfa_index"),
        path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
        path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
        path("2fa/totp/activate/", activate, name="mfa_activate_totp"),
        path("2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
        path("2fa/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
        path(
            "2fa/recovery-codes/generate/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"
        ),
        path(
            "2fa/recovery-codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"
        ),
    ]

if apps.is_installed("allauth.socialaccount"):
    urlpatterns += [
        path("company/cancelled/", company_failed, name="socialaccount_login_cancelled"),
        path("company/error/", company_failed, name="socialaccount_login_error"),
        path("company/signup/", no_sign_up, name="socialaccount_signup"),
        path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    ]
