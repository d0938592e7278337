"""The peers' environment: made for a run, or kept in a folder that the caller names."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("faults_requirements.txt")
INSTALL_S = 900.0


def python_of(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"


def prepare(folder: Path) -> str:
    """Make the environment and install the peers, unless it is there; return why not, or ""."""
    if python_of(folder).is_file():
        return ""
    install = [str(python_of(folder)), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    steps = (
        [sys.executable, "-m", "venv", str(folder)],
        [*install, "--only-binary", ":all:", "--requirement", str(REQUIREMENTS)],
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            return f"installing them took longer than {INSTALL_S:g} s"
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            return f"they could not be installed ({said[-1] if said else 'no reason given'})"
    return ""


def versions(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of those packages that the environment has."""
    places = [str(place) for place in folder.glob("lib/python*/site-packages")]
    found = {each.metadata["Name"].lower(): each.version for each in metadata.distributions(path=places)}
    return {name: found[name] for name in names if name in found}
