"""What a photo looks like, in 256 bits: near pictures have near hashes.

A perceptual hash of the discrete cosine transform, of the picture as it was sent.  It finds "one photo, other
digits, another customer" and nothing else: a paper photographed twice is known by what it says, not by its look.

Only of photos, with something of the table around the paper.  Measured on drawn certificates of one form (36 pairs
of different ones each): photos differ in 30 to 52 bits, the same photo sent again in 0 to 4; but flat scans differ
in as few as 10, screenshots in 2: there the form is what looks alike, and every honest paper would be suspected.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from evidence_daemon.documents.pixels import smaller

BITS = 256
_SIDE, _KEPT = 64, 16


def look(picture: npt.NDArray[Any]) -> str:
    """The hash of an 8-bit picture (grey or colour) as 64 hex digits; "" for a scan, a screenshot, a blank."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    near = smaller(grey, min(1.0, 8 * _SIDE / max(grey.shape)))
    small = cv2.resize(near, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    if not _is_photo(small):
        return ""
    waves = cv2.dct(small)[:_KEPT, :_KEPT]
    bits = (waves > np.median(waves)).flatten()
    return np.packbits(bits).tobytes().hex()


def _is_photo(small: npt.NDArray[Any]) -> bool:
    """Whether at least three of the four edges show something else than the white of a scanner's paper."""
    middle = slice(_SIDE // 4, -_SIDE // 4)  # a dark letterhead reaches round the corners
    edges = (small[:3, middle], small[-3:, middle], small[middle, :3], small[middle, -3:])
    return sum(float(edge.mean()) < 215 or float(edge.std()) > 10 for edge in edges) >= 3


def distance(one: str, other: str) -> int:
    """In how many bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
