"""How is a hit counted in a set of slots? The caller holds the set's lock.

Every single store leaves a state that is right by itself: a process killed between two of them loses at most the hit it
was counting. So no journal and no repair is needed.
"""

from __future__ import annotations

import mmap
import struct

from tracker.rate_limits.rate import MAX_WINDOW_SECONDS
from tracker.rate_limits.slot_file import DIGEST_BYTES, DIGESTS_BYTES, WAYS

_MAX_WINDOW_MS = MAX_WINDOW_SECONDS * 1000

# Native order and size: each number is stored by one instruction, never torn.
_PAIR = struct.Struct("@QQ")
_NUMBER = struct.Struct("@Q")
_PAIRS = struct.Struct(f"@{2 * WAYS}Q")


def take(
    memory: mmap.mmap, digest: bytes, base: int, now_ms: int, hits: int, window_ms: int, cost: int
) -> tuple[bool, int, int]:
    """Add `cost` to the window of `digest` in the set at `base` unless that exceeds `hits`.

    Returns whether it was added, the count now, and the window's end in milliseconds.
    """
    pair_at = _find(memory, digest, base)
    end_ms, count = _PAIR.unpack_from(memory, pair_at) if pair_at else (0, 0)
    if end_ms <= now_ms:
        if cost > hits or cost == 0:
            return cost == 0, 0, now_ms + window_ms
        _open_window(memory, pair_at or _claim(memory, digest, base, now_ms), now_ms + window_ms, cost)
        return True, cost, now_ms + window_ms
    if end_ms > now_ms + window_ms:
        # The clock was set back, or the limit's window was shortened: keep the count, end when a new window would.
        end_ms = now_ms + window_ms
        _NUMBER.pack_into(memory, pair_at, end_ms)
    if count + cost > hits:
        return False, count, end_ms
    _NUMBER.pack_into(memory, pair_at + 8, count + cost)
    return True, count + cost, end_ms


def clear(memory: mmap.mmap, digest: bytes, base: int) -> None:
    """Forget the window of `digest`."""
    if pair_at := _find(memory, digest, base):
        _NUMBER.pack_into(memory, pair_at, 0)


def _open_window(memory: mmap.mmap, pair_at: int, end_ms: int, cost: int) -> None:
    # The end last: until it is stored the slot is free, whatever else it holds.
    _NUMBER.pack_into(memory, pair_at + 8, cost)
    _NUMBER.pack_into(memory, pair_at, end_ms)


def _claim(memory: mmap.mmap, digest: bytes, base: int, now_ms: int) -> int:
    """A slot for a new key: one that is free, else the one with the lowest count.

    So a set with too many live keys forgets its idlest; a new one is never refused, a heavy one never forgotten.
    """
    pairs = _PAIRS.unpack_from(memory, base + DIGESTS_BYTES)
    # A window that ends later than any window can is damage: free.
    latest_ms = now_ms + _MAX_WINDOW_MS
    ends_and_counts = zip(pairs[::2], pairs[1::2], strict=True)
    counts = [count if now_ms < end_ms <= latest_ms else -1 for end_ms, count in ends_and_counts]
    way = counts.index(min(counts))
    pair_at = base + DIGESTS_BYTES + _PAIR.size * way
    _NUMBER.pack_into(memory, pair_at, 0)
    at = base + DIGEST_BYTES * way
    memory[at : at + DIGEST_BYTES] = digest
    return pair_at


def _find(memory: mmap.mmap, digest: bytes, base: int) -> int:
    """Where the key's window end and count are; 0 if it has none."""
    at = memory.find(digest, base, base + DIGESTS_BYTES)
    # A digest that seems to lie across two slots is one's tail and the next one's head.
    while at > 0 and at % DIGEST_BYTES:
        at = memory.find(digest, at + 1, base + DIGESTS_BYTES)
    return at + DIGESTS_BYTES if at > 0 else 0
