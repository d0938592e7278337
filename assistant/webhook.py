"""The door through which alerts leave for a webhook: one signed POST, no redirects, a bounded answer."""

import hashlib
import hmac

import httpx

from common.clock import ticks

# A receiver only has to take the message; Slack's and PagerDuty's answer within a second. The worker waits.
TIMEOUT_S = 5.0
ANSWER_BYTES = 2048  # of which the beginning is shown to staff
SAID_CHARS = 200


class WebhookFailed(Exception):
    """The receiver did not take the message; the words say why, for staff, and never hold the address."""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of `X-Support-Signature`: HMAC-SHA256 of `<timestamp>.<body>`, in hexadecimal."""
    signed = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def post(url: str, secret: str, body: bytes, delivery: str, timestamp: int) -> None:
    """Post a JSON body, signed. Raises WebhookFailed unless the answer has a status of 200 to 299.

    `delivery` is the same at every try, so that a receiver knows what it has already. `timestamp` is in
    seconds since 1970.
    """
    headers = {
        "content-type": "application/json",
        "user-agent": "support-desk",
        "x-support-delivery": delivery,
        "x-support-timestamp": str(timestamp),
        "x-support-signature": signature(secret, timestamp, body),
    }
    try:
        with (
            httpx.Client(trust_env=False, timeout=TIMEOUT_S, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            said = _beginning(response)
    except httpx.TimeoutException as error:
        raise WebhookFailed(f"no answer within {TIMEOUT_S:g} s") from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        raise WebhookFailed(f"{type(error).__name__}: {str(error).replace(url, 'the address')}") from error
    if response.is_redirect:
        raise WebhookFailed(f"answered {response.status_code}, and redirects are not followed")
    if not response.is_success:
        raise WebhookFailed(f"answered {response.status_code}: {said}".rstrip(": "))


def _beginning(response: httpx.Response) -> str:
    """Return the beginning of an answer; a receiver that drips or sends much is not listened to."""
    until, body = ticks() + TIMEOUT_S, b""
    for chunk in response.iter_raw(ANSWER_BYTES):
        body += chunk
        if len(body) >= ANSWER_BYTES or ticks() > until:
            break
    return " ".join(body.decode("utf-8", "replace").split())[:SAID_CHARS]
