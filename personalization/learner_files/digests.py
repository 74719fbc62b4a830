"""Which files the database holds already: told by their bytes, without reading them as JSON."""

import hashlib
import sys
from array import array
from bisect import bisect_left
from uuid import UUID

# Part of every digest: raised by whoever changes what a personal text becomes on its way from a file into the
# database, so that the next import reads all files anew.
IMPORT_VERSION = 1
_DIGEST_START = hashlib.md5(b"%d\x1f" % IMPORT_VERSION, usedforsecurity=False)


def file_digest(data: bytes) -> str:
    """`import_digest` of a text that was made from this file."""
    digest = _DIGEST_START.copy()
    digest.update(data)
    return digest.hexdigest()


class KnownFiles:
    """The files that texts of the database came from: 8 bytes for each, whatever there is of them."""

    def __init__(self, sorted_keys: bytes = b"") -> None:
        """sorted_keys: keys in ascending order, as PostgreSQL's int8send writes them."""
        self._keys = array("q")
        self._keys.frombytes(sorted_keys)
        if sys.byteorder == "little":
            self._keys.byteswap()

    def has(self, identifier: str, lesson: UUID, digest: str) -> bool:
        """Whether the learner's text for the lesson came from a file with this digest."""
        if not self._keys:
            return False
        text = f"{identifier}{lesson}{digest}".encode()
        key = int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:8], "big", signed=True)
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key
