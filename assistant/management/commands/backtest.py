"""Replay the last real questions under a draft and say what changes; nothing is stored, no model asked."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from assistant.backtested import KINDS, Counts, total
from assistant.process import refresh
from assistant.trials import backtest_words, replaying
from assistant.trials.backtests import DEFAULT, NO_QUESTIONS
from assistant.trials.drafted import CannotTry, Wish, compared_with, put_together
from assistant.trials.outlook import outlook
from common.clock import now
from routing.config import ConfigError

EXAMPLES = 3  # of each kind of change


class Command(BaseCommand):
    help = (
        "Replay the last questions of visitors under the draft of rules and routes as it stands, another "
        "FAQ threshold, an edit of the FAQ or another model, and print who changes route, which FAQ answers "
        "come and go, and what that is expected to cost. Asks no model and stores nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--n", type=int, default=DEFAULT, help=f"questions (default: {DEFAULT})")
        parser.add_argument("--threshold", type=float, help="the confidence from which the FAQ answers")
        parser.add_argument("--publish", type=int, nargs="+", default=[], help="numbers of FAQ entries")
        parser.add_argument("--archive", type=int, nargs="+", default=[], help="numbers of FAQ entries")
        parser.add_argument("--model", nargs=2, metavar=("ROUTE", "MODEL"), help="asked first on a route")
        parser.add_argument(
            "--published", action="store_true", help="leave the draft of rules and routes out"
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["n"] < 1:
            raise CommandError("--n takes a number of 1 or more.")
        refresh()
        wish = Wish(
            rules=not options["published"],
            threshold=options["threshold"],
            publish=tuple(options["publish"]),
            archive=tuple(options["archive"]),
            swap=tuple(options["model"]) if options["model"] else None,
        )
        try:
            draft = put_together(wish)
            before, after = compared_with(draft.before), draft.config
            replay = replaying.Replay(before, after, draft.threshold, draft.edit)
        except (CannotTry, ConfigError) as problem:
            raise CommandError(str(problem)) from problem
        rows = replaying.last(options["n"], replaying.whose(), now())
        if not rows:
            raise CommandError(NO_QUESTIONS)
        asked = tqdm(replaying.questions(rows), total=len(rows), unit="", file=self.stderr)
        done = [replay(question) for question in asked]
        counts = total(each.counts for each in done)
        found = outlook(counts, before, after)
        if options["json"]:
            figures = backtest_words.as_json(counts, found)
            self.stdout.write(json.dumps({"changes": draft.changes, **figures}, indent=2))
            return
        for change in draft.changes:
            self.stdout.write(f"draft: {change}")
        names = {slug: route.name for slug, route in {**after.routes, **before.routes}.items()}
        for line in backtest_words.lines(counts, found, names):
            self.stdout.write(line)
        self._examples(done, counts, names)

    def _examples(self, done: list[replaying.Replayed], counts: Counts, names: dict[str, str]) -> None:
        for kind in (kind for kind in KINDS if counts.kinds.get(kind)):
            self.stdout.write(f"{KINDS[kind]}, for example:")
            for each in [one for one in done if one.change == kind][:EXAMPLES]:
                was, would = (names.get(side.route, side.route) for side in (each.before, each.after))
                rule = f" by “{each.after.rule}”" if each.after.rule else ""
                self.stdout.write(f"  {each.question.text[:100]!r}: {was} -> {would}{rule}")
