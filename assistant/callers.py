"""Where an HTTP request comes from, as far as it decides what the answer may say."""

from django.http import HttpRequest

from common.guards import is_loopback

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def from_this_machine(request: HttpRequest) -> bool:
    """Return whether a program on this machine asks.

    A request that was forwarded is from wherever it was forwarded from, so it is not from here.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    return is_loopback(str(request.META.get("REMOTE_ADDR", "")))
