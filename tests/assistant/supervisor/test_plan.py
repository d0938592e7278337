"""What a desk refuses before anything of it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.supervisor.__main__ import CannotStartError, missing_in, require_two_ports
from common.env import read_env
from tests.environment import ROOT, free_port


def test_the_sandbox_on_the_desks_own_port_is_one_plain_sentence(data_dir: Path) -> None:
    port = str(free_port())
    env = {"DATA_DIR": str(data_dir), "PORT": port, "SANDBOX_PORT": port, "SANDBOX": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "assistant.supervisor"],
        cwd=ROOT, env={**os.environ, **env}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"PORT and SANDBOX_PORT are both {port}, and the sandbox needs a port of its own: "
        "give one of them another number.\n"
    )
    assert not (data_dir / "run.json").exists()


def test_ports_only_have_to_differ_where_the_sandbox_is_wanted(data_dir: Path) -> None:
    same = {"DATA_DIR": str(data_dir), "DEBUG": "1", "PORT": "9000", "SANDBOX_PORT": "9000"}
    with pytest.raises(CannotStartError, match="both 9000"):
        require_two_ports(read_env(same, root=data_dir))
    require_two_ports(read_env({**same, "GEMINI_API_KEY": "k"}, root=data_dir))
    require_two_ports(read_env({**same, "PORT": "9001"}, root=data_dir))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            '{"ready": false, "checks": {"database": {"ok": true, "detail": "sqlite"}, '
            '"ladders": {"ok": false, "detail": "no usable model on: complex"}}}',
            "ladders: no usable model on: complex (make doctor says what mends it)",
        ),
        ('{"checks": {"redis": {"ok": false}}}', "redis: not well (make doctor says what mends it)"),
        ("<h1>Bad Gateway</h1>", "503 <h1>Bad Gateway</h1>"),
        ("[]", "503 []"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_in_words(body: str, words: str) -> None:
    assert missing_in(503, body) == words
