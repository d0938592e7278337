"""Request builders of the three wires: what is sent, and that the sandbox understands it."""

from dataclasses import replace
from typing import Any

import pytest

from routing.config import ModelSpec
from routing.events import ChatMessage, ModelRequest
from routing.ladder import answers_for
from routing.providers import anthropic, gemini, openai
from routing.sandbox.asking import WireName, read_ask
from tests.routing.jobs import ANTHROPIC, GEMINI, OPENAI

REQUEST = ModelRequest(
    "Be brief.",
    (ChatMessage("user", "Hi"), ChatMessage("assistant", "Hello"), ChatMessage("user", "Grüße 🎈")),
    321,
)
TURNS = (("user", "Hi"), ("assistant", "Hello"), ("user", "Grüße 🎈"))


def test_openai() -> None:
    call = openai.build(REQUEST, OPENAI)
    assert (call.path, call.headers) == ("/chat/completions", {})
    assert call.body == {
        "model": "openai-lite",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Grüße 🎈"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "max_completion_tokens": 321,
    }
    local = replace(OPENAI, max_tokens_field="max_tokens", thinking="low", sends_sampling=True)
    body = openai.build(REQUEST, local).body
    assert (body["max_tokens"], body["reasoning_effort"], body["temperature"]) == (321, "low", 0.2)
    assert "max_completion_tokens" not in body


def test_gemini() -> None:
    call = gemini.build(REQUEST, replace(GEMINI, thinking="minimal"))
    assert call.path == "/models/gemini-lite:streamGenerateContent?alt=sse"
    assert call.body == {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello"}]},
            {"role": "user", "parts": [{"text": "Grüße 🎈"}]},
        ],
        "generationConfig": {"maxOutputTokens": 321, "thinkingConfig": {"thinkingLevel": "MINIMAL"}},
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
    }
    budget = gemini.build(REQUEST, replace(GEMINI, thinking="0")).body["generationConfig"]
    assert budget["thinkingConfig"] == {"thinkingBudget": 0}


def test_anthropic() -> None:
    call = anthropic.build(REQUEST, replace(ANTHROPIC, api_version="2026-10-21"))
    assert (call.path, call.headers) == ("/messages", {"anthropic-version": "2026-10-21"})
    assert call.body == {
        "model": "anthropic-lite",
        "max_tokens": 321,
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Grüße 🎈"},
        ],
        "stream": True,
        "system": "Be brief.",
    }
    assert anthropic.build(REQUEST, ANTHROPIC).headers == {"anthropic-version": anthropic.API_VERSION}
    thinking = anthropic.build(REQUEST, replace(ANTHROPIC, thinking="off")).body["thinking"]
    assert thinking == {"type": "disabled"}


READERS: list[tuple[WireName, Any, ModelSpec]] = [
    ("openai", openai, OPENAI),
    ("gemini", gemini, GEMINI),
    ("anthropic", anthropic, ANTHROPIC),
]


@pytest.mark.parametrize(("wire", "module", "model"), READERS)
def test_the_sandbox_reads_back_what_was_asked(wire: WireName, module: Any, model: ModelSpec) -> None:
    call = module.build(REQUEST, model)
    ask = read_ask(wire, model.id, call.headers, call.body)
    assert (ask.model, ask.system, ask.messages, ask.max_tokens) == (model.id, "Be brief.", TURNS, 321)


def test_a_model_that_two_providers_have_is_asked_by_the_id_that_its_own_one_knows() -> None:
    aliased = {wire: replace(spec, id="home/x", asked_as="x") for wire, spec in
               (("openai", OPENAI), ("gemini", GEMINI), ("anthropic", ANTHROPIC))}  # fmt: skip
    assert openai.build(REQUEST, aliased["openai"]).body["model"] == "x"
    assert anthropic.build(REQUEST, aliased["anthropic"]).body["model"] == "x"
    assert gemini.build(REQUEST, aliased["gemini"]).path.startswith("/models/x:")
    assert answers_for(aliased["openai"], "x") and not answers_for(aliased["openai"], "y")
