"""A stable share of the conversations, for rules that try something on a part of them.

Each rule has a salt of its own, so that two shares are drawn independently of each other.
"""

from hashlib import blake2b


def share_of(conversation: str, salt: str) -> float:
    """Return where a conversation stands among all of them, in [0, 100): the same each time it is asked.

    64 bits of a hash, so that 10 % of the conversations are met to within what chance does to their number.
    """
    digest = blake2b(f"{salt}\n{conversation}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * 100
