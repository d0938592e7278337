"""Answers that are given again: which message may have one, which reply becomes one, which is forgotten.

`routing.cache` says what may be stored and under which key, `routing.cache_store` holds it. Here both meet
what they may not know: the FAQ's words and versions, the prompt, and whose reply it was. A stored answer
stands in the decision record of each reply that used it, so that frames and receipts need nothing else.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from assistant.frames import STORE, used_answer
from assistant.languages import supported
from assistant.models import Reply
from assistant.outgoing import holds_details
from assistant.pipeline import Consideration, ConversationFacts
from assistant.prompts import Prompt, wording_version
from common.clock import now
from faq import index
from faq.embedder import known_absence, shared_embedder
from faq.models import Entry
from faq.normalize import normalize
from faq.same_question import Embed, SameQuestion, gist_of, signs_of
from routing import cache_store, publishing
from routing.cache import AnswerKey, Ending, sent_of, why_not_asked, worth_keeping
from routing.config import Config
from routing.models import Purpose, StoredAnswer


def looked_up(found: Consideration, text: str, facts: ConversationFacts, config: Config) -> Consideration:
    """Return what was considered with the stored answer to it, if its route uses stored answers and has one.

    Two small queries on such a route, none on others. Not for the inside of a transaction: a question in
    other words is compared with stored ones about the same, and a few of these are embedded.
    """
    route, prompt = found.route, found.prompt
    if route.cache == "off" or prompt is None or not found.steps:
        return found
    history = max(facts.depth, len(facts.history), prompt.turns_used)
    why_not = why_not_asked(text, found.signals, history, holds_details(config.settings, text))
    question = _question(text)
    if why_not or not question:
        return _noted(found, {"why_not": why_not or "it holds no word"})
    key = _key(found, prompt, question, facts, config)
    near = _near(text, prompt) if route.cache == "near" else None
    stored = cache_store.find(key, route.cache_hours, now(), near)
    how = "exact" if stored is not None and stored.digest == key.digest else "near"
    return replace(_noted(found, {"key": asdict(key), "how": how}), stored=stored)


def _noted(found: Consideration, part: Mapping[str, Any]) -> Consideration:
    return replace(found, notes={**found.notes, STORE: part})


def _question(text: str) -> str:
    """Return what two messages must share to be one question: the FAQ's normal form and signs it drops."""
    normal, signs = normalize(text), signs_of(text)
    return f"{normal} {signs}".strip() if normal else ""


def _key(
    found: Consideration, prompt: Prompt, question: str, facts: ConversationFacts, config: Config
) -> AnswerKey:
    model = found.steps[0]
    return AnswerKey(
        question=question,
        route=found.route.slug,
        model=model.id,
        sent=sent_of(model),
        prompt_version=wording_version(found.route, config.settings),
        entries=tuple(sorted({(each.entry_id, each.version) for each in prompt.passages})),
        language=supported(facts.language) or facts.language[:12].lower(),
        plan=facts.plan,
    )


def _near(text: str, prompt: Prompt) -> cache_store.Near:
    best = prompt.passages[0].entry_id if prompt.passages else ""
    rows = index.current().rows

    def holds(entries: cache_store.Entries) -> bool:
        """Return whether the entries are as they were read, the one nearest to this message among them."""
        current = all(entry in rows and rows[entry].view.version == version for entry, version in entries)
        return current and (not best or best in {entry for entry, _ in entries})

    return cache_store.Near(gist_of(text), SameQuestion(text, _embed()), holds)


def _embed() -> Embed | None:
    """Return what makes sentence vectors where it is loaded already; nobody waits here until it is."""
    embedder = shared_embedder() if known_absence() is not None else None
    return embedder.embed if embedder is not None else None


def taken(reply: Reply, consideration: Consideration) -> StoredAnswer | None:
    """Return the stored answer that ends `reply` now, counted as used and noted in its decision; else None.

    None also when it was forgotten since it was looked up. Only visitors are answered from the store: who
    measures models wants to hear them. Neither question nor reply of whoever it was written for is noted:
    their erasure would have to find them here.
    """
    stored = consideration.stored
    if stored is None or reply.purpose != Purpose.VISITOR or not cache_store.take(stored.pk, now()):
        return None
    part = reply.decision[STORE]
    used = {
        "answer_id": str(stored.pk),
        "model": stored.model,
        "model_label": stored.model_label,
        "tier": stored.tier,
        "written_at": stored.written_at.isoformat(),
    }
    reply.decision = {**reply.decision, STORE: {**part, "used": used}}
    return stored


def keep(reply: Reply, config: Config, fallbacks: int) -> None:
    """Store a reply that has just ended, if it may be given again; in the transaction that ends it."""
    if reply.epoch > 1:
        return  # written in part, or at all, by a process that nobody can ask any more
    part = reply.decision.get(STORE) or {}
    asked = config.models.get(part.get("key", {}).get("model", ""))
    if asked is None or part["key"]["route"] != reply.route or reply.decision.get("verdict", {}).get("kind"):
        return  # the last: what an answer was found wanting for, such as that it says it cannot help
    ending = Ending(
        state=reply.state,
        ended_by=reply.ended_by,
        purpose=reply.purpose,
        cause=reply.cause,
        fallbacks=fallbacks,
        continued=reply.continued,
        answering_model=reply.answering_model,
    )
    if not worth_keeping(ending, asked) or holds_details(config.settings, reply.text):
        return
    parts = {**part["key"], "entries": tuple((entry, version) for entry, version in part["key"]["entries"])}
    written = cache_store.Written(
        question=reply.turn.text,
        gist=gist_of(reply.turn.text),
        answer=reply.text,
        sources=reply.sources,
        model_label=asked.label,
        tier=asked.tier,
        reply_id=reply.pk,
        turn_id=reply.turn_id,
        written_at=reply.ended_at or now(),
    )
    cache_store.keep(AnswerKey(**parts), written)


def disown(reply: Reply) -> int:
    """Forget the stored answer that `reply` wrote or was given: its visitor was not helped by it."""
    used = used_answer(reply.decision)
    return cache_store.forget(replies=[reply.pk], answers=[UUID(used["answer_id"])] if used else [])


def forget_outlived() -> int:
    """Delete what no message can be answered with any more, and return how much it was.

    Nothing waits for this: such answers are never found. They go because they are what people wrote.
    """
    if not StoredAnswer.objects.exists():
        return 0
    publishing.refresh()
    config = publishing.current()
    published = Entry.objects.filter(status=Entry.Status.PUBLISHED).values_list("pk", "version")
    gone = cache_store.outlived(
        config.routes.values(),
        prompts={slug: wording_version(route, config.settings) for slug, route in config.routes.items()},
        models={slug: sent_of(model) for slug, model in config.models.items()},
        entries={str(pk): version for pk, version in published},
        now=now(),
    )
    return cache_store.forget(answers=gone)
