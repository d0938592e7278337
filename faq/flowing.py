"""Groups questions into flows: what is asked in other words is one, by the nearness of sentence vectors.

Pure. Greedy: each question joins the flow whose centre is nearest, if that is near enough, and begins one
otherwise; once all have one, each goes to the centre that is nearest then. The order is that of `ordered`,
by volume and text, so the order in which a file holds its questions changes nothing.

The thresholds are measured on BANKING77 and CLINC150 (benchmarks/faq_flows.py, docs/benchmarks.md): below
them two intents share a flow much more often, above them one intent falls into many small flows and the
mutual information with the intents gains nothing. Joining flows by the nearness of their centres, and letting
the densest questions lead, were tried as well: both have one large flow swallow its neighbours.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from faq.normalize import normalize
from faq.terms import content, stem

LIKE = 0.60  # cosine of sentence vectors
LIKE_IN_WORDS = 0.50  # cosine of `word_vectors`, where there is no sentence model
BATCH = (
    256  # questions that are held against the same centres: a matter of speed, and fixed for repeatability
)
WORD_DIM = 512  # places into which words and their pieces are hashed
_ROWS_AT_ONCE = 4096

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]


def ordered(texts: Sequence[str], weights: Sequence[int]) -> list[int]:
    """Return the places of `texts` in the order in which they are grouped: most frequent first."""
    return sorted(range(len(texts)), key=lambda place: (-weights[place], _spread(texts[place]), texts[place]))


def _spread(text: str) -> int:
    """Return a number that scatters texts: by the alphabet, all that begin with "can I" would lead first."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


class Grouping:
    """Questions on their way into flows, batch by batch; `flow` may come from an earlier process.

    `vectors` float32 [n, dim] of length 1, in the order of `ordered`; takes their memory twice.
    """

    def __init__(
        self, vectors: Floats, weights: Sequence[int], like: float, flow: Sequence[int] | None = None
    ) -> None:
        self._vectors, self._like = vectors, like
        self._weights = np.asarray(weights, np.float64)
        self.flow: Numbers = np.asarray([] if flow is None else flow, np.int32)
        self._sums = _sums(vectors[: len(self.flow)], self._weights[: len(self.flow)], self.flow)
        self._centres = _of_length_one(self._sums)

    @property
    def done(self) -> int:
        """Return how many questions have a flow."""
        return len(self.flow)

    def step(self) -> bool:
        """Give the next BATCH of questions their flows; return whether there are more."""
        start = self.done
        batch = self._vectors[start : start + BATCH]
        known = len(self._centres)
        near = batch @ self._centres.T if known else np.zeros((len(batch), 0), np.float32)
        fresh: list[int] = []
        found = [self._flow_of(batch, row, near[row], known, fresh) for row in range(len(batch))]
        self.flow = np.concatenate([self.flow, np.asarray(found, np.int32)])
        self._learn(batch, self._weights[start : start + len(batch)], found)
        return self.done < len(self._vectors)

    def _flow_of(self, batch: Floats, row: int, near: Floats, known: int, fresh: list[int]) -> int:
        """Return the flow of one question; `fresh` are the rows of this batch that have begun one."""
        best, likeness = -1, self._like
        if known and near.max() >= likeness:
            best = int(near.argmax())
            likeness = float(near[best])
        if fresh:
            among = batch[fresh] @ batch[row]
            if among.max() >= likeness:
                best = known + int(among.argmax())
        if best < 0:
            fresh.append(row)
            return known + len(fresh) - 1
        return best

    def _learn(self, batch: Floats, weights: NDArray[np.float64], found: Sequence[int]) -> None:
        more = max(found, default=-1) + 1 - len(self._sums)
        if more > 0:
            self._sums = np.vstack([self._sums, np.zeros((more, batch.shape[1]))])
            self._centres = np.vstack([self._centres, np.zeros((more, batch.shape[1]), np.float32)])
        np.add.at(self._sums, found, batch * weights[:, None])
        touched = sorted(set(found))
        self._centres[touched] = _of_length_one(self._sums[touched])

    def settled(self, between: Callable[[], None] = lambda: None) -> list[list[int]]:
        """Return the flows, largest weight first, each with its questions, the most central one first.

        Call it once all questions have a flow. `between` is called every second or so of a large one.
        """
        flow, likeness = self._nearest(self._centres, between)
        centres = _of_length_one(_sums(self._vectors, self._weights, flow))
        own = np.einsum("ij,ij->i", self._vectors, centres[flow]) if len(flow) else likeness
        members: dict[int, list[int]] = {}
        for place in range(len(flow)):
            members.setdefault(int(flow[place]), []).append(place)
        for places in members.values():
            places.sort(key=lambda place: (-round(float(own[place]), 6), place))
        return sorted(members.values(), key=lambda places: (-self._weights[places].sum(), min(places)))

    def _nearest(self, centres: Floats, between: Callable[[], None]) -> tuple[Numbers, Floats]:
        flow = np.zeros(len(self._vectors), np.int32)
        likeness = np.zeros(len(self._vectors), np.float32)
        for start in range(0, len(self._vectors), _ROWS_AT_ONCE):
            near = self._vectors[start : start + _ROWS_AT_ONCE] @ centres.T
            flow[start : start + len(near)] = near.argmax(axis=1)
            likeness[start : start + len(near)] = near.max(axis=1)
            between()
        return flow, likeness


def group(vectors: Floats, weights: Sequence[int], like: float) -> list[list[int]]:
    """Return the flows of all questions at once; see Grouping.settled."""
    if not len(vectors):
        return []
    grouping = Grouping(vectors, weights, like)
    while grouping.step():
        pass
    return grouping.settled()


def _sums(vectors: Floats, weights: NDArray[np.float64], flow: Numbers) -> NDArray[np.float64]:
    sums = np.zeros((int(flow.max()) + 1 if len(flow) else 0, vectors.shape[1]))
    np.add.at(sums, flow, vectors * weights[:, None])
    return sums


def _of_length_one(rows: NDArray[np.float64]) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def word_vectors(texts: Sequence[str]) -> Floats:
    """Return float32 [len(texts), WORD_DIM] of length 1 from words alone, rare ones counting more.

    The stand-in for sentence vectors: it sees the same words and parts of words, never the same meaning.
    """
    features = [Counter(_features(text)) for text in texts]
    seen = Counter(feature for each in features for feature in each)
    rows = np.zeros((len(texts), WORD_DIM), np.float32)
    for row, each in enumerate(features):
        for feature, times in each.items():
            hashed = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
            sign = 1.0 if hashed & 1 else -1.0
            rarity = float(np.log(1 + len(texts) / seen[feature]))
            rows[row, (hashed >> 1) % WORD_DIM] += sign * times * rarity * (0.3 if feature[0] == "#" else 1.0)
    return _of_length_one(rows.astype(np.float64))


def _features(text: str) -> Iterator[str]:
    words = normalize(text).split()
    for word in content(words) or words:
        yield stem(word)
        padded = f"{word}_"
        for at in range(len(padded) - 2):
            yield "#" + padded[at : at + 3]
