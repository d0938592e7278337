"""A desk's data survives the machine: backed up while it runs, restored elsewhere, and gone on with."""

import gzip
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from assistant.keeping import archives, manifest
from assistant.keeping.errors import KeepingError
from assistant.supervisor.folder import Folder
from tests import postgres, servers
from tests.control import Control
from tests.flows.client import Chat

QUESTION = "Compare the Pro and the Studio plan for three locations, please."
SECRET = "a-secret-key-of-the-tests-that-is-long-enough-to-be-taken-as-one"


def run(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return servers.managed(*arguments, env=env)


def only_backup(folder: Path) -> Path:
    (found,) = folder.glob(f"*{archives.SUFFIX}")
    return found


def rewritten(source: Path, target: Path, name: str, change: bytes) -> Path:
    """Return a copy of a backup in which one part holds something else."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            data = old.extractfile(member)
            content = change if member.name == name else data.read() if data else b""
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_desk_is_backed_up_while_it_answers_and_goes_on_in_an_empty_folder(
    tmp_path: Path, sandbox: str, kind: str, request: pytest.FixtureRequest
) -> None:
    urls = ["", ""]
    if kind == "postgresql":
        server = request.getfixturevalue("postgres_url")
        urls = [postgres.new_database(server, f"{name}_{os.getpid()}") for name in ("before", "after")]
    control, env = Control(sandbox), {"SECRET_KEY": SECRET, "BACKUP_DIR": str(tmp_path / "backups")}
    with servers.running_desk(tmp_path / "one", sandbox, database_url=urls[0], env=env) as desk:
        cookie = desk.visitor_cookie()
        async with Chat(desk.url, cookie) as chat:
            first = await chat.ask("i cant log in, forgot my pasword")
            conversation_id = chat.conversation_id
            control.pace(first_text_ms=20, gap_ms=60)
            running = await chat.send(QUESTION)
            await chat.until(lambda frame: frame["type"] == "delta" and frame["reply_id"] == running)
            waiting = await chat.send("And what about SMS?")
            said = desk.manage("backup")
            control.pace(first_text_ms=0, gap_ms=0)
            assert (await chat.finished(running)).done, "the desk was not disturbed"
    backup = only_backup(tmp_path / "backups")
    assert str(backup) in said and "SECRET_KEY" in said
    assert backup.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in gzip.decompress(backup.read_bytes())

    def restore(desk: servers.DeskServer) -> None:
        told = desk.manage("restore", str(backup))
        assert "Ended 2 replies" in told, told

    with servers.running_desk(
        tmp_path / "two", sandbox, database_url=urls[1], env=env, prepare=restore
    ) as desk:
        async with Chat(desk.url, cookie, conversation_id) as chat:
            assert chat.shown[first.reply_id].text == first.text
            assert {chat.shown[each].done["state"] for each in (running, waiting)} == {"failed", "cancelled"}  # type: ignore[index]
            again = await chat.finished(await chat.verb("retry", running))
            assert again.done and again.done["state"] == "completed"
            assert (await chat.ask("thanks!")).text


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a backup of a seeded desk that does not run."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "desk.sqlite3").write_bytes(servers.seeded_sqlite("1").read_bytes())
    made = run("backup", env={"DATA_DIR": str(folder), "DATABASE_URL": ""})
    assert made.returncode == 0, made.stderr
    return only_backup(folder / "backups")


def entries(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM faq_entry").fetchone()[0])


def test_a_desk_that_holds_something_is_replaced_only_when_told_and_backed_up_first(
    stored: Path, tmp_path: Path
) -> None:
    database = tmp_path / "desk.sqlite3"
    database.write_bytes(servers.seeded_sqlite("0").read_bytes())
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    refused = run("restore", str(stored), env=env)
    assert refused.returncode == 1 and "is not empty. --replace (with make: REPLACE=1)" in refused.stderr
    assert entries(database) == 0
    done = run("restore", str(stored), "--replace", env=env)
    assert done.returncode == 0, done.stderr
    assert entries(database) > 40
    before = archives.unpack(only_backup(tmp_path / "backups"), tmp_path)
    assert before.counts["users"] == 3 and before.counts["FAQ entries"] == 0
    assert not list(tmp_path.glob("*.restoring*")) and not list(tmp_path.glob(".restoring*"))


def test_a_running_desk_is_not_restored_over(stored: Path, tmp_path: Path, sandbox: str) -> None:
    with servers.running_desk(tmp_path / "var", sandbox) as desk:
        refused = run("restore", str(stored), "--replace", env=desk.env)
        assert refused.returncode == 1 and "A web process works on this database" in refused.stderr
        assert servers.http_status(desk.ports[0], "/readyz") == 200


def test_a_folder_that_a_supervisor_holds_is_not_restored_into(stored: Path, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.take()
    refused = run("restore", str(stored), env={"DATA_DIR": str(tmp_path), "DATABASE_URL": ""})
    assert refused.returncode == 1 and "stop it first" in refused.stderr
    folder.release()
    assert run("restore", str(stored), env={"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}).returncode == 0


def test_a_damaged_database_is_put_aside_with_its_log_and_replaced(stored: Path, tmp_path: Path) -> None:
    database, env = tmp_path / "desk.sqlite3", {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    with closing(sqlite3.connect(database)) as open_one:
        # A log that nobody has written back, left by a machine that lost its power.
        open_one.execute("PRAGMA journal_mode=WAL")
        open_one.execute("CREATE TABLE faq_entry (id INTEGER)")
        open_one.commit()
        open_one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        open_one.execute("INSERT INTO faq_entry VALUES (1)")
        open_one.commit()
        log = database.with_name("desk.sqlite3-wal")
        left = log.read_bytes()
    database.write_bytes(b"no database at all" * 400)
    log.write_bytes(left)
    assert "is damaged. --replace" in run("restore", str(stored), env=env).stderr
    done = run("restore", str(stored), "--replace", env=env)
    assert done.returncode == 0, done.stderr
    assert entries(database) > 40
    (aside,) = tmp_path.glob("desk.sqlite3.damaged-*")
    assert aside.read_bytes().startswith(b"no database")


def test_a_database_of_an_older_release_is_backed_up_with_the_tables_it_has(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    database.write_bytes(servers.seeded_sqlite("0").read_bytes())
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DROP TABLE assistant_request")
        connection.commit()
    made = run("backup", env={"DATA_DIR": str(tmp_path), "DATABASE_URL": ""})
    assert made.returncode == 0, made.stderr
    assert "requests" not in archives.check(only_backup(tmp_path / "backups")).counts


def test_a_backup_ends_while_somebody_writes_all_the_time(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    database.write_bytes(servers.seeded_sqlite("1").read_bytes())
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            while not stop.is_set():
                connection.execute("UPDATE common_version SET n = n + 1")
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = run("backup", env={"DATA_DIR": str(tmp_path), "DATABASE_URL": ""})
    finally:
        stop.set()
        writer.join()
    assert made.returncode == 0, made.stderr
    assert archives.check(only_backup(tmp_path / "backups")).counts["FAQ entries"] > 40


def changed(path: Path, **values: object) -> bytes:
    held = json.loads(archives.manifest_of(path).text())
    return json.dumps({**held, **values}).encode()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda path, to: rewritten(path, to, "settings.json", b"{}"),
            "settings.json of this backup was altered",
        ),
        (lambda path, to: to.write_bytes(path.read_bytes()[:-20_000]), "is damaged"),
        (lambda path, to: to.write_bytes(b"PNG"), "cannot be read as a backup"),
        (
            lambda path, to: rewritten(path, to, "manifest.json", changed(path, format=2)),
            "has format 2, and this release reads format 1",
        ),
        (
            lambda path, to: rewritten(
                path, to, "manifest.json", changed(path, version="9.0", migrations={"faq": ["0999_later"]})
            ),
            "was made by a newer release (9.0)",
        ),
        (
            lambda path, to: rewritten(path, to, "manifest.json", changed(path, engine="postgresql")),
            "holds a postgresql database and this desk has sqlite",
        ),
        (lambda path, to: None, "There is no file"),
    ],
)  # fmt: skip
def test_what_is_no_whole_backup_changes_nothing(
    stored: Path, tmp_path: Path, spoil: "object", sentence: str
) -> None:
    bad = tmp_path / f"bad{archives.SUFFIX}"
    spoil(stored, bad)  # type: ignore[operator]
    data_dir = tmp_path / "var"
    refused = run("restore", str(bad), env={"DATA_DIR": str(data_dir), "DATABASE_URL": ""})
    assert refused.returncode == 1
    assert sentence in refused.stderr, refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (data_dir / "desk.sqlite3").exists()


def test_a_part_with_a_path_in_its_name_is_not_written(stored: Path, tmp_path: Path) -> None:
    held = json.loads(archives.manifest_of(stored).text())
    held["parts"]["../outside"] = held["parts"]["settings.json"]
    bad = tmp_path / f"bad{archives.SUFFIX}"
    with tarfile.open(stored) as old, tarfile.open(bad, "w:gz") as new:
        for name in (manifest.MANIFEST, "settings.json"):
            data = json.dumps(held).encode() if name == manifest.MANIFEST else old.extractfile(name).read()  # type: ignore[union-attr]
            info = tarfile.TarInfo(name if name == manifest.MANIFEST else "../outside")
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(KeepingError, match="has no plain name"):
        archives.unpack(bad, folder)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("after_s", [0.6, 1.2, 1.8, 2.4])
def test_a_restore_that_is_killed_leaves_one_whole_database(
    stored: Path, tmp_path: Path, after_s: float
) -> None:
    database = tmp_path / "desk.sqlite3"
    database.write_bytes(servers.seeded_sqlite("0").read_bytes())
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    program = servers.start_warm(["manage.py", "restore", str(stored), "--replace"], tmp_path / "log", env)
    time.sleep(after_s)  # somewhere in its work; where does not matter
    program.kill()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert entries(database) == 0 or entries(database) > 40
    again = run("restore", str(stored), "--replace", env=env)
    assert again.returncode == 0, again.stderr
    assert entries(database) > 40
    assert not list(tmp_path.glob(".restoring*"))


def test_old_backups_go_and_those_with_a_name_of_their_own_stay(stored: Path, tmp_path: Path) -> None:
    env = {"DATA_DIR": str(stored.parent.parent), "DATABASE_URL": "", "BACKUP_DIR": str(tmp_path)}
    named = tmp_path / f"before-the-move{archives.SUFFIX}"
    assert run("backup", "--to", str(named), env=env).returncode == 0
    for _ in range(3):
        assert run("backup", env={**env, "BACKUP_KEEP": "2"}).returncode == 0
    kept = sorted(path.name for path in tmp_path.glob(f"*{archives.SUFFIX}"))
    assert len(kept) == 3 and named.name in kept
    assert "exists already" in run("backup", "--to", str(named), env=env).stderr
    assert "There is no database" in run("backup", env={**env, "DATA_DIR": str(tmp_path / "none")}).stderr
