"""An identity provider of our own on loopback: discovery, sign-in without questions, signed tokens, keys."""

import base64
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "desk", "desk-secret"


def _b64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Provider:
    """Who it says that everybody is, and what it was asked."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    answers: bool = True  # False: the token address breaks
    audience: str = CLIENT
    challenges: dict[str, str] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "kid": "1",
                    "alg": "RS256",
                    "use": "sig",
                    "n": _b64(numbers.n),
                    "e": _b64(numbers.e),
                }
            ]
        }

    def token(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """Return the tokens of a code, None unless secret and proof (PKCE) are right."""
        proof = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest())
        right = self.challenges.pop(asked["code"], "") == proof.rstrip(b"=").decode()
        if not (self.answers and right and asked["client_secret"] == SECRET):
            return None
        now = int(time.time())
        body = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + 300, **self.claims}
        signed = jwt.encode(body, self.key, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Run the provider on a free port of loopback."""
    provider = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

        def _json(self, body: Any, status: int = 200) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                code = f"code-{len(provider.challenges)}"
                provider.challenges[code] = asked["code_challenge"]
                self.send_response(302)
                self.send_header(
                    "location",
                    f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}",
                )
                self.end_headers()
                return
            pages = {
                "/.well-known/openid-configuration": provider.discovery(),
                "/userinfo": provider.claims,
                "/keys": provider.keys(),
            }
            self._json(pages.get(parts.path, {}), 200 if parts.path in pages else 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            token = provider.token({name: values[0] for name, values in parse_qs(body).items()})
            self._json(token or {"error": "invalid_grant"}, 200 if token else 400)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
