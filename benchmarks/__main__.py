"""`make bench`: every benchmark in short, on this machine.

    python -m benchmarks [--rounds 200] [--data DIR] [--json DIR]

First how long matching and deciding take on the example desk: each message is considered by the production
path itself (`assistant.pipeline.consider`) on a seeded SQLite desk in a temporary folder. The budget of the
turn is 10 ms off the event loop, at most 50 ms. Then the short versions of `benchmarks/routing.py`,
`faults.py`, `streaming.py`, `admin.py` and `chat_page.py`, and with --data of `faq.py`, each of which can be
run alone and in full.
"""

import argparse
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import faq_machine

END_S = 30.0  # for a benchmark that was interrupted to end its servers
MESSAGES = {
    "exact phrasing": "How do I reset my password?",
    "misspelt": "i cant log in, forgot my pasword",
    "everyday": "Does it send texts too?",
    "comparison": "Compare Pro and Studio for 3 locations, 12 staff and SMS; what if we downgrade mid-month?",
    "code": "Write a Python function that verifies your webhook signature",
    "8,000 characters": "BEGIN:VEVENT SUMMARY:Haircut with Anna DTSTART:20261124T090000Z END:VEVENT " * 106,
}


def percentile(sorted_ms: list[float], share: float) -> float:
    """Return the nearest-rank percentile of ascending values."""
    return sorted_ms[min(len(sorted_ms) - 1, int(share * len(sorted_ms)))]


def prepare() -> None:
    """Seed a desk in the folder that DATA_DIR names."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)


def measure(rounds: int) -> None:
    """Print a row of milliseconds for each message."""
    from assistant.pipeline import ConversationFacts, consider
    from faq import index
    from routing import publishing

    publishing.refresh(force=True)
    index.refresh(force=True)
    config = publishing.current()
    print(f"{'message':<18}{'route':<12}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}")
    for name, text in MESSAGES.items():
        route, taken = "", []
        for _ in range(rounds):
            start = time.perf_counter()
            route = consider(text[:8000], ConversationFacts(), config).decision.route
            taken.append((time.perf_counter() - start) * 1000)
        taken.sort()
        figures = "".join(f"{percentile(taken, share):>8.2f}" for share in (0.5, 0.95, 0.99))
        print(f"{name:<18}{route:<12}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run every benchmark in short.")
    parser.add_argument("--rounds", type=int, default=200, help="how often each message is considered")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the public question sets lie")
    parser.add_argument("--json", type=Path, metavar="DIR", help="write each benchmark's figures there")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        before = dict(os.environ)
        wiring = {"DATA_DIR": folder, "DATABASE_URL": "", "REDIS_URL": ""}
        os.environ.update(DJANGO_SETTINGS_MODULE="assistant.settings", DEBUG="1", **wiring)
        prepare()
        measure(options.rounds)
    failed = [
        name for name, words in commands(options.data, options.json).items() if not run(name, words, before)
    ]
    if options.data is None:
        print("\n# faq\n\nnot measured: --data names no folder with question sets")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def commands(data: Path | None, json: Path | None) -> dict[str, list[str]]:
    """Return the words of each further benchmark's command, by its module."""
    where = [] if data is None else ["--data", str(data)]
    words = {
        "routing": ["--rounds", "1", *where],
        "faults": ["--quick", "--no-peers"],
        "streaming": ["--quick"],
        "admin": ["--quick"],
        "chat_page": ["--quick"],
        **({"faq": ["--quick", "--no-peers", *where]} if where else {}),
    }
    if json is None:
        return words
    json.mkdir(parents=True, exist_ok=True)
    return {name: [*each, "--json", str(json / f"{name}.json")] for name, each in words.items()}


def run(name: str, words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Run a benchmark in a process of its own, as each sets up its own desk; return whether it went well."""
    print(f"\n# {name}\n", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    process = subprocess.Popen(command, cwd=faq_machine.ROOT, env=dict(env))
    try:
        return process.wait() == 0
    finally:
        if process.poll() is None:  # interrupted: it has heard that as well, and ends what it started
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
            process.kill()


if __name__ == "__main__":
    main()
