"""Which part of a prompt a provider would not have to read again."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

CHARS_PER_TOKEN = 4
BLOCK_TOKENS = 64
_BLOCK_CHARS = BLOCK_TOKENS * CHARS_PER_TOKEN
# 65,536 blocks are 4 million tokens: some thousand prompts, in about 10 MB.
_CAPACITY = 65_536
KEPT_SECONDS = 600  # since a block was last sent, as OpenAI says of its cache


def estimated_tokens(text: str) -> int:
    """Tokens of a text, at four characters each, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def prefix_blocks(text: str, salt: str) -> list[int]:
    """One hash per full block of 64 tokens; each covers the text from its beginning, and `salt`."""
    blocks = []
    so_far = hash(salt)
    for start in range(0, len(text) - _BLOCK_CHARS + 1, _BLOCK_CHARS):
        so_far = hash((so_far, text[start : start + _BLOCK_CHARS]))
        blocks.append(so_far)
    return blocks


class PrefixCache:
    """Remembers the blocks of earlier prompts for some minutes; the least recently used go first.

    clock: gives seconds.
    """

    def __init__(self, capacity: int = _CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._known: OrderedDict[int, float] = OrderedDict()  # block → when it was sent last

    def cached_tokens(self, blocks: list[int]) -> int:
        """Tokens of the longest known prefix, in steps of 64."""
        known, oldest = 0, self._clock() - KEPT_SECONDS
        for block in blocks:
            if self._known.get(block, -math.inf) < oldest:
                break
            known += 1
        return known * BLOCK_TOKENS

    def remember(self, blocks: list[int]) -> None:
        """Later prompts find these blocks."""
        now = self._clock()
        for block in blocks:
            self._known[block] = now
            self._known.move_to_end(block)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
