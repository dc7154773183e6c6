"""The hash tables of lookups.c; None where it is not compiled."""

from __future__ import annotations

import ctypes

from schemas.native import LOOKUPS, LOOKUPS_LIBRARY, load


def _loaded() -> ctypes.CDLL | None:
    library = load(LOOKUPS_LIBRARY, LOOKUPS)
    if library is not None:
        pointer, size, flag = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
        library.kpistream_numbers.argtypes = (pointer, pointer, pointer, size, flag, pointer)
        library.kpistream_numbers.restype = None
        library.kpistream_number.argtypes = (pointer, ctypes.c_char_p, size, flag)
        library.kpistream_number.restype = size
        library.kpistream_lay_out.argtypes = (pointer, pointer, size, pointer)
        library.kpistream_lay_out.restype = size
        library.kpistream_texts.argtypes = (pointer, pointer, size, pointer, pointer)
        library.kpistream_texts.restype = None
        library.kpistream_replace.argtypes = (pointer,)
        library.kpistream_replace.restype = None
        library.kpistream_hashes.argtypes = (pointer, pointer, size, pointer)
        library.kpistream_hashes.restype = None
        table = (pointer, pointer, ctypes.c_uint64, flag)
        library.kpistream_find.argtypes = (*table, pointer, size, pointer)
        library.kpistream_find.restype = None
        library.kpistream_place.argtypes = (*table, size, size)
        library.kpistream_place.restype = None
    return library


LIBRARY = _loaded()
