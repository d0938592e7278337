"""What `opened` leaves out: only text of which a page that says `after` surely has every character."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from assistant.desk_facts import leave_out

REPLY = uuid4()


def turns(epoch: int, ended_by: str) -> list[dict[str, Any]]:
    reply = {"reply_id": str(REPLY), "epoch": epoch, "seq": 40, "ended_by": ended_by}
    return [{"replies": [{**reply, "text": "t", "html": "h"}]}]


@pytest.mark.parametrize(
    ("epoch", "ended_by", "after", "left_out"),
    [
        (1, "finish", {REPLY: 40}, True),
        (1, "finish", {REPLY: 39}, False),
        (1, "finish", {}, False),
        (1, "", {REPLY: 40}, False),
        (2, "orphan", {REPLY: 40}, False),  # record 40 of the first epoch, maybe: not what was stored
    ],
)
def test_text_is_left_out_only_where_it_is_known(
    epoch: int, ended_by: str, after: dict[UUID, int], left_out: bool
) -> None:
    sent = turns(epoch, ended_by)
    leave_out(sent, after)
    (reply,) = sent[0]["replies"]
    assert (reply["text"] is None, reply["html"] is None) == (left_out, left_out)
