"""What a counting has worked out so far, written only by the worker that holds it."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from assistant.flow_models import FlowPart, FlowRun
from common.clock import now
from faq import claims

_STORED = np.dtype("<f2")
TEXTS, VECTORS, FLOWS, GROUPS, CHOSEN, VERDICTS = "texts", "vectors", "flows", "groups", "chosen", "verdicts"


class Overtaken(RuntimeError):
    """The counting is not this worker's any more; nothing was written."""


@dataclass(frozen=True)
class Asked:
    """One question as it stands for all that normalise to the same: how often, and the newest to show."""

    key: str
    text: str
    times: int
    uuid: str = ""


def hold(run: FlowRun, holder: str, **fields: Any) -> None:
    """Change the counting as the one that holds it; raises Overtaken."""
    if not claims.change(run, holder, moved_at=now(), **fields):
        raise Overtaken


def keep(run: FlowRun, holder: str, kind: str, value: Any, number: int = 0, **fields: Any) -> None:
    """Store a part together with a change of the counting; raises Overtaken."""
    with transaction.atomic():
        hold(run, holder, **fields)
        packed = zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 1)
        FlowPart.objects.update_or_create(run=run, kind=kind, number=number, defaults={"data": packed})


def kept(run: FlowRun, kind: str) -> Iterator[Any]:
    """Yield the parts of a kind in their order."""
    for data in run.parts.filter(kind=kind).order_by("number").values_list("data", flat=True):
        yield json.loads(zlib.decompress(bytes(data)))


def keep_vectors(run: FlowRun, holder: str, rows: NDArray[np.float32], number: int, done: int) -> None:
    """Store the vectors of the next questions; raises Overtaken."""
    with transaction.atomic():
        hold(run, holder, done=done)
        data = rows.astype(_STORED).tobytes()
        FlowPart.objects.update_or_create(run=run, kind=VECTORS, number=number, defaults={"data": data})


def kept_vectors(run: FlowRun, questions: int) -> NDArray[np.float32]:
    """Return float32 [questions, dim] as they were stored."""
    parts = run.parts.filter(kind=VECTORS).order_by("number").values_list("data", flat=True)
    flat = np.concatenate([np.frombuffer(bytes(part), _STORED) for part in parts.iterator(chunk_size=20)])
    return flat.reshape(questions, -1).astype(np.float32)


def questions(run: FlowRun) -> list[Asked]:
    """Return the different questions of a counting, in the order in which they are grouped."""
    return [Asked(*each) for part in kept(run, TEXTS) for each in part]
