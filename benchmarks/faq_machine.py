"""Where and with what a benchmark ran."""

import os
import platform
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "numpy", "scipy", "onnxruntime",
    "tantivy", "bm25s", "PyStemmer", "scikit-learn",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Return processor, cores, load average, Python, the commit, and versions of what took part."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": commit(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "sqlite": sqlite3.sqlite_version,
    }


def processor() -> str:
    """Return the processor's name as the kernel has it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def commit(root: Path = ROOT) -> str:
    """Return the commit's short hash, with "+" when files differ from it, "" outside a repository."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=root, check=True, capture_output=True, text=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
