"""The network once more, in plain numpy and float64, as its authors describe it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from faq.embedding.safetensors import Tensors

Doubles = NDArray[np.float64]


def vector(tensors: Tensors, ids: Sequence[int]) -> Doubles:
    """Return the unit vector of one sequence of token ids."""
    words, places = (tensors[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position"))
    kinds = tensors["embeddings.token_type_embeddings.weight"]
    total = words[list(ids)].astype(np.float64) + places[: len(ids)] + kinds[0]
    hidden = _norm(tensors, "embeddings.LayerNorm", total)
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        seen = _linear(tensors, f"{name}.attention.output.dense", _attention(tensors, name, hidden))
        hidden = _norm(tensors, f"{name}.attention.output.LayerNorm", hidden + seen)
        wide = _linear(tensors, f"{name}.intermediate.dense", hidden)
        wide = wide * (1 + erf(wide / np.sqrt(2))) / 2
        hidden = _norm(
            tensors, f"{name}.output.LayerNorm", hidden + _linear(tensors, f"{name}.output.dense", wide)
        )
    mean = hidden.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _attention(tensors: Tensors, name: str, hidden: Doubles) -> Doubles:
    query, key, value = (
        _linear(tensors, f"{name}.attention.self.{part}", hidden).reshape(len(hidden), 12, 32).swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / np.sqrt(32)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (weights / weights.sum(axis=-1, keepdims=True)) @ value
    return np.asarray(mixed.swapaxes(0, 1).reshape(len(hidden), 384))


def _linear(tensors: Tensors, name: str, hidden: Doubles) -> Doubles:
    return np.asarray(hidden @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"])


def _norm(tensors: Tensors, name: str, hidden: Doubles) -> Doubles:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return np.asarray(centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])
