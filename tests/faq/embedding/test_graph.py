"""The graph that is written says what the network says, and int8 stays near it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from faq.embedder import Embedder, load_embedder
from faq.embedding.files import ModelFiles
from faq.embedding.graph import rounded, write_graph
from faq.embedding.onnx_format import Graph
from faq.embedding.safetensors import Tensors
from faq.embedding.wordpiece import WordPiece
from faq.inference import open_session
from tests.faq.embedding import reference

TEXTS = [
    "How do I reset my password?",
    "I forgot my password",
    "ok",
    "",
    "Why was I charged £9.99 twice this month although I cancelled my subscription in March?",
    "Wie ändere ich meine Adresse?",
    "refund " * 300,
]


@pytest.fixture(scope="module")
def wanted(tensors: Tensors, model_files: ModelFiles) -> NDArray[np.float64]:
    pieces = WordPiece(model_files.tokens)
    return np.array([reference.vector(tensors, pieces.ids(text, 256)) for text in TEXTS])


def test_fp32_agrees_with_the_network_written_out(wanted: NDArray[np.float64]) -> None:
    assert np.abs(load_embedder(precision="fp32").embed(TEXTS) - wanted).max() < 1e-5


def test_int8_stays_near_it(wanted: NDArray[np.float64], embedder: Embedder) -> None:
    assert embedder.id.endswith("/int8.1")
    assert (embedder.embed(TEXTS) * wanted).sum(axis=1).min() > 0.998


def test_the_vectors_are_those_that_its_publishers_print() -> None:
    """The first numbers of the two example sentences in the model's own documentation."""
    found = load_embedder(precision="fp32").embed(
        ["This is an example sentence", "Each sentence is converted"]
    )
    assert found[0, :3] == pytest.approx([0.0676569, 0.0634959, 0.0487131], abs=2e-7)
    assert found[1, :3] == pytest.approx([0.0864386, 0.1027626, 0.0053945], abs=2e-7)


def test_a_graph_without_its_weights_is_no_graph(tensors: Tensors) -> None:
    fewer = {name: value for name, value in tensors.items() if "layer.5." not in name}
    with pytest.raises(KeyError, match=r"layer\.5"):
        write_graph(fewer, "int8")


def test_rounding_keeps_every_weight_within_half_a_step() -> None:
    weights = np.random.default_rng(0).normal(size=(5, 4, 32)).astype(np.float32)
    weights[2] = 0
    numbers, scales = rounded(weights)
    assert np.abs(numbers * scales - weights).max() <= scales.max() / 2 + 1e-7
    assert (numbers[2] == 0).all() and np.abs(numbers).max() == 127


def test_a_small_graph_is_what_onnxruntime_reads() -> None:
    """Attributes of each kind, a dimension known later, a constant that is used twice."""
    graph = Graph()
    table = graph.constant("table", np.arange(6, dtype=np.float32).reshape(3, 2) + 1)
    assert graph.constant("table", np.zeros(1, np.float32)) == table
    rows = graph.add("Gather", [table, "ids"], axis=0)
    mean = graph.add("ReduceMean", [rows], axes=(1,), keepdims=0)
    soft = graph.add("LeakyRelu", [mean], alpha=0.5)
    graph.add("LpNormalization", [soft], name="vectors", axis=-1, p=2)
    run = open_session(graph.model([("ids", "int64", ["n", "m"])], [("vectors", "float32", ["n", 2])]))
    # Rows 0 and 2 are (1, 2) and (5, 6): their mean is (3, 4), of length 5.
    assert run(np.array([[0, 2], [2, 0]])) == pytest.approx(np.array([[0.6, 0.8]] * 2))
