"""Code the sandbox offers: a plausible block for what was asked, never for running unread."""

import re
from collections.abc import Sequence

from routing.sandbox import extracts
from routing.sandbox.asking import Passage
from routing.sandbox.wording import Wording

_CODE = re.compile(
    r"```|\b(?:function|script|snippet|code|regex|endpoint|webhook|curl|python|javascript|typescript|node(?:\.js)?|"
    r"php|ruby|sql|class|method|stack ?trace|exception|traceback|funktion|fonction|función|função|código)\b"
    r"|関数|コード|スクリプト",
    re.I,
)
_WANTED = re.compile(
    r"```|\b(?:write|show|give|implement|create|make|generate|example|fix|debug|refactor|review|wrong|bug|why"
    r"|schreib\w*|zeig\w*|écri\w+|montre\w*|escrib\w+|muéstr\w+|muestr\w+|escrev\w+|mostr\w+)\b"
    r"|書いて|見せて|作って|作成して",
    re.I,
)
_PASTED = re.compile(r"```[\w-]*\n(.*?)```", re.S)
_LANGUAGES = (
    ("php", r"\bphp\b"),
    ("javascript", r"\b(?:javascript|typescript|node(?:\.js)?|js)\b"),
    ("bash", r"\b(?:curl|bash|shell)\b"),
)

# Code is a good answer by itself; a help text is added only when it is clearly about the same thing.
HELPFUL_SHARE = 0.25

_VERIFY = {
    "python": '''import hashlib
import hmac


def verify_signature(secret: str, body: bytes, signature: str) -> bool:
    """Return whether `signature` belongs to the raw request body."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)''',
    "javascript": """const crypto = require("node:crypto");

function verifySignature(secret, body, signature) {
  const expected = crypto.createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && crypto.timingSafeEqual(expected, given);
}""",
    "php": """function verify_signature(string $secret, string $body, string $signature): bool
{
    return hash_equals(hash_hmac('sha256', $body, $secret), $signature);
}""",
    "bash": """printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" """.rstrip(),
}
_FETCH = {
    "python": '''import json
import urllib.request


def fetch(url: str, key: str) -> dict:
    """Return the JSON answer of one API request."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)''',
    "javascript": """async function fetchJson(url, key) {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
  if (!response.ok) throw new Error(`The API answered ${response.status}`);
  return response.json();
}""",
    "php": """function fetch_json(string $url, string $key): array
{
    $context = stream_context_create(['http' => ['header' => "Authorization: Bearer $key"]]);
    return json_decode(file_get_contents($url, false, $context), true, 512, JSON_THROW_ON_ERROR);
}""",
    "bash": """curl --fail --max-time 10 "$URL" -H "Authorization: Bearer $API_KEY\"""",
}


def is_about_code(text: str) -> bool:
    """Return whether the visitor wants to see code or shows some."""
    return bool(_CODE.search(text) and _WANTED.search(text)) and not text.lstrip().startswith("BEGIN:V")


def answer(question: str, passages: Sequence[Passage], heavy: bool, words: Wording) -> str:
    """Return a fenced block with a sentence around it, and what the help texts add.

    A block that the help texts hold is better than one of our own.
    """
    pasted = _PASTED.search(question)
    ranked = extracts.rank(_PASTED.sub(" ", question), passages)
    helpful = [scored.passage for scored in ranked if scored.share >= HELPFUL_SHARE][: 2 if heavy else 1]
    theirs = any("```" in passage.text for passage in helpful)
    parts = [_review(pasted[1], words)] if pasted else [] if theirs else [_fresh(question, words)]
    for passage in helpful:
        lines = extracts.best_sentences(question, passage.text, 5 if heavy or theirs else 2)
        parts.append("\n\n".join([words.from_texts.format(title=passage.title), *lines]))
    if heavy and not pasted:
        parts.append(words.before_live)
    return "\n\n".join(parts)


def _fresh(question: str, words: Wording) -> str:
    language = next((name for name, pattern in _LANGUAGES if re.search(pattern, question, re.I)), "python")
    signed = re.search(r"signatur|webhook|v[eé]rif|hmac|firma|assinatura|署名", question, re.I)
    block = (_VERIFY if signed else _FETCH)[language]
    said = words.fresh.format(what=words.checks if signed else words.fetches)
    return f"{said}\n\n```{language}\n{block}\n```"


def _review(code: str, words: Wording) -> str:
    lines = [line for line in code.splitlines() if line.strip()]
    size = words.one_line if len(lines) == 1 else words.some_lines.format(lines=len(lines))
    begins = words.begins.format(code=lines[0].strip()[:60]) if lines else ""
    return (
        f"{words.review.format(size=size, begins=begins)}\n\n"
        "```python\n"
        "if value is None:\n"
        '    raise ValueError("value is missing: check the request that filled it")\n'
        "```"
    )
