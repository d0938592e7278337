"""The files of deploy/ are right by the tools that will read them, and by what they must not allow."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.servers import missing

UNITS = sorted(path for path in (ROOT / "deploy/systemd").iterdir() if path.suffix != ".conf")
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def settings_of(path: Path) -> dict[str, list[str]]:
    """Return the lines of a unit by their name."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def installed(folder: Path) -> Path:
    """Copy the units into a folder as a machine has them; programs and account are ones of this machine."""
    for unit in UNITS:
        text = (
            unit.read_text()
            .replace("/opt/desk/.venv/bin/python", "/bin/sh")
            .replace("User=desk", "User=root")
        )
        (folder / unit.name).write_text(text.replace("Group=desk\n", ""))
    # What the units name and Debian's packages bring.
    for name in ("postgresql.service", "redis-server.service"):
        (folder / name).write_text("[Service]\nExecStart=/bin/true\n")
    return folder


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze") or missing("systemd-analyze")
    folder = installed(tmp_path)
    names = [unit.name.replace("@.", "@8001.") for unit in UNITS]
    for template in folder.glob("*@.service"):
        shutil.copy(template, folder / template.name.replace("@.", "@8001."))
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *(str(folder / name) for name in names)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    ours = [
        line for line in (done.stdout + done.stderr).splitlines() if "desk" in line or str(folder) in line
    ]
    assert ours == []
    broken = folder / "desk-beat.service"
    broken.write_text(broken.read_text().replace("Restart=always", "Restart=allways"))
    refused = subprocess.run(
        [program, "verify", "--man=no", str(broken)], check=False, capture_output=True, text=True
    )
    assert "Failed to parse" in refused.stderr, "a mistake would be seen"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_may_do_no_more_than_it_needs(unit: Path) -> None:
    settings = settings_of(unit)
    assert settings["User"] == ["desk"]
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectKernelModules",
        "RestrictSUIDSGID",
    ):
        assert settings[name] == ["yes"], name
    assert settings["ProtectSystem"] == ["strict"]
    assert all(path.startswith("/var/") for path in settings["ReadWritePaths"][0].split())
    assert settings["CapabilityBoundingSet"] == [""]
    assert settings["EnvironmentFile"] == ["/opt/desk/.env"]
    assert not any("SECRET" in value or "PASSWORD" in value for value in settings.get("Environment", []))
    assert settings["LogNamespace"] == ["desk"]
    if settings.get("Type") != ["oneshot"]:
        assert settings["Restart"] == ["always"]
        assert settings["StartLimitIntervalSec"] == ["0"]
        assert "MemoryMax" in settings


def test_a_web_process_has_the_time_it_takes_to_leave_in_order() -> None:
    longest_notice = int(re.findall(r'"DRAIN_NOTICE", (\d+)', (ROOT / "common/env.py").read_text())[0])
    longest_drain = int(re.findall(r'"DRAIN_PATIENCE", (\d+)', (ROOT / "common/env.py").read_text())[0])
    (stop,) = settings_of(ROOT / "deploy/systemd/desk-web@.service")["TimeoutStopSec"]
    assert int(stop) >= longest_notice + longest_drain + 5


def test_the_target_starts_all_of_it_and_the_proxies_know_its_ports() -> None:
    wanted = settings_of(ROOT / "deploy/systemd/desk.target")["Wants"][0].split()
    files = {re.sub(r"@\d+", "@", name) for name in wanted}
    assert files == {unit.name for unit in UNITS} - {"desk.target", "desk.slice", "desk-backup.service"}
    ports = sorted(re.findall(r"@(\d+)", " ".join(wanted)))
    for proxy in ("deploy/nginx/desk.conf", "deploy/caddy/Caddyfile"):
        assert sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", (ROOT / proxy).read_text()))) == ports, proxy


def test_caddy_accepts_its_file_and_would_write_it_the_same() -> None:
    program = shutil.which("caddy") or missing("Caddy")
    path = ROOT / "deploy/caddy/Caddyfile"
    command = [program, "validate", "--adapter", "caddyfile", "--config", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tidy = subprocess.run([program, "fmt", str(path)], check=False, capture_output=True, text=True)
    assert tidy.stdout == path.read_text()


def lines_of_container_file() -> list[str]:
    text = (ROOT / "deploy/container/Containerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_is_built_from_locked_parts_runs_without_rights_and_holds_no_secret() -> None:
    lines = lines_of_container_file()
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert bases == ["python:3.11-slim-bookworm"] * 2
    assert any("--require-hashes" in line and "--no-deps" in line for line in lines)
    last = len(lines) - 1 - [line.startswith("FROM") for line in reversed(lines)].index(True)
    stage = lines[last:]
    assert "USER desk" in stage
    assert not any(line.startswith("RUN apt") for line in stage)
    assert not [line for line in lines if re.match(r"(ENV|ARG) .*(SECRET|KEY|PASSWORD|TOKEN)", line)]
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in stage)
    assert stage[-1].startswith('CMD ["python", "manage.py", "serve"')
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, _ = [part for part in line.split()[1:] if not part.startswith("--")]
            assert [source for source in sources if not (ROOT / source).exists()] == [], line


def test_nothing_private_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "**", "everything is left out unless it is named"
    named = {line[1:].strip("/") for line in ignored if line.startswith("!")}
    copied = {
        part
        for line in lines_of_container_file()
        if line.startswith("COPY ") and "--from" not in line
        for part in line.split()[1:-1]
        if not part.startswith("--")
    }
    assert named == copied
    assert not named & {".env", "var", ".git", "tests"}


def test_the_services_of_compose_are_those_of_one_machine() -> None:
    text = (ROOT / "deploy/container/compose.yaml").read_text()
    services = re.findall(
        r"^  ([a-z0-9]+):$", text.split("services:\n")[1].split("\nnetworks:")[0], re.MULTILINE
    )
    assert services == ["postgres", "redis", "prepare", "web1", "web2", "worker", "beat", "caddy"]
    assert "--maxmemory-policy noeviction" in text
    assert "--appendonly yes" in text
    assert not re.search(r"(PASSWORD|SECRET_KEY|_KEY): *[^$\s]", text), "secrets come from the env file"
    assert len(re.findall(r"^    ports:", text, re.MULTILINE)) == 1, "only the proxy is reached from outside"
    # What the desk believes is the network on which only the proxy and the web processes are.
    (subnet,) = re.findall(r"subnet: ([0-9./]+)", text)
    assert f"TRUSTED_PROXIES: {subnet}" in text
