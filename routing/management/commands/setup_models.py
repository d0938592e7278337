"""Put this desk's own models on its ladders."""

import getpass
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from common.clock import now
from routing import price_check, setup
from routing.offers import Candidate, default_pair
from routing.presets import PRESET_WORDS, PRESETS, CannotPropose, Choice, Proposal, recommended
from routing.publishing import CannotPublish
from routing.setup_words import NO_PROVIDER, SHOWN, offer_lines, plan_lines

LARGEST_PRICE = Decimal(100_000)  # USD for a million tokens; above it somebody meant another unit


class Command(BaseCommand):
    help = (
        "List what the configured providers offer, propose ladders by a preset, show the difference and, "
        "confirmed or with --yes, publish it as one configuration. Rules, instructions and what staff have "
        "edited in the catalogue stay as they are; a second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--preset", choices=PRESETS, help="one model, two tiers, or all routes")
        parser.add_argument("--light", default="", metavar="MODEL", help="for everyday questions")
        parser.add_argument("--heavy", default="", metavar="MODEL", help="for what needs thought")
        for end in ("in", "out"):
            parser.add_argument(
                f"--price-{end}",
                action="append",
                default=[],
                metavar="[MODEL=]USD",
                help="for a million tokens, of models that have no price yet",
            )
        parser.add_argument(
            "--window", type=int, metavar="TOKENS", help="real window of models the catalogue does not know"
        )
        parser.add_argument("--list", action="store_true", help="only list what is offered")
        parser.add_argument("--all", action="store_true", help="list every model of a long list")
        parser.add_argument("--yes", action="store_true", help="publish without asking; for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        if not setup.providers():
            raise CommandError(NO_PROVIDER)
        try:
            self._set_up(options)
        except (CannotPropose, CannotPublish, setup.Stale) as problem:
            raise CommandError(str(problem)) from problem
        except DatabaseError as problem:
            raise CommandError(f"The database did not answer as it should: {problem}") from problem

    def _set_up(self, options: Mapping[str, Any]) -> None:
        offers = setup.ask_providers()
        found = setup.matched(offers)
        for line in offer_lines(offers, found, now().date(), len(found) if options["all"] else SHOWN):
            self.stdout.write(line)
        if options["list"]:
            return
        asking = not options["yes"] and sys.stdin.isatty()
        choice = self._choice(options, found, asking)
        proposal = setup.prepare(offers, choice)
        if asking:
            choice = self._ask_prices(choice, proposal)
            proposal = setup.prepare(offers, choice)
        self.stdout.write("")
        for line in (*plan_lines(proposal), *price_check.proposals(proposal, now())):
            self.stdout.write(line)
        self._publish(proposal, yes=options["yes"], asking=asking)

    def _publish(self, proposal: Proposal, *, yes: bool, asking: bool) -> None:
        if proposal.serves_nothing:
            raise CommandError("No route can be served, so nothing was changed.")
        if not proposal.changes:
            self.stdout.write("Nothing changes: the ladders are so already.")
            return
        if not yes and not (asking and input("Publish this? [y/N] ").strip().lower() in {"y", "yes"}):
            self.stdout.write(
                "Nothing was changed." if asking else "Nothing was changed; --yes publishes it."
            )
            return
        config = setup.apply(proposal, getpass.getuser())
        number = config.number if config else "unchanged"
        self.stdout.write(
            f"Published as configuration {number}. Try it: manage.py doctor, then ask on the page."
        )

    # ---- what to propose ---------------------------------------------------------------------

    def _choice(self, options: Mapping[str, Any], found: Sequence[Candidate], asking: bool) -> Choice:
        if options["window"] is not None and options["window"] < 1:
            raise CommandError("--window takes a number of tokens.")
        prices = read_prices(options["price_in"], options["price_out"])
        preset, light, heavy = options["preset"], options["light"], options["heavy"]
        today = now().date()
        preset = preset or self._ask_preset(recommended(found, today), asking)
        pair = default_pair(found, today)
        if asking and pair:
            if preset == "one":
                heavy = heavy or light or self._ask("Model", pair[1].spec.id)
                light = ""
            else:
                light = light or self._ask("Light model", pair[0].spec.id)
                heavy = heavy or self._ask("Heavy model", pair[1].spec.id)
        return Choice(preset, light, heavy, prices, options["window"])

    def _ask_preset(self, best: str, asking: bool) -> Any:
        if not asking:
            return best
        self.stdout.write("")
        for preset, words in PRESET_WORDS.items():
            self.stdout.write(f"  {preset}: {words}.")
        while True:
            given = self._ask("Preset", best)
            if given in PRESETS:
                return given
            self.stdout.write(f"  Type {', '.join(PRESETS)}.")

    def _ask(self, what: str, default: str) -> str:
        return input(f"{what} [{default}]: ").strip() or default

    def _ask_prices(self, choice: Choice, proposal: Proposal) -> Choice:
        """Ask the price of each model that has none; Enter leaves it unknown."""
        prices = dict(choice.prices)
        known = {priced.model for priced in proposal.prices}
        for spec in proposal.new_models:
            if spec.id in known or spec.prices:
                continue
            found = price_check.known_of(spec.sent_id, spec.provider, now())
            enter = f"Enter takes that of {found.source}" if found else "Enter leaves it unknown"
            self.stdout.write(f"{spec.id} has no price. USD for a million tokens; {enter}.")
            usual = (str(found.ordinary.input), str(found.ordinary.output)) if found else ("", "")
            given, written = (
                input(f"  {end}{f' [{known}]' if known else ''}: ").strip() or known
                for end, known in zip(("input", "output"), usual, strict=True)
            )
            if given and written:
                prices[spec.id] = (_amount("input", given), _amount("output", written))
        return Choice(choice.preset, choice.light, choice.heavy, prices, choice.window)


def read_prices(given: Sequence[str], written: Sequence[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return (input, output) by model, under "" for all models without a price. Raises CommandError."""
    inputs, outputs = _amounts("--price-in", given), _amounts("--price-out", written)
    if inputs.keys() != outputs.keys():
        raise CommandError("--price-in and --price-out belong together, for the same models.")
    return {model: (amount, outputs[model]) for model, amount in inputs.items()}


def _amounts(option: str, said: Sequence[str]) -> dict[str, Decimal]:
    parts = (text.rpartition("=") for text in said)
    return {model: _amount(option, amount) for model, _, amount in parts}


def _amount(option: str, text: str) -> Decimal:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= LARGEST_PRICE:
        raise CommandError(f"{option} {text!r} is no price: write USD for a million tokens, such as 0.25.")
    return amount
