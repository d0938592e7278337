"""Conversations that nobody reads any more: their answers go on for a while, then they are ended."""

from uuid import UUID

from django.conf import settings

from assistant.runner import Runner
from assistant.sessions.neighbours import Neighbours
from assistant.turn_log import TurnLog
from common.clock import ticks


class Left:
    """Since when this process's running replies have had no reader."""

    def __init__(self, hub: TurnLog, runner: Runner, neighbours: Neighbours) -> None:
        self._hub, self._runner, self._neighbours = hub, runner, neighbours
        self._since: dict[UUID, float] = {}

    async def end_abandoned(self) -> None:
        """End replies whose conversation has had no reader for `left_s`, in any process."""
        current, left_s = ticks(), settings.ENV.left_s
        for run in list(self._runner.runs.values()):
            if run.reply.purpose != "visitor" or self._hub.feeds.get(run.conversation_id):
                self._since.pop(run.reply_id, None)
                continue
            since = self._since.setdefault(run.reply_id, current)
            if current - since > left_s and not await self._neighbours.read(run.conversation_id):
                self._runner.stop(run.reply_id, "abandoned")
        self._since = {reply: at for reply, at in self._since.items() if reply in self._runner.runs}
