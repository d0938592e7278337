"""Connections to PostgreSQL that died with the database fail nobody's next message."""

import psycopg
import pytest

from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer

pytestmark = pytest.mark.postgres

OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_message_after_the_database_dropped_every_connection_is_stored(
    desk_pair: DeskServer,
) -> None:
    async with Chat(desk_pair.url, new_cookie()) as chat:
        assert (await chat.ask("How do I reset my password?")).done
        with psycopg.connect(desk_pair.database_url, autocommit=True) as other:
            (cut,) = other.execute(
                f"SELECT count(pg_terminate_backend(pid)) {OTHERS}".encode()
            ).fetchone() or (0,)
        assert cut >= 4, "the pool was there"
        for _ in range(6):  # more than there are threads, each of which had a connection
            assert (await chat.ask("How do I change my e-mail address?")).done
        assert not [frame for frame in chat.frames if frame["type"] == "error"]
