"""Gives memory back to the system after an index was built."""

import ctypes


def give_back() -> None:
    """Return freed memory to the system, where the C library keeps it otherwise and can be asked (glibc).

    glibc maps large arrays apart from its heap only until one of them was freed; from then on they lie in
    the heap, and an index of 9 MB leaves 35 MB of holes behind.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
