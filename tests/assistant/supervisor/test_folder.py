"""The data folder admits one desk and keeps its secrets to their owner."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from assistant.supervisor.folder import Folder, FolderTakenError
from assistant.supervisor.redis_server import version_of
from common.env import read_env


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_desk_at_a_time(data_dir: Path) -> None:
    first, second = Folder(data_dir), Folder(data_dir)
    first.take()
    first.write_run({"web": 8123}, {"desk": "http://127.0.0.1:8123/"}, {})
    with pytest.raises(FolderTakenError, match=r"already runs on .*8123.* its own DATA_DIR"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_secrets_are_kept_and_private(data_dir: Path) -> None:
    folder = Folder(data_dir)
    folder.take()
    assert (folder.secret_key(), folder.admin_password()) == (folder.secret_key(), folder.admin_password())
    assert len(folder.secret_key()) >= 50
    assert mode(data_dir / "secret-key") == mode(data_dir / "admin-password") == 0o600
    folder.release()


def test_git_sees_nothing_of_a_folder_that_the_desk_has_made(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    folder = Folder(tmp_path / "var2")
    folder.take()
    folder.secret_key()
    folder.release()
    status = ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == ""


def test_a_folder_that_holds_something_keeps_its_own_rules_for_git(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "notes.txt").write_text("kept in git")
    folder = Folder(data_dir)
    folder.take()
    folder.release()
    assert not (data_dir / ".gitignore").exists()


def test_a_command_beside_the_desk_finds_its_servers(data_dir: Path) -> None:
    folder = Folder(data_dir)
    folder.take()
    shared = {"REDIS_URL": "redis://127.0.0.1:7001/0", "SANDBOX_PORT": "7002", "DEBUG": "1"}
    folder.write_run({"web": 7000}, {"desk": "http://127.0.0.1:7000/"}, shared)
    assert mode(folder.run_file) == 0o600
    environ = {"DATA_DIR": str(data_dir)}
    beside = read_env(environ, root=data_dir)
    assert (beside.redis_url, beside.sandbox_port, beside.debug) == ("redis://127.0.0.1:7001/0", 7002, True)
    assert (
        read_env({**environ, "REDIS_URL": "redis://other:1/0"}, root=data_dir).redis_url
        == "redis://other:1/0"
    )
    folder.release()
    assert read_env({**environ, "DEBUG": "1"}, root=data_dir).redis_url == ""


def test_the_note_of_a_desk_that_was_killed_is_not_believed(data_dir: Path) -> None:
    data_dir.mkdir()
    run = {"pid": 2**22 + 1, "env": {"REDIS_URL": "redis://127.0.0.1:7001/0"}}
    (data_dir / "run.json").write_text(json.dumps(run))
    assert read_env({"DATA_DIR": str(data_dir), "DEBUG": "1"}, root=data_dir).redis_url == ""
    folder = Folder(data_dir)
    folder.take()
    assert not folder.run_file.exists()
    folder.release()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d2c8a4b91e8d0e6c", (7, 0)),
        ("Redis server v=6.2.14 sha=00000000:0", (6, 2)),
        ("Valkey 8", None),
        ("", None),
    ],
)
def test_the_version_of_a_redis_program(said: str, version: tuple[int, int] | None) -> None:
    assert version_of(said) == version
