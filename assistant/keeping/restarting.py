"""What an operator has to restart after an upgrade, for each way of running a desk."""

from pathlib import Path

from assistant.keeping.version import ROOT

UNITS = Path("/etc/systemd/system/desk.target")

SYSTEMD = (
    "Restart, as root; visitors notice nothing, because web processes are replaced one by one:",
    "  install -m 644 "
    + " ".join(f"{ROOT}/deploy/systemd/*.{kind}" for kind in ("service", "timer", "target", "slice"))
    + " /etc/systemd/system/",
    "  systemctl daemon-reload",
    "  systemctl restart desk-web@8001",
    "  sleep 15",
    "  systemctl restart desk-web@8002",
    "  systemctl restart desk-worker desk-beat",
)
MAKE_RUN = ("Restart: stop make run by Ctrl-C and start it again.",)
STOPPED = ("Start: make run.",)


def lines(runs_here: bool, units: Path = UNITS) -> tuple[str, ...]:
    """Return the lines to follow. `runs_here` says whether a `make run` holds this DATA_DIR."""
    if units.exists():
        return SYSTEMD
    return MAKE_RUN if runs_here else STOPPED
