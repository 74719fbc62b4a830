"""Which part of a prompt a provider would not have to read again."""

from collections import OrderedDict

CHARS_PER_TOKEN = 4
BLOCK_TOKENS = 64
_BLOCK_CHARS = BLOCK_TOKENS * CHARS_PER_TOKEN
# 65,536 blocks are 4 million tokens: some thousand prompts, in about 10 MB.
_CAPACITY = 65_536


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
    """Remembers the blocks of earlier prompts; the least recently used go first."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[int, None] = OrderedDict()

    def cached_tokens(self, blocks: list[int]) -> int:
        """Tokens of the longest known prefix, in steps of 64."""
        known = 0
        for block in blocks:
            if block not in self._known:
                break
            known += 1
        return known * BLOCK_TOKENS

    def remember(self, blocks: list[int]) -> None:
        """Later prompts find these blocks."""
        for block in blocks:
            self._known[block] = None
            self._known.move_to_end(block)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
