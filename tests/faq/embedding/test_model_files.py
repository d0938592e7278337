"""Files of another model, cut files and missing ones each get a sentence that says what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from faq.embedder import EmbedderMissing, load_embedder
from faq.embedding import files
from faq.embedding.files import ModelFiles
from faq.embedding.safetensors import BadTensors, read

CURE = r"put its model\.safetensors and vocab\.txt into EMBEDDER_DIR, or leave EMBEDDER_DIR empty"


@pytest.fixture
def own_copy(tmp_path: Path, model_files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a copy of the files, and a DATA_DIR in which no graph was kept yet."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    folder = tmp_path / "own"
    folder.mkdir()
    for file in (model_files.weights, model_files.weights.with_name(files.WORDS)):
        shutil.copy(file, folder)
    return folder


def test_an_operators_own_copy_is_used(own_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WHEEL", "no-such-package")
    monkeypatch.setenv("EMBEDDER_DIR", str(own_copy))
    assert load_embedder().embed(["hello"]).shape == (1, 384)


def _flip(folder: Path) -> None:
    with (folder / files.WEIGHTS).open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))


def _cut(folder: Path) -> None:
    with (folder / files.WEIGHTS).open("r+b") as file:
        file.truncate(80_000_000)


def _other_words(folder: Path) -> None:
    words = folder / files.WORDS
    words.write_text(words.read_text(encoding="utf-8").replace("password", "passw0rd"), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (
            _flip,
            r"model\.safetensors is not that of all-MiniLM-L6-v2.*its sha256 is \w{12}… instead of 53aa",
        ),
        (_cut, r"model\.safetensors is not that of all-MiniLM-L6-v2.*80,000,000 bytes instead of 90,868,376"),
        (_other_words, r"vocab\.txt is not that of all-MiniLM-L6-v2"),
        (lambda folder: (folder / files.WORDS).unlink(), r"vocab\.txt cannot be read \(No such file"),
        (
            lambda folder: (folder / files.WEIGHTS).unlink(),
            r"model\.safetensors cannot be read \(No such file",
        ),
        (shutil.rmtree, r"model\.safetensors cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_do(
    own_copy: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    assert load_embedder(own_copy).dim == 384
    shutil.rmtree(own_copy.parent / "var")  # the kept graph, which would need no weights
    harm(own_copy)
    with pytest.raises(EmbedderMissing, match=f"{sentence}.*{CURE}"):
        load_embedder(own_copy)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WHEEL", "no-such-package")
    with pytest.raises(
        EmbedderMissing, match=r"no-such-package .* not installed: install requirements\.lock, or set"
    ):
        load_embedder("")


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDER_DIR", "off")
    with pytest.raises(EmbedderMissing, match="EMBEDDER_DIR=off switches it off"):
        load_embedder()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no safetensors file, or was cut"),
        (b"\x05\x00", "no safetensors file, or was cut"),
        (b"\xff" * 64, "no safetensors file, or was cut"),
        (b"\x04" + bytes(7) + b"{{{{" + bytes(9), "header cannot be read"),
        (
            b"\x3e"
            + bytes(7)
            + b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}  '
            + bytes(4),
            "was cut: a is not whole",
        ),
    ],
)
def test_a_file_that_is_no_tensors_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadTensors, match=sentence):
        read(path)
