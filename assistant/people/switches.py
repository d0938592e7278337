"""What sign-in through the company and the second factor add to the settings; nothing while both are off."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from django.urls import reverse_lazy

from common.env import Env, EnvError

# In the address of the callback, which is registered at the provider: it must never change.
PROVIDER_ID = "company"


def is_on(env: Env) -> bool:
    """Return whether django-allauth is needed. Raises EnvError when it is and is not installed."""
    if env.sso is None and env.mfa == "off":
        return False
    if find_spec("allauth") is None:
        raise EnvError("SSO_ISSUER and MFA need the extra `sso`: install the desk with requirements.lock.")
    return True


def apps(env: Env) -> list[str]:
    """Return the further INSTALLED_APPS."""
    if not is_on(env):
        return []
    names = ["allauth", "allauth.account"]
    if env.sso:
        names += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
    return names if env.mfa == "off" else [*names, "allauth.mfa"]


def middleware(env: Env) -> list[str]:
    """Return the further MIDDLEWARE, to stand last."""
    if not is_on(env):
        return []
    return [
        "allauth.account.middleware.AccountMiddleware",
        "assistant.people.middleware.SecondFactorMiddleware",
    ]


def further_settings(env: Env) -> Mapping[str, Any]:
    """Return the further settings by name."""
    if not is_on(env):
        return {}
    found: dict[str, Any] = {
        "LOGIN_URL": "/accounts/login/",
        "ACCOUNT_ADAPTER": "assistant.people.adapters.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": [
            "username*",
            "password1*",
        ],  # nobody signs up; allauth checks it all the same
        "ACCOUNT_EMAIL_VERIFICATION": "none",  # whoever was invited has proved the address by the link
        "ACCOUNT_SESSION_REMEMBER": False,
        # Wrong codes; wrong passwords are counted by django-axes, as they are without allauth.
        "ACCOUNT_RATE_LIMITS": {"login_failed": "8/900s/key"} if env.rate_limits else False,
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
        "MFA_TOTP_ISSUER": "Support desk",
        "MFA_TOTP_TOLERANCE": 1,  # steps of 30 s: phones are late, and people type slowly
    }
    return found | (_sso(env) if env.sso else {})


def account_menu(env: Env) -> list[dict[str, Any]]:
    """Return the further items of the menu under a person's name in the admin."""
    return [] if env.mfa == "off" else [{"title": "Second factor", "link": reverse_lazy("mfa_index")}]


def _sso(env: Env) -> dict[str, Any]:
    if env.sso is None:
        return {}
    app = {
        "provider_id": PROVIDER_ID,
        "name": env.sso.name,
        "client_id": env.sso.client_id,
        "secret": env.sso.client_secret,
        "settings": {"server_url": env.sso.issuer},
    }
    return {
        "SOCIALACCOUNT_ADAPTER": "assistant.people.company.CompanyAdapter",
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}},
        "SOCIALACCOUNT_AUTO_SIGNUP": False,
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,  # seconds; a provider that hangs must not hold a thread
        # The policy of our pages lets forms go to ourselves only, and browsers hold redirects of a form to
        # it; so it is a link. What a link could be abused for, connecting another account, is refused.
        "SOCIALACCOUNT_LOGIN_ON_GET": True,
    }
