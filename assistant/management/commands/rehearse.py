"""Rehearse an outage on a private copy of a route."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing.rehearsal import Order, Rehearsal, Watched, dump
from routing.sandbox.faults import KINDS


class Command(BaseCommand):
    help = (
        "Put a fault on a private sandbox copy of a route, ask a question, and show what a visitor would "
        "have seen, when, beside the undisturbed run. No provider is called, and nothing is counted or paid."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--route", default="common")
        parser.add_argument("--fault", default="cut", help=f"one of: {', '.join(sorted(KINDS))}")
        parser.add_argument("--after-tokens", type=int, help="where it strikes; -1 is before the headers")
        parser.add_argument("--status", type=int, default=500, help="of the fault `status` (default: 500)")
        parser.add_argument("--on", choices=("first", "all"), default="first", help="models that it strikes")
        parser.add_argument("--question", default="", help="default: one of the example's")
        parser.add_argument("--json", action="store_true", help="for programs: the admin page reads this")

    def handle(self, *args: Any, **options: Any) -> None:
        from assistant.process import refresh
        from assistant.trials import rehearsing

        refresh()
        order = Order(
            options["route"],
            options["fault"],
            options["question"] or rehearsing.QUESTION,
            options["on"],
            options["after_tokens"],
            options["status"],
        )
        try:
            found = rehearsing.rehearse(order)
        except rehearsing.CannotRehearse as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(dump(found)))
            return
        for line in lines(found):
            self.stdout.write(line)


def lines(found: Rehearsal) -> Iterator[str]:
    """Yield a rehearsal as a terminal shows it."""
    order = found.order
    which = "the first model" if order.on == "first" else "every model"
    yield f"{found.route_name} ({' > '.join(found.ladder)}), {order.fault} on {which}: {order.question}"
    if found.usual_route != found.route_name:
        yield f"A visitor's question like this would take the route {found.usual_route}."
    yield ""
    yield "Undisturbed"
    yield from _watched(found.undisturbed)
    yield ""
    yield f"With {order.fault}"
    yield from _watched(found.disturbed)


def _watched(watched: Watched) -> Iterator[str]:
    for moment in watched.moments:
        until = f" to {moment.until_ms / 1000:.2f}" if moment.kind == "text" else ""
        told = f"{len(moment.text)} characters: {_short(moment.text)}"
        words = told if moment.kind == "text" else moment.text
        yield f"  {moment.at_ms / 1000:6.2f}{until} s  {moment.kind:<7} {words}"
    if watched.ran_out:
        yield f"  {watched.total_ms / 1000:6.2f} s  still waiting: the rehearsal's time is over"
    first = "none" if watched.first_text_ms is None else f"{watched.first_text_ms / 1000:.2f} s"
    yield f"  first text {first}, in all {watched.total_ms / 1000:.2f} s, {watched.state}"
    for tried in watched.attempts:
        failed = f" {tried.error}: {tried.detail}" if tried.error else ""
        yield f"    at {tried.at_ms / 1000:.2f} s {tried.model} ({tried.cause}) {tried.finish}{failed}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:28]} ... {flat[-28:]}"
