"""Which tokens of a site prove who its visitor is, and by which reason every other one is refused."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from assistant.identity import (
    LEEWAY_S,
    OVERLAP,
    REASONS,
    TOKEN_LIMIT,
    Identity,
    IdentityRefused,
    Key,
    kid_of,
    verify,
)

SECRET, OTHER = "s" * 64, "o" * 64
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = Key("shop", SECRET)
USUAL: Mapping[str, Any] = {"aud": "shop", "sub": "42", "iat": AT - 10, "exp": AT + 200, "jti": "one"}


def signed(
    secret: str = SECRET, algorithm: str = "HS256", header: Mapping[str, Any] = {}, **fields: Any
) -> str:
    """Return a token; a field that is None is left out."""
    payload = {name: value for name, value in {**USUAL, **fields}.items() if value is not None}
    return jwt.encode(payload, secret, algorithm, headers={"kid": "k1", **header})


def by_hand(header: Mapping[str, Any], payload: Mapping[str, Any] = USUAL, signature: bytes = b"") -> str:
    """Return a token of any header, as no library writes it."""
    parts = [json.dumps(part).encode() for part in (header, payload)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def test_a_good_token_says_who_it_is_and_what_the_site_knows() -> None:
    token = signed(
        iss="https://shop.example",
        name="  Ada\u202e Lovelace ",
        email="ada@example.com",
        plan="pro",
        claims={"seats": 80, "beta": True, "tier": "gold", "rate": 0.5},
        something_else={"ignored": 1},
    )
    assert kid_of(token) == "k1"
    assert verify(token, KEY, NOW) == Identity(
        site="shop",
        sub="42",
        jti="one",
        expires_at=datetime.fromtimestamp(AT + 200, UTC),
        name="Ada Lovelace",  # without what turns a line around
        email="ada@example.com",
        plan="pro",
        claims={"seats": 80, "beta": True, "tier": "gold", "rate": 0.5},
    )
    assert verify(signed(aud=["shop"]), KEY, NOW).claims == {}


REFUSED: list[tuple[str, str]] = [
    ("", "malformed"),
    ("garbage", "malformed"),
    ("a.b.c", "malformed"),
    ("ä.b.c", "malformed"),
    (signed(name="x" * TOKEN_LIMIT), "malformed"),
    (signed()[:-3], "signature"),
    (signed(OTHER), "signature"),
    (signed().rsplit(".", 1)[0] + ".", "signature"),
    (by_hand({"alg": "none", "kid": "k1"}), "algorithm"),
    (by_hand({"alg": "None", "kid": "k1"}), "algorithm"),
    (by_hand({"kid": "k1"}), "algorithm"),
    (signed(algorithm="HS384"), "algorithm"),
    (signed(algorithm="HS512"), "algorithm"),
    (by_hand({"alg": "HS256", "kid": "k1", "crit": ["exp"]}), "malformed"),
    (by_hand({"alg": "HS256"}), "no_key"),
    (signed(header={"kid": "k" * 41}), "no_key"),
    (signed(aud="other"), "audience"),
    (signed(aud=["shop", "other"]), "audience"),
    (signed(aud=["other"]), "audience"),
    (signed(aud=None), "missing"),
    (signed(sub=None), "missing"),
    (signed(iat=None), "missing"),
    (signed(exp=None), "missing"),
    (signed(jti=None), "missing"),
    (signed(sub=""), "missing"),
    (signed(sub=" \u0000"), "missing"),
    (signed(iat=AT - 100, exp=AT + 201), "lifetime"),
    (signed(iat=AT, exp=AT), "lifetime"),
    (signed(iat=AT - 300, exp=AT - LEEWAY_S), "expired"),
    (signed(iat=AT + LEEWAY_S + 1, exp=AT + 200), "not_yet"),
    (signed(nbf=AT + LEEWAY_S + 1), "not_yet"),
    (signed(exp=True), "field"),
    (signed(iat="now"), "field"),
    (signed(sub="4" * 121), "field"),
    (signed(jti="j" * 121), "field"),
    (signed(name=7), "field"),
    (signed(name="n" * 121), "field"),
    (signed(email="nobody"), "field"),
    (signed(email="a@b.c, d@e.f"), "field"),
    (signed(plan="p" * 21), "field"),
    (signed(claims=["a"]), "field"),
    (signed(claims={"Seats": 1}), "field"),
    (signed(claims={"seats": [1]}), "field"),
    (signed(claims={"seats": float("inf")}), "field"),
    (signed(claims={"seats": "x" * 201}), "field"),
    (signed(claims={f"c{at}": at for at in range(21)}), "field"),
]


@pytest.mark.parametrize(("token", "reason"), REFUSED)
def test_every_other_token_is_refused_with_its_reason(token: str, reason: str) -> None:
    with pytest.raises(IdentityRefused) as caught:
        verify(token, KEY, NOW)
    assert caught.value.reason == reason
    assert caught.value.message.startswith(REASONS[reason])
    assert SECRET not in caught.value.message
    assert len(token) < 20 or token not in caught.value.message


def test_a_number_for_sub_is_refused_in_words_that_help() -> None:
    with pytest.raises(IdentityRefused, match="field"):
        verify(by_hand_signed(sub=42), KEY, NOW)


def by_hand_signed(**fields: Any) -> str:
    """Return a signed token with fields that PyJWT would not write."""
    return jwt.api_jws.PyJWS().encode(json.dumps({**USUAL, **fields}).encode(), SECRET, headers={"kid": "k1"})


def test_clocks_may_differ_by_a_little() -> None:
    assert verify(signed(iat=AT - 300, exp=AT - LEEWAY_S + 1), KEY, NOW).sub == "42"
    assert verify(signed(iat=AT + LEEWAY_S, exp=AT + 200), KEY, NOW).sub == "42"
    assert verify(signed(iat=AT - 100, exp=AT + 200), KEY, NOW).sub == "42"  # five minutes exactly


def test_the_key_decides_as_well() -> None:
    good = signed()
    retired = Key("shop", SECRET, retired_at=NOW - OVERLAP)
    assert verify(good, retired, NOW).sub == "42"  # just within the overlap
    for key, reason in (
        (None, "unknown_key"),
        (Key("other", SECRET), "audience"),
        (Key("shop", OTHER), "signature"),
        (Key("shop", ""), "unreadable_key"),
        (Key("shop", SECRET, NOW - OVERLAP - timedelta(seconds=1)), "retired_key"),
    ):
        with pytest.raises(IdentityRefused) as caught:
            verify(good, key, NOW)
        assert caught.value.reason == reason
        assert caught.value.claimed == ("shop", "42")
    assert SECRET not in repr(KEY)


def test_every_reason_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert set(REASONS) <= set(rows)
