"""A browser without script for the pages of a running desk: cookies, redirects, forms with their token."""

import base64
import hashlib
import hmac
import re
import struct
import time
from dataclasses import dataclass, field

import httpx

from tests.servers import PASSWORD


def totp(secret: str, at: float | None = None) -> str:
    """Return the six digits of RFC 6238 (SHA-1, 30 s) that an authenticator app shows for a key."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    mac = hmac.new(key, step, hashlib.sha1).digest()
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


@dataclass
class Browser:
    """One person's browser."""

    url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(follow_redirects=True, timeout=30))

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path if path.startswith("http") else self.url + path)

    def send(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send the last form of a page with its hidden fields."""
        form = page.text.rpartition("<form")[2]
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        action = re.match(r'[^>]*action="([^"]+)"', form)
        target = page.url.join(action.group(1)) if action else page.url
        return self.http.post(target, data={**hidden, **fields}, headers={"referer": str(page.url)})

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        page = self.get("/admin/")
        return self.send(
            page, **{"login" if "/accounts/" in str(page.url) else "username": name}, password=password
        )
