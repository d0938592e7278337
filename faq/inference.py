"""The only door to onnxruntime: a graph in, a function from token ids to vectors out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.env import keep_onnxruntime_silent
from faq.embedding.files import EmbedderMissing

CURE = "install requirements.lock as it is"
_ERROR = 3  # onnxruntime's severities: 0 verbose to 4 fatal

Run = Callable[[NDArray[np.int64]], NDArray[np.float32]]


def open_session(graph: bytes) -> Run:
    """Return a function from int64 ids [texts, tokens] to float32 vectors [texts, 384]; threads may share it.

    One thread a call: questions come in parallel, so more would only take turns. Raises EmbedderMissing when
    onnxruntime is missing or does not take the graph.
    """
    ort = _runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERROR
    # A batch of long texts would otherwise stay in memory for good: an arena never gives back.
    options.enable_cpu_mem_arena = False
    try:
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (RuntimeError, ValueError) as error:
        raise EmbedderMissing(
            f"onnxruntime {ort.__version__} cannot run the model ({type(error).__name__})", CURE
        ) from error

    def run(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = session.run(["vectors"], {"ids": ids})[0]
        return vectors

    return run


def _runtime() -> Any:
    keep_onnxruntime_silent()
    try:
        import onnxruntime
    except ImportError:
        raise EmbedderMissing("The package onnxruntime is not installed", CURE) from None
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ERROR)
    return onnxruntime
