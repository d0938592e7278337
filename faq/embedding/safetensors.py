"""Tensors of a safetensors file, read in place: eight bytes of length, a JSON header, then the numbers.

The format is described at https://github.com/huggingface/safetensors; here only float32 is wanted.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_HEADER = 1_000_000  # bytes; this model's has 11 thousand, the format itself allows a hundred million

Tensors = dict[str, NDArray[np.float32]]


class BadTensors(ValueError):
    """The file is no safetensors file, or was cut."""


def read(path: Path) -> Tensors:
    """Return the float32 tensors of a file by name, mapped into memory and not to be written.

    Raises BadTensors when the header does not fit the file, OSError when it cannot be read.
    """
    raw = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.zeros(0, np.uint8)
    header, start = _header(path, raw)
    found: Tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") != "F32":
            continue
        begin, end = entry["data_offsets"]
        shape = tuple(entry["shape"])
        if end - begin != 4 * int(np.prod(shape)) or not 0 <= begin <= end <= raw.size - start:
            raise BadTensors(f"{path} was cut: {name} is not whole.")
        found[name] = np.frombuffer(raw, np.float32, (end - begin) // 4, start + begin).reshape(shape)
    return found


def _header(path: Path, raw: NDArray[np.uint8]) -> tuple[dict[str, dict[str, Any]], int]:
    length = struct.unpack("<Q", raw[:8].tobytes())[0] if raw.size > 8 else 0
    if not 0 < length <= min(MOST_HEADER, raw.size - 8):
        raise BadTensors(f"{path} is no safetensors file, or was cut.")
    try:
        return json.loads(raw[8 : 8 + length].tobytes()), 8 + length
    except ValueError:
        raise BadTensors(f"{path} is no safetensors file: its header cannot be read.") from None
