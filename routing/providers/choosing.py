"""Which of the models that a server offers are used when nobody named one.

Pure. Servers date their models badly: many send no date at all, or the same one for each. The
catalogue then knows better, and without it the version number in the name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import urlsplit

from routing.config import ModelSpec, Tier

_LIGHT = re.compile(r"lite|mini|nano|flash|haiku|small|tiny|\b[1-9]b\b", re.I)
_NO_CHAT = re.compile(
    r"embed|whisper|tts|audio|realtime|image|dall|moderation|transcri|sora|rerank|babbage|davinci", re.I
)
# Numbers in a name that are no version: sizes (70b, 8x7b, 32k), days (2024-08-06, 20250929, 0125).
_NO_VERSION = re.compile(r"\d+(?:x\d+)?(?:\.\d+)?[bkm](?![a-z])|\d{4}-\d\d-\d\d|\d{4,}", re.I)
_NUMBER = re.compile(r"\d+")

_EPOCH = date(1970, 1, 1).toordinal()

Offer = tuple[str, int]  # a model's id and when it was made, 0 when the server does not say


# For a model we know nothing of but its name: what even small local servers hold and write.
UNKNOWN_CONTEXT_TOKENS = 32_768
UNKNOWN_MAX_OUTPUT_TOKENS = 4_096


def light(model_id: str) -> bool:
    """Return whether a model's name is that of a light one."""
    return bool(_LIGHT.search(model_id))


def unknown_model(provider: str, wire: str, base_url: str, model_id: str, tier: Tier) -> ModelSpec:
    """Return a catalogue row for a model that no catalogue knows: cautious limits, no price."""
    vendor = urlsplit(base_url).hostname == "api.openai.com"
    return ModelSpec(
        id=model_id,
        provider=provider,
        wire=wire,
        label=f"{model_id} ({provider})",
        tier=tier,
        context_tokens=UNKNOWN_CONTEXT_TOKENS,
        max_output_tokens=UNKNOWN_MAX_OUTPUT_TOKENS,
        max_tokens_field="max_completion_tokens" if vendor else "max_tokens",
    )


def known_as(model_id: str, catalogue: Iterable[ModelSpec]) -> ModelSpec | None:
    """Return the catalogue's row of the same model, whoever sells it; None when there is none."""
    return _row(model_id, {name: row for row in catalogue for name in (row.id, *row.answers_as)})


def age(model_id: str, created: int, row: ModelSpec | None) -> tuple[int, tuple[int, ...]]:
    """Return a key by which newer models are greater: the day of their release, then their version."""
    day = _released(row).toordinal() if row is not None else created // 86_400 + _EPOCH if created else 0
    return day, _version(model_id)


def chats(model_id: str) -> bool:
    """Return whether a model's name is that of one that answers in text."""
    return not _NO_CHAT.search(model_id)


def choose(offered: Sequence[Offer], catalogue: Iterable[ModelSpec], today: date) -> tuple[str, ...]:
    """Return the newest light and the newest heavy chat model of an offer, one when it has no two.

    Equally dated ones come in the catalogue's order: its rows before unknown models, the newest release
    first, then by version number. A retired row is chosen only when nothing else is offered.
    """
    known = {name: row for row in catalogue for name in (row.id, *row.answers_as)}
    chat = [offer for offer in offered if chats(offer[0])]
    living = [offer for offer in chat if not _retired(_row(offer[0], known), today)]
    newest = sorted(living or chat, key=lambda offer: _age(offer, known), reverse=True)
    ids = [model_id for model_id, _ in newest]
    light = next((model_id for model_id in ids if _LIGHT.search(model_id)), None)
    heavy = next((model_id for model_id in ids if not _LIGHT.search(model_id)), None)
    return tuple(model_id for model_id in (light, heavy) if model_id)


def _row(model_id: str, known: Mapping[str, ModelSpec]) -> ModelSpec | None:
    """Return the catalogue's row of a model; gateways put a vendor before the name."""
    return known.get(model_id) or known.get(model_id.rpartition("/")[2])


def _retired(row: ModelSpec | None, today: date) -> bool:
    return row is not None and row.retires_on is not None and row.retires_on <= today


def _age(offer: Offer, known: Mapping[str, ModelSpec]) -> tuple[int, bool, date, tuple[int, ...]]:
    model_id, created = offer
    row = _row(model_id, known)
    return created, row is not None, _released(row), _version(model_id)


def _released(row: ModelSpec | None) -> date:
    """Return the day of a release; where it was not found, that of the first price."""
    if row is None:
        return date.min
    first_price = min((price.effective_from for price in row.prices), default=date.min)
    return row.released_on or first_price


def _version(model_id: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(_NO_VERSION.sub(" ", model_id)))
