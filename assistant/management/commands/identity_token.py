"""Print an identity token as a site's server would sign it, for tests and for trying a set-up."""

import secrets
from datetime import UTC, datetime
from typing import Any

import jwt
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.embed.site_keys import new_secret, opened
from assistant.identity import ALGORITHM, LIFETIME_S
from assistant.models import Site, SiteSecret


class Command(BaseCommand):
    help = "Print a token that names a person of a site, good for one use within its lifetime."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's key")
        parser.add_argument("--sub", required=True, help="the site's own id of the person")
        parser.add_argument("--name", default="")
        parser.add_argument("--email", default="")
        parser.add_argument("--plan", default="")
        parser.add_argument(
            "--claim", action="append", default=[], metavar="NAME=VALUE", help="as often as wanted"
        )
        parser.add_argument(
            "--lifetime", type=int, default=LIFETIME_S, help="seconds; above 300 the desk refuses it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(key=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site with the key {options['site']}: see Sites in the admin.")
        row, secret = self._secret(site)
        issued = int(datetime.now(UTC).timestamp())
        payload = {
            "aud": site.key,
            "sub": options["sub"],
            "iat": issued,
            "exp": issued + options["lifetime"],
            "jti": secrets.token_hex(16),
            **{name: options[name] for name in ("name", "email", "plan") if options[name]},
        }
        if claims := dict(_claim(each) for each in options["claim"]):
            payload["claims"] = claims
        self.stdout.write(jwt.encode(payload, secret, ALGORITHM, headers={"kid": row.kid}))

    def _secret(self, site: Site) -> tuple[SiteSecret, str]:
        for row in site.secrets.filter(retired_at=None).order_by("-created_at"):
            if secret := opened(row.secret):
                return row, secret
        self.stderr.write(f"{site.key} had no secret; one was made.")
        return new_secret(site)


def _claim(text: str) -> tuple[str, str | bool | int]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"A claim is NAME=VALUE, not {text}.")
    if value in ("true", "false"):
        return name, value == "true"
    return name, int(value) if value.lstrip("-").isdecimal() else value
