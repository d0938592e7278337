"""A desk of an earlier release is brought to this one, and nothing that its people made is lost."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from assistant.keeping import packages, restarting
from assistant.keeping.progress import Progress, Target, read, write
from assistant.visitors import issue_cookie
from routing.catalogue import FILE as CATALOGUE
from tests import postgres, servers
from tests.environment import ROOT
from tests.flows.client import Chat
from tests.upgrade import facts
from tests.upgrade.dumps import (
    RELEASES,
    Release,
    change,
    copy_to_postgres,
    environment_of,
    facts_of,
    in_json,
    query,
    upgrade,
)  # fmt: skip

# Each run of the command takes seconds, several times that on a busy machine.
pytestmark = pytest.mark.timeout(240)

STEPS = ["packages", "check", "backup", "migrate", "catalogue", "roles", "index", "static", "look"]

every_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)


def desk_of(release: Release, data_dir: Path) -> Path:
    """Return the database of a stopped desk of that release in `data_dir`."""
    database = data_dir / "desk.sqlite3"
    release.load(database)
    servers.lend_graph(data_dir)
    return database


def migrated_desk_of(release: Release, data_dir: Path) -> Path:
    """Return the same, with the tables of this release: most of what an upgrade takes is their changing."""
    database = data_dir / "desk.sqlite3"
    release.load_migrated(database)
    servers.lend_graph(data_dir)
    return database


def backups(data_dir: Path) -> list[Path]:
    return list((data_dir / "backups").glob("*.desk.tar.gz"))


def test_there_is_a_release_to_come_from() -> None:
    assert RELEASES


@every_release
def test_all_that_people_made_is_kept(release: Release, data_dir: Path) -> None:
    database = desk_of(release, data_dir)
    before = release.known["facts"]
    assert in_json(facts_of(database)) == before
    versions = dict(query(database, "SELECT name, n FROM common_version"))

    done = upgrade(data_dir)

    assert done.returncode == 0, done.stdout + done.stderr
    after = in_json(facts_of(database))
    assert {name: after[name] for name in before} == before
    assert [line.split()[0] for line in done.stdout.splitlines()[1:-2]] == STEPS
    assert done.stdout.splitlines()[-1] == "Start: make run."
    assert len(backups(data_dir)) == 1
    raised = dict(query(database, "SELECT name, n FROM common_version"))
    assert raised["faq"] > versions["faq"] and raised["config"] > versions["config"]

    again = upgrade(data_dir)
    assert again.returncode == 0
    assert again.stdout.startswith("Nothing to do: this desk is at ")
    assert len(backups(data_dir)) == 1


def test_what_is_new_since_the_first_state_has_defaults_on_old_rows(data_dir: Path) -> None:
    database = desk_of(Release("0.1.0.dev0"), data_dir)
    assert upgrade(data_dir).returncode == 0
    # Details are taken out before a provider from the upgrade on, as docs/privacy.md says.
    assert query(database, "SELECT DISTINCT redact, allowed_providers FROM routing_route") == [(1, "[]")]
    assert query(database, "SELECT DISTINCT source FROM faq_entry") == [("",)]
    assert query(database, "SELECT DISTINCT asked_as FROM routing_cataloguemodel") == [("",)]
    columns = "opening_hours, closed_on, answer_within_hours, confirm_requests"
    assert query(database, f"SELECT {columns} FROM assistant_assistantsettings") == [("", "", 8, 1)]
    assert query(database, "SELECT count(*) FROM assistant_request") == [(0,)]
    support = (
        "SELECT codename FROM auth_group g JOIN auth_group_permissions gp ON gp.group_id = g.id "
        "JOIN auth_permission p ON p.id = gp.permission_id WHERE g.name = 'support'"
    )
    assert ("change_request",) in query(database, support)
    ((snapshot,),) = query(
        database, "SELECT snapshot FROM routing_configversion ORDER BY number DESC LIMIT 1"
    )
    published = json.loads(snapshot)
    assert published["settings"]["name"] == "Acme help"
    assert published["settings"]["confirm_requests"] is True


@every_release
async def test_the_desk_goes_on_with_an_old_conversation(
    release: Release, tmp_path: Path, sandbox: str
) -> None:
    def prepare(desk: servers.DeskServer) -> None:
        migrated_desk_of(release, desk.data_dir)
        desk.manage("upgrade")

    conversation = release.known["conversation_id"]
    with servers.running_desk(tmp_path / "var", sandbox, prepare=prepare) as desk:
        ((visitor,),) = query(
            desk.data_dir / "desk.sqlite3",
            f"SELECT visitor_id FROM assistant_conversation WHERE id = '{UUID(conversation).hex}'",
        )
        cookie = f"{settings.VISITOR_COOKIE}={issue_cookie(UUID(visitor))}"
        async with Chat(desk.url, cookie, conversation) as chat:
            assert chat.opened["turns"][0]["text"] == "How do I reset my password?"
            assert chat.opened["turns"][-1]["replies"][-1]["text"] == release.known["last_text"]
            own = await chat.ask("shipping to mars")
            assert own.done and own.done["route"] == "faq" and own.text == "Not yet."
            more = await chat.ask("And what does an extra location cost on top of that?")
            assert more.done and more.done["state"] == "completed" and more.text
        async with Chat(desk.url, cookie, conversation) as chat:
            assert len(chat.opened["turns"]) == 5


@pytest.mark.parametrize("after", ["backup", "migrate", "catalogue"])
def test_an_upgrade_that_was_killed_goes_on(data_dir: Path, after: str) -> None:
    release = RELEASES[-1]
    # Killed before or right after its tables are changed, it has them to change.
    database = (migrated_desk_of if after == "catalogue" else desk_of)(release, data_dir)
    with subprocess.Popen(
        [sys.executable, "manage.py", "upgrade"],
        cwd=ROOT, env=environment_of(data_dir), stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith(after):
                running.send_signal(signal.SIGKILL)
                break
    assert running.returncode == -signal.SIGKILL

    done = upgrade(data_dir)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Going on with the upgrade to ")
    assert f"{after:<10} done before" in done.stdout
    assert len(backups(data_dir)) == 1
    assert in_json(facts_of(database)) == release.known["facts"]
    assert upgrade(data_dir).stdout.startswith("Nothing to do")


def _no_last_rule(database: Path, _: Path) -> Callable[[], None]:
    last = "(SELECT max(position) FROM routing_rule)"
    change(database, f"UPDATE routing_rule SET enabled = 0 WHERE position = {last}")
    return lambda: change(database, f"UPDATE routing_rule SET enabled = 1 WHERE position = {last}")


def _no_place_for_backups(_: Path, data_dir: Path) -> Callable[[], None]:
    (data_dir / "backups").write_text("in the way")
    return (data_dir / "backups").unlink


def _a_table_in_the_way(database: Path, _: Path) -> Callable[[], None]:
    change(database, "CREATE TABLE assistant_request (id integer)")
    return lambda: change(database, "DROP TABLE assistant_request")


@pytest.mark.parametrize(
    ("step", "spoil", "why"),
    [
        ("catalogue", _no_last_rule, "The last rule must be on"),
        ("backup", _no_place_for_backups, "The backup cannot be written to"),
        ("migrate", _a_table_in_the_way, 'table "assistant_request" already exists'),
    ],
)
def test_a_step_that_fails_says_which_and_why_and_is_taken_up_again(
    data_dir: Path, step: str, spoil: Callable[[Path, Path], Callable[[], None]], why: str
) -> None:
    release = Release("0.1.0.dev0")
    database = (desk_of if step == "migrate" else migrated_desk_of)(release, data_dir)
    mend = spoil(database, data_dir)

    failed = upgrade(data_dir)

    assert failed.returncode == 1
    assert failed.stderr.strip().startswith(f"CommandError: The step “{step}” failed: {why}")
    assert failed.stderr.strip().endswith("Run make upgrade again: it goes on there.")
    known = read(data_dir)
    assert known and (known.step, known.finished_at) == (step, "")
    assert known.failure.startswith(why)
    mend()
    done = upgrade(data_dir)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ended in the step “{step}”: {why}" in done.stdout
    assert [name for name in STEPS if f"{name:<10} done before" in done.stdout] == STEPS[: STEPS.index(step)]
    assert in_json(facts_of(database)) == release.known["facts"]


def test_what_staff_changed_in_the_catalogue_survives_a_new_one(data_dir: Path, tmp_path: Path) -> None:
    release = RELEASES[-1]
    database = migrated_desk_of(release, data_dir)
    models: list[dict[str, Any]] = json.loads(CATALOGUE.read_text())["models"]
    edited = next(model for model in models if model["id"] == "gemini-3.8-flash")
    other = next(model for model in models if model["id"] != "gemini-3.8-flash")
    news = {"label": "The vendor's new name", "context_tokens": 999, "max_output_tokens": 4321}
    price = {"effective_from": "2026-12-01", "input": "9", "output": "99"}
    edited.update(news, prices=[price])
    other.update(label="Renamed by the release", retires_on="2027-01-31", prices=[price])
    models.append({**other, "id": "a-model-of-this-release", "label": "New here", "answers_as": []})
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps({"models": models}))

    done = upgrade(data_dir, "--catalogue", str(file))

    assert done.returncode == 0, done.stdout + done.stderr
    rows = "SELECT label, context_tokens, max_output_tokens FROM routing_cataloguemodel WHERE id = '{}'"
    prices = "SELECT input, output FROM routing_modelprice WHERE model_id = '{}'"
    retires = "SELECT label, retires_on FROM routing_cataloguemodel WHERE id = '{}'"
    # Staff's fields are theirs; one that they left alone follows the release.
    assert query(database, rows.format("gemini-3.8-flash")) == [("Our agreed Flash", 123456, 4321)]
    assert query(database, prices.format("gemini-3.8-flash")) == [(0.111, 0.999)]
    assert query(database, retires.format(other["id"])) == [("Renamed by the release", "2027-01-31")]
    assert query(database, prices.format(other["id"])) == [(9, 99)]
    assert query(database, retires.format("a-model-of-this-release"))[0][0] == "New here"
    assert query(database, retires.format("our-own-model"))[0][0] == "Our own"
    assert upgrade(data_dir, "--catalogue", str(file)).stdout.startswith("Nothing to do")


def test_a_broken_catalogue_is_named(data_dir: Path, tmp_path: Path) -> None:
    migrated_desk_of(RELEASES[-1], data_dir)
    (tmp_path / "catalogue.json").write_text("{")
    done = upgrade(data_dir, "--catalogue", str(tmp_path / "catalogue.json"))
    assert done.returncode == 1
    assert "The step “catalogue” failed: " in done.stderr and "is no catalogue" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_upgrades_at_once_are_one(data_dir: Path) -> None:
    migrated_desk_of(RELEASES[-1], data_dir)
    with (data_dir / "upgrade.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = upgrade(data_dir)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "CommandError: Another upgrade of this desk is running: wait for its end."
    )
    assert not backups(data_dir)
    assert upgrade(data_dir).returncode == 0


def test_the_database_of_a_newer_release_is_left_alone(data_dir: Path) -> None:
    database = desk_of(RELEASES[-1], data_dir)
    change(
        database,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('faq', '0999_later', '2027-01-01')",
    )
    refused = upgrade(data_dir)
    assert refused.returncode == 1
    assert "made by a newer release (it has faq.0999_later)" in refused.stderr
    assert not backups(data_dir)


def test_a_desk_without_a_database_is_told_how_to_begin(data_dir: Path) -> None:
    refused = upgrade(data_dir)
    assert refused.returncode == 1
    assert "There is no database yet" in refused.stderr


def test_a_desk_that_was_never_seeded_is_told_so(data_dir: Path) -> None:
    data_dir.mkdir()
    servers.manage("migrate", env={"DATA_DIR": str(data_dir), "DATABASE_URL": "", "REDIS_URL": ""})
    refused = upgrade(data_dir)
    assert "The step “catalogue” failed: This desk has no routes yet: run manage.py seed" in refused.stderr
    assert query(data_dir / "desk.sqlite3", "SELECT count(*) FROM routing_cataloguemodel") == [(0,)]


def test_a_later_release_begins_anew_where_an_upgrade_had_failed(data_dir: Path) -> None:
    migrated_desk_of(RELEASES[-1], data_dir)
    target = Target("0.0.9", "0" * 40, "other")
    write(data_dir, Progress(target, "2026-11-24T00:00:00+00:00", ("packages", "check", "backup"), "migrate"))
    done = upgrade(data_dir)
    assert done.returncode == 0
    assert done.stdout.startswith("Upgrade from 0.0.9 (0000000000) to ")
    assert "done before" not in done.stdout
    assert len(backups(data_dir)) == 1
    (data_dir / "upgrade.json").write_text("{")
    assert "cannot be read: delete it, and the upgrade begins anew." in upgrade(data_dir).stderr


def test_an_older_database_put_in_place_is_upgraded_again(data_dir: Path) -> None:
    database = migrated_desk_of(Release("0.1.0.dev0"), data_dir)
    assert upgrade(data_dir).returncode == 0
    for path in data_dir.glob("desk.sqlite3*"):
        path.unlink()
    Release("0.1.0.dev0").load(database)
    again = upgrade(data_dir)
    assert again.returncode == 0 and "Upgraded to" in again.stdout
    assert query(database, "SELECT count(*) FROM assistant_request") == [(0,)]


def test_make_upgrade_needs_no_settings_of_its_own(data_dir: Path) -> None:
    release = RELEASES[-1]
    database = migrated_desk_of(release, data_dir)
    env = environment_of(data_dir, DEBUG="", SECRET_KEY="")
    done = subprocess.run(
        ["make", "--no-print-directory", "upgrade"],
        cwd=ROOT, env=env, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "packages   as in requirements.lock" in done.stdout
    assert in_json(facts_of(database)) == release.known["facts"]


def test_static_files_are_collected_in_production(data_dir: Path, tmp_path: Path) -> None:
    migrated_desk_of(RELEASES[-1], data_dir)
    env = {
        "DEBUG": "0", "SECRET_KEY": token_urlsafe(50), "ORIGINS": "https://support.example.com",
        "STATIC_DIR": str(tmp_path / "static"),
    }  # fmt: skip
    done = upgrade(data_dir, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()


@pytest.mark.postgres
@pytest.mark.slow
@every_release
def test_all_that_people_made_is_kept_on_postgresql(
    release: Release, data_dir: Path, postgres_url: str
) -> None:
    name = f"upgrade_{os.getpid()}_{release.name.replace('.', '_')}"
    url = postgres.new_database(postgres_url, name)
    copy_to_postgres(desk_of(release, data_dir), url)

    done = upgrade(data_dir, env={"DATABASE_URL": url})

    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(url) as database:
        found = in_json(facts.read(lambda text: database.execute(text.encode()).fetchall()))
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_lock(7203114501)")
            refused = upgrade(data_dir, env={"DATABASE_URL": url})
    assert found == release.known["facts"]
    assert "Another machine is upgrading this desk's database" in refused.stderr
    assert upgrade(data_dir, env={"DATABASE_URL": url}).stdout.startswith("Nothing to do")


def test_packages_of_another_lock_are_named() -> None:
    lock = (
        "Django==5.2.19 ; python_version < '3.12' \\\n    --hash=sha256:0\nruamel_yaml[x]==1.0\nabsent==3\n"
    )
    assert packages.differing(lock, {"django": "5.2.19", "ruamel-yaml": "1.0", "own": "2"}) == []
    assert packages.differing(lock, {"django": "5.2.18", "ruamel-yaml": "1.0"}) == [
        "django 5.2.18 instead of 5.2.19"
    ]
    assert packages.differing((ROOT / "requirements.lock").read_text(), packages.installed()) == []


def test_what_to_restart_follows_how_the_desk_runs(tmp_path: Path) -> None:
    units = tmp_path / "desk.target"
    assert restarting.lines(True, units) == restarting.MAKE_RUN
    assert restarting.lines(False, units) == restarting.STOPPED
    units.touch()
    named = " ".join(restarting.lines(False, units))
    shipped = {path.name for path in (ROOT / "deploy" / "systemd").glob("desk-*.service")}
    for unit in ("desk-web@", "desk-worker", "desk-beat"):
        assert unit in named and f"{unit}.service" in shipped
