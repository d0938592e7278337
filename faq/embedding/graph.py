"""The network as an ONNX graph: BERT of six layers, the mean over the tokens, unit length.

Reimers & Gurevych 2019 (Sentence-BERT) and Wang et al. 2020 (MiniLM); the sizes are those of the model's
config.json. There is no attention mask and no padding: texts of one batch have the same number of tokens,
so the mean over the tokens is the mean over the mask, and a text's vector does not hang on its company.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faq.embedding.onnx_format import CONTRIB, Graph
from faq.embedding.safetensors import Tensors

WRITER = 1  # goes up with every change of what is written here: kept graphs of another number are not used

LAYERS, HEADS, DIM = 6, 12, 384
MOST_TOKENS = 256  # what the model was trained with (sentence_bert_config.json)
EPSILON = 1e-12

# int8 has one scale for this many weights of a row, and for as many activations at run time. Smaller
# blocks follow the weights better and cost time: see docs/faq.md for what was measured.
BLOCK = 32

Precision = Literal["int8", "fp32"]
Floats = NDArray[np.float32]

_WORDS = "embeddings.word_embeddings.weight"
_FLOAT = 1  # the number of float32 in onnx.proto


def write_graph(tensors: Tensors, precision: Precision) -> bytes:
    """Return the ONNX model that takes int64 `ids` [texts, tokens] and gives float32 `vectors` [texts, 384].

    `tensors` are the model's by their names in model.safetensors. int8 rounds the six layers' weights
    and the table of words; sums, norms and the attention itself stay float32.
    """
    writer = _Writer(tensors, precision)
    hidden = writer.embeddings()
    for number in range(LAYERS):
        hidden = writer.layer(f"encoder.layer.{number}.", hidden)
    graph = writer.graph
    mean = graph.add("ReduceMean", [hidden], axes=(1,), keepdims=0)
    graph.add("LpNormalization", [mean], name="vectors", axis=-1, p=2)
    return graph.model([("ids", "int64", ["texts", "tokens"])], [("vectors", "float32", ["texts", DIM])])


class _Writer:
    def __init__(self, tensors: Tensors, precision: Precision) -> None:
        self.graph = Graph()
        self._tensors = tensors
        self._int8 = precision == "int8"

    def embeddings(self) -> str:
        """Write the sum of word, position and sentence embeddings, and its norm."""
        graph = self.graph
        # A single question is sentence 0 throughout, so that row goes into the positions.
        places = self._tensors["embeddings.position_embeddings.weight"][:MOST_TOKENS]
        places = places + self._tensors["embeddings.token_type_embeddings.weight"][0]
        zero, one = graph.constant("zero", np.array([0])), graph.constant("one", np.array([1]))
        tokens = graph.add("Gather", [graph.add("Shape", ["ids"]), one])
        here = graph.add("Slice", [graph.constant("places", places), zero, tokens, zero])
        total = graph.add("Add", [self._words(), here])
        return graph.add(
            "LayerNormalization", [total, *self._named("embeddings.LayerNorm")], axis=-1, epsilon=EPSILON
        )

    def layer(self, name: str, hidden: str) -> str:
        """Write one layer: attention, then the two-step network, each added to what came in and normed."""
        graph = self.graph
        asked = [self._linear(f"{name}attention.self.{part}", hidden) for part in ("query", "key", "value")]
        seen = graph.add("MultiHeadAttention", asked, domain=CONTRIB, num_heads=HEADS)
        seen = self._linear(f"{name}attention.output.dense", seen)
        hidden = self._added(f"{name}attention.output.LayerNorm", seen, hidden)
        wide = graph.add("Gelu", [self._linear(f"{name}intermediate.dense", hidden)], domain=CONTRIB)
        return self._added(f"{name}output.LayerNorm", self._linear(f"{name}output.dense", wide), hidden)

    def _words(self) -> str:
        table, graph = self._tensors[_WORDS], self.graph
        if not self._int8:
            return graph.add("Gather", [graph.constant(_WORDS, table), "ids"])
        numbers, scales = rounded(table)
        rows = graph.add("Gather", [graph.constant(f"{_WORDS}.int8", numbers), "ids"])
        scale = graph.add("Gather", [graph.constant(f"{_WORDS}.scale", scales), "ids"])
        return graph.add("Mul", [graph.add("Cast", [rows], to=_FLOAT), scale])

    def _linear(self, name: str, hidden: str) -> str:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        graph = self.graph
        added = graph.constant(f"{name}.bias", bias)
        if not self._int8:
            product = graph.add("MatMul", [hidden, graph.constant(f"{name}.weight", weight.T)])
            return graph.add("Add", [product, added])
        rows, columns = weight.shape
        numbers, scales = rounded(weight.reshape(rows, columns // BLOCK, BLOCK))
        # This operator wants unsigned numbers around 128; level 4 lets it multiply in int8.
        blocks = graph.constant(f"{name}.uint8", (numbers.astype(np.int16) + 128).astype(np.uint8))
        scale = graph.constant(f"{name}.scale", scales.reshape(rows, -1))
        return graph.add(
            "MatMulNBits", [hidden, blocks, scale, "", "", added], domain=CONTRIB,
            K=columns, N=rows, bits=8, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip

    def _added(self, name: str, new: str, before: str) -> str:
        return self.graph.add(
            "SkipLayerNormalization", [new, before, *self._named(name)], domain=CONTRIB, epsilon=EPSILON
        )

    def _named(self, name: str) -> tuple[str, str]:
        tensors = self._tensors
        return (
            self.graph.constant(f"{name}.weight", tensors[f"{name}.weight"]),
            self.graph.constant(f"{name}.bias", tensors[f"{name}.bias"]),
        )


def rounded(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return int8 numbers and one float32 scale for each last axis: numbers * scales is near `weights`."""
    largest = np.abs(weights).max(axis=-1, keepdims=True)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(weights / scales).astype(np.int8), scales
