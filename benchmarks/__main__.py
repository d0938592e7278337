"""`make bench`: how long matching and deciding take on this machine, on the example desk.

    python -m benchmarks [--rounds 200]

Each message is considered by the production path itself (`assistant.pipeline.consider`) on a seeded
SQLite desk in a temporary folder. The budget of the turn is 10 ms off the event loop, at most 50 ms. After
it comes `benchmarks/routing.py` in short: signals and 200 rules, on ordinary and on nasty messages.
"""

import argparse
import os
import platform
import tempfile
import time

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
    parser = argparse.ArgumentParser(description="Measure matching and deciding on the example desk.")
    parser.add_argument("--rounds", type=int, default=200, help="how often each message is considered")
    rounds = parser.parse_args().rounds
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="assistant.settings",
            DEBUG="1",
            DATA_DIR=folder,
            DATABASE_URL="",
            REDIS_URL="",
        )
        prepare()
        measure(rounds)
        from benchmarks import routing

        print(f"\n{routing.show_times(routing.times(routing.RULES, rounds=1))}")


if __name__ == "__main__":
    main()
