"""The control API and the wires of the shipped sandbox, over its real socket."""

import http.client
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from routing.catalogue import read_file
from routing.sandbox.faults import KINDS
from tests.control import Control

ASK: dict[str, Any] = {"stream": True, "messages": [{"role": "user", "content": "Hi"}]}


def post(control: Control, path: str, body: Any, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", control.port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def chat(control: Control, model: str = "m", **headers: str) -> tuple[int, dict[str, str], str]:
    return post(control, "/v1/chat/completions", {**ASK, "model": model}, **headers)


def test_faults_queue_per_model_and_are_used_up(control: Control) -> None:
    control.fault("status", "a", status=503)
    control.fault("status", "*", status=429, retry_after=7, times=2)
    assert chat(control, "b")[0] == 429
    assert chat(control, "a")[0] == 503
    status, headers, body = chat(control, "a")
    assert (status, headers["retry-after"]) == (429, "7")
    assert json.loads(body)["error"]["code"] == "rate_limit_exceeded"
    assert chat(control, "a")[0] == 200
    control.fault("status", "a")
    control.call("DELETE", "/_control/faults")
    assert chat(control, "a")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "typo"},
        {},
        [],
        {"fault": "eof", "times": 0},
        {"fault": "eof", "after_tokens": -2},
        {"fault": "eof", "after_tokens": "5"},
        {"fault": ["eof"]},
    ],
)
def test_a_wrong_order_is_refused(control: Control, body: Any) -> None:
    assert control.call("POST", "/_control/faults", body)[0] == 400
    assert control.call("GET", "/_control/faults") == (200, [])


def test_the_fault_names_are_those_of_the_contract() -> None:
    assert len(KINDS) == 36


def test_keys_are_masked_and_any_key_will_do(control: Control) -> None:
    secrets = {
        "authorization": "Bearer sk-very-secret-1234",
        "x-api-key": "short",
        "x-goog-api-key": "AIza-hidden-9876",
    }
    assert chat(control, **secrets)[0] == 200
    (request,) = control.requests()
    kept = {name: request["headers"][name] for name in secrets}
    assert kept == {"authorization": "***1234", "x-api-key": "***", "x-goog-api-key": "***9876"}
    assert request["body"]["messages"] == ASK["messages"]
    assert request["status"] == 200


def test_the_invoice_uses_the_catalogues_prices(control: Control) -> None:
    row = next(row for row in read_file() if row["id"] == "gemini-3.5-flash-lite")
    assert [(price["input"], price["output"]) for price in row["prices"]] == [("0.30", "2.50")]
    control.pace(first_text_ms=0, gap_ms=0, tokens=40)
    for model in ("gemini-3.5-flash-lite", "gemini-3.5-flash-lite", "unpriced"):
        chat(control, model)
    invoice = control.invoice()
    line = invoice["gemini-3.5-flash-lite"]
    assert (line["requests"], line["output_tokens"]) == (2, 80)
    assert line["cost_pico"] == line["input_tokens"] * 300_000 + 80 * 2_500_000
    assert float(line["cost"]) == line["cost_pico"] / 1e12
    assert (invoice["unpriced"]["output_tokens"], invoice["unpriced"]["cost_pico"]) == (40, 0)


def test_pace_sets_the_length(control: Control) -> None:
    control.pace(first_text_ms=0, gap_ms=0, tokens=7)
    events = [line for line in chat(control)[2].splitlines() if line.startswith("data: {")]
    deltas = [json.loads(line[6:])["choices"][0]["delta"].get("content") for line in events]
    assert len([text for text in deltas if text]) == 7
    assert control.call("PUT", "/_control/pace", {"gap_ms": "fast"})[0] == 400


def test_what_a_real_wire_refuses_is_refused(control: Control) -> None:
    anthropic = {"model": "m", "max_tokens": 5, **ASK}
    new = {"anthropic-version": "2026-10-21"}
    assert post(control, "/v1/messages", anthropic, **new)[0] == 200
    assert post(control, "/v1/messages", anthropic)[0] == 400
    assert post(control, "/v1/messages", {**anthropic, "temperature": 0.2}, **new)[0] == 400
    old = {"anthropic-version": "2023-06-01"}
    assert post(control, "/v1/messages", {**anthropic, "temperature": 0.2}, **old)[0] == 200
    prefilled = {**anthropic, "messages": [*ASK["messages"], {"role": "assistant", "content": "Hi "}]}
    assert post(control, "/v1/messages", prefilled, **new)[0] == 400
    status, _, body = post(control, "/v1/messages", {**ASK, "model": "m"}, **new)
    assert (status, json.loads(body)["error"]["type"]) == (400, "invalid_request_error")
    assert post(control, "/v1/chat/completions", {"model": "m", "messages": []})[0] == 400
    assert post(control, "/v1beta/models/m:streamGenerateContent", {"contents": "x"})[0] == 400
    assert post(control, "/v1/unknown", {})[0] == 404


def test_models_are_listed_on_both_paths(control: Control) -> None:
    ids = {row["id"] for row in read_file()}
    listed = control.call("GET", "/v1/models")[1]["data"]
    assert {row["id"] for row in listed} == ids
    days = {row["id"]: datetime.fromtimestamp(row["created"], UTC).date().isoformat() for row in listed}
    assert [days[row["id"]] for row in read_file() if "released_on" in row] == [
        row["released_on"] for row in read_file() if "released_on" in row
    ]
    assert days["claude-sonnet-5-5"] == "2026-01-01", "of its first price, as its release is not known"
    assert {
        row["name"].removeprefix("models/") for row in control.call("GET", "/v1beta/models")[1]["models"]
    } == {row["id"] for row in read_file() if row["wire"] == "gemini"}


def test_usage_is_only_sent_when_asked_for(control: Control) -> None:
    assert '"usage"' not in chat(control)[2]
    body = {**ASK, "model": "m", "stream_options": {"include_usage": True, "include_obfuscation": False}}
    text = post(control, "/v1/chat/completions", body)[2]
    assert '"prompt_tokens"' in text
    assert "obfuscation" not in text
