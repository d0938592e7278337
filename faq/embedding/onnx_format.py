"""An ONNX model as bytes: the few protobuf messages that a graph of named operators needs.

Written by hand because the `onnx` package would bring 30 MB into every web process for five kinds of
message. Field numbers and enumerations are those of onnx.proto (https://github.com/onnx/onnx, IR 8).
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPSET = 17  # the first with LayerNormalization; every onnxruntime since 1.12 reads it
CONTRIB = "com.microsoft"  # onnxruntime's own fused operators

_ELEMENT = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_VARINT, _BYTES, _FIXED32 = 0, 2, 5

Attribute = int | float | str | tuple[int, ...]


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative int64s are written in two's complement
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _BYTES) + _varint(len(raw)) + raw


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FIXED32) + struct.pack("<f", value)


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case int():
            return _bytes(1, name) + _int(3, value) + _int(20, 2)
        case float():
            return _bytes(1, name) + _float(2, value) + _int(20, 1)
        case str():
            return _bytes(1, name) + _bytes(4, value) + _int(20, 3)
        case tuple():
            return _bytes(1, name) + b"".join(_int(8, each) for each in value) + _int(20, 7)


def _value(name: str, element: str, shape: Sequence[int | str]) -> bytes:
    """Write a ValueInfoProto; a str in `shape` names a dimension that is known when it runs."""
    dims = b"".join(_bytes(1, _bytes(2, dim) if isinstance(dim, str) else _int(1, dim)) for dim in shape)
    tensor = _int(1, _ELEMENT[element]) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


class Graph:
    """A graph that grows operator by operator; every method returns the name of a tensor."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._count = 0

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Store `array` under `name`, once; a second array of that name must be the same one."""
        if name not in self._constants:
            dims = b"".join(_int(1, size) for size in array.shape)
            raw = np.ascontiguousarray(array).tobytes()
            head = dims + _int(2, _ELEMENT[array.dtype.name]) + _bytes(8, name)
            self._constants[name] = head + _bytes(9, raw)
        return name

    def add(
        self, kind: str, inputs: Sequence[str], *, domain: str = "", name: str = "", **attributes: Attribute
    ) -> str:
        """Append an operator of one output; an empty name among `inputs` leaves out an optional one."""
        self._count += 1
        output = name or f"{kind}_{self._count}"
        node = b"".join(_bytes(1, each) for each in inputs) + _bytes(2, output) + _bytes(3, f"n{self._count}")
        node += _bytes(4, kind)
        node += b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(node + (_bytes(7, domain) if domain else b""))
        return output

    def model(
        self,
        inputs: Sequence[tuple[str, str, Sequence[int | str]]],
        outputs: Sequence[tuple[str, str, Sequence[int | str]]],
    ) -> bytes:
        """Return the ModelProto; `inputs` and `outputs` are (name, element type, shape)."""
        parts = [_bytes(1, node) for node in self._nodes]
        parts.append(_bytes(2, "sentence_vectors"))
        parts += [_bytes(5, constant) for constant in self._constants.values()]
        parts += [_bytes(11, _value(*each)) for each in inputs]
        parts += [_bytes(12, _value(*each)) for each in outputs]
        opsets = _bytes(8, _bytes(1, "") + _int(2, OPSET)) + _bytes(8, _bytes(1, CONTRIB) + _int(2, 1))
        return _int(1, IR_VERSION) + _bytes(7, b"".join(parts)) + opsets
