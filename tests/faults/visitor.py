"""Visitors who go on asking whatever happens to the desk: in one tab or two, patient or not."""

import asyncio
import random
from dataclasses import dataclass, field

from tests.faults.page import QUICK, Door, Page, Patience, Watch, unwatched
from tests.faults.record import PageLog
from tests.faults.rig import new_visitor

# For the sandbox any will do; on the example desk each of these goes to a model.
QUESTIONS = (
    "Does it send texts too?",
    "Which of the plans would you take for two chairs and a part-time colleague?",
    "Can my accountant have a look without touching anything?",
    "What happens to bookings when somebody is ill?",
)
REPEATED = 0.15  # share of messages that a tab sends twice with the same id
STOPPED = 0.05  # share of answers that are stopped by their reader
PAUSE_S = (0.0, 0.6)
ROUND = 12  # messages, then a new conversation: nobody asks a hundred things in one


@dataclass
class Visitor:
    """One visitor with one or two tabs of the same conversation."""

    name: str
    seed: int
    doors: list[Door]
    watch: Watch = unwatched
    patience: Patience = QUICK
    stops: bool = True
    brief: bool = False
    pages: list[Page] = field(default_factory=list)
    closed: list[PageLog] = field(default_factory=list)
    id: str = ""
    asked: int = 0

    def __post_init__(self) -> None:
        self.id, self._cookie = new_visitor()
        self._random = random.Random(self.seed)
        self._asked_at = 0.0

    @property
    def logs(self) -> list[PageLog]:
        return [*self.closed, *(page.log for page in self.pages)]

    @property
    def settled(self) -> bool:
        return all(page.opened.is_set() and page.screen.settled for page in self.pages)

    @property
    def waited_s(self) -> float:
        """Return for how many seconds this visitor has waited for an answer's end, 0 if for none."""
        return asyncio.get_running_loop().time() - self._asked_at if self._asked_at else 0.0

    def open_tab(self) -> Page:
        """Open one more tab on the conversation of the first."""
        name = f"{self.name}.{len(self.logs) + 1}"
        page = Page(
            name, self.id, self._cookie, self.doors, self._random.randrange(2**31), self.patience, self.watch
        )
        page.log.brief = self.brief
        if self.pages:
            page.log.conversation = self.pages[0].log.conversation
        self.pages.append(page)
        page.start()
        return page

    async def ask_on(self, enough: asyncio.Event, tabs: int = 1) -> None:
        """Ask one message after the other until it is enough; with two tabs, from either."""
        self.open_tab()
        while not enough.is_set():
            await self._ask(self._random.choice(self.pages))
            if self.asked % ROUND == 0 and self.settled:
                await self.leave()
                self.open_tab()
            elif len(self.pages) < tabs and self.pages[0].screen.replies:
                self.open_tab()
            await asyncio.sleep(self._random.uniform(*PAUSE_S))

    async def _ask(self, page: Page) -> None:
        self.asked += 1
        text = f"{self._random.choice(QUESTIONS)} (my note {self.name}-{self.asked})"
        message_id = await page.send(text)
        if self._random.random() < REPEATED:
            await page.say_again(message_id, text)
        if self.stops and self._random.random() < STOPPED:
            await asyncio.sleep(self._random.uniform(0.2, 1.5))
            if reply_id := page.screen.answers.get(message_id):
                await page.put(type="stop", reply_id=reply_id)
        self._asked_at = asyncio.get_running_loop().time()
        await page.settled.wait()
        self._asked_at = 0.0

    async def leave(self) -> None:
        """Close all tabs; what they noted is kept."""
        for page in self.pages:
            await page.leave()
            self.closed.append(page.log)
        self.pages = []
