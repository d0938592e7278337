"""The words without which a pattern cannot match, read from the pattern.

A need is a set of keys; a key is a word's first letters (`KEY_CHARS`), or all of a shorter one. Only
what begins at a word's beginning and is no repeat that may be left out becomes a need, and where a
pattern has too many possibilities, or any letter at all, none is given: a need may be missing, but it is
never wrong. `tests/routing/test_finding.py` holds this against the patterns themselves.

It walks the tree of the standard library's own parser. That has no public name, so an interpreter
without it finds no needs: everything is then found as before, only slower.
"""

from collections.abc import Sequence
from typing import Any

from routing.lexicon.text import KEY_CHARS

try:
    from re import _constants, _parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover - another interpreter
    _parser = None
else:
    _REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
    _CHARACTERS = (_constants.LITERAL, _constants.IN)

MOST_KEYS = 120  # of one need; beyond it the need says too little to be worth its memory
FEW_LETTERS = 10  # of a range that is taken apart
MOST_STEPS = 5_000  # of reading one need; a pattern that takes more is left without it

Needs = tuple[frozenset[str], ...]
Node = tuple[Any, Any]


class _Unknown(Exception):
    """The words that may stand here cannot be told."""


def needs_of(source: str) -> Needs:
    """Return the needs of a pattern on a folded sentence, in the order of the pattern."""
    if _parser is None:
        return ()
    nodes = _flat(_parser.parse(source))
    found = []
    begins = False
    for at, node in enumerate(nodes):
        if begins or _is_boundary(node):
            keys = _keys(nodes, at)
            if keys:
                found.append(keys)
        begins = _begins_after(node, begins)
    return tuple(dict.fromkeys(found))


def beyond_ascii(source: str) -> bool:
    """Return whether a pattern surely needs a character beyond ASCII, as those on Japanese do."""
    return _parser is not None and _beyond(_flat(_parser.parse(source)))


def _beyond(nodes: Sequence[Node]) -> bool:
    return any(
        value > 127
        if kind is _constants.LITERAL
        else kind is _constants.BRANCH and all(_beyond(_flat(branch)) for branch in value[1])
        for kind, value in nodes
    )


def _flat(tree: Sequence[Node]) -> list[Node]:
    """Return the nodes of a sequence with its plain groups opened."""
    nodes: list[Node] = []
    for kind, value in tree:
        if kind is _constants.SUBPATTERN:
            nodes += _flat(value[3])
        else:
            nodes.append((kind, value))
    return nodes


def _is_boundary(node: Node) -> bool:
    return node[0] is _constants.AT and node[1] is _constants.AT_BOUNDARY


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()


def _begins_after(node: Node, begins: bool) -> bool:
    """Return whether what follows `node` surely begins at a word's beginning."""
    kind, value = node
    if kind is _constants.LITERAL:
        return not _is_word(chr(value))
    if kind is _constants.IN:
        return all(member == (_constants.CATEGORY, _constants.CATEGORY_NOT_WORD) for member in value)
    if kind in _REPEATS:
        return _ends_open(_flat(value[2])) and (begins or value[0] > 0)
    if kind is _constants.BRANCH:
        return all(_ends_open(_flat(branch)) for branch in value[1])
    return begins and kind in (_constants.ASSERT, _constants.ASSERT_NOT)


def _ends_open(nodes: Sequence[Node]) -> bool:
    return bool(nodes) and _begins_after(nodes[-1], False)


def _keys(nodes: Sequence[Node], at: int) -> frozenset[str]:
    """Return the keys of the word that begins at a node, none when it cannot be told."""
    kind, value = nodes[at]
    if kind in _REPEATS and not value[0]:
        return frozenset()  # may be left out; what follows it is a need of its own
    try:
        found = _words(list(nodes[at:]))
    except _Unknown:
        return frozenset()
    return found if len(found) <= MOST_KEYS else frozenset()


def _words(nodes: list[Node]) -> frozenset[str]:
    """Return each beginning of a word that the nodes allow, complete or as long as a key."""
    found: set[str] = set()
    left = [(nodes, "")]
    for _ in range(MOST_STEPS):
        if not left:
            return frozenset(found)
        nodes, text = left.pop()
        if len(text) == KEY_CHARS:
            found.add(text)
            continue
        if not nodes:
            raise _Unknown  # whatever follows may go on with the word
        (kind, value), rest = nodes[0], nodes[1:]
        if kind not in _CHARACTERS and not _is_boundary(nodes[0]):
            left += [(branch + rest, text) for branch in _ways(kind, value)]
            continue
        characters = _characters(kind, value)
        left += [(rest, text + char) for char in characters if _is_word(char)]
        if not all(map(_is_word, characters)):
            # A sign ends the word, or stands before it: `.net`, `| please`.
            found.update([text] if text else [])
            left += [] if text else [(rest, "")]
    raise _Unknown


def _ways(kind: Any, value: Any) -> list[list[Node]]:
    """Return the sequences that a node stands for."""
    if kind is _constants.BRANCH:
        return [_flat(branch) for branch in value[1]]
    if kind in _REPEATS:
        least, most, body = value
        return [_flat(body) * times for times in range(least, min(most, least + KEY_CHARS) + 1)]
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [[]]
    raise _Unknown


def _characters(kind: Any, value: Any) -> list[str]:
    """Return the characters that a node stands for; a boundary ends a word as a sign does."""
    if kind is _constants.AT:
        return [" "]
    if kind is _constants.LITERAL:
        return [chr(value)]
    found: list[str] = []
    for member, what in value:
        if member is _constants.LITERAL:
            found.append(chr(what))
        elif member is _constants.RANGE and what[1] - what[0] < FEW_LETTERS:
            found += map(chr, range(what[0], what[1] + 1))
        else:
            raise _Unknown
    return found
