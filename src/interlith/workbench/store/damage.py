"""How does the store say that an entry cannot be trusted any more?"""

from __future__ import annotations

from interlith.errors import InterlithError


class Damaged(InterlithError):  # noqa: N818 - what the store says of an entry, not what went wrong in the code
    """An entry whose bytes are not those that were written, or that is gone; its step has to be computed again."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"The entry {key[:16]} of the store is damaged ({reason}); run again and it is computed anew.")
        self.key = key
        self.reason = reason
