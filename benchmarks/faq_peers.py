"""The peers: what else one would take to find an FAQ entry, each in the setting that served it best.

All rank phrasings and give an entry its best one, but the rule of semantic-router. Packages that are not
installed are named by `missing`, never left out in silence; benchmarks/requirements.txt has them.
"""

import importlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.faq_asking import Ranking

Entries = Sequence[tuple[str, Sequence[str]]]
Rank = Callable[[str], Ranking]

ROWS = 50  # phrasings that are looked at for the ten best entries
ROUTER_ROWS = 5  # top_k of semantic-router's default configuration
_WORD = re.compile(r"\w+")


class Embeds(Protocol):
    """Whatever turns texts into unit vectors, one row each."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Peer:
    """A peer: the module it needs ("" for none beyond numpy), and how it is built."""

    name: str
    module: str
    build: Callable[[Entries], Rank]


def peers(embedder: Embeds | None) -> list[Peer]:
    """Return the peers in the order of the table; those over MiniLM only with an embedder."""
    found = [
        Peer("tantivy", "tantivy", tantivy),
        Peer("SQLite FTS5", "sqlite3", fts5),
        Peer("bm25s", "bm25s", bm25s),
        Peer("TF-IDF nearest", "sklearn", tfidf),
    ]
    if embedder is not None:
        found += [
            Peer("semantic-router's rule", "", lambda entries: router(entries, embedder)),
            Peer("MiniLM nearest", "", lambda entries: nearest(entries, embedder)),
        ]
    return found


def missing(peer: Peer) -> str:
    """Return in a few words what a peer lacks, "" when it can be measured."""
    try:
        if peer.module:
            importlib.import_module(peer.module)
    except ImportError as error:
        return f"not installed ({error.name})"
    return ""


def tantivy(entries: Entries) -> Rank:
    """Index the phrasings with tantivy, stemmed for English; any word of the question may match."""
    library = importlib.import_module("tantivy")
    texts, owners = rows(entries)
    schema = library.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="en_stem")
    schema.add_integer_field("row", stored=True)
    index = library.Index(schema.build())
    writer = index.writer()
    for row, text in enumerate(texts):
        writer.add_document(library.Document(text=text, row=row))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def rank(text: str) -> Ranking:
        words = _WORD.findall(text.lower())
        if not words:
            return []
        query = index.parse_query(" ".join(words), ["text"])
        hits = searcher.search(query, ROWS).hits
        return by_entry(((searcher.doc(at)["row"][0], score) for score, at in hits), owners)

    return rank


def fts5(entries: Entries) -> Rank:
    """Index the phrasings with SQLite FTS5, stemmed (porter), ranked by its bm25()."""
    texts, owners = rows(entries)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE phrasing USING fts5(text, tokenize='porter unicode61')")
    database.executemany("INSERT INTO phrasing (rowid, text) VALUES (?, ?)", enumerate(texts))

    def rank(text: str) -> Ranking:
        words = dict.fromkeys(_WORD.findall(text.lower()))
        found = database.execute(
            "SELECT rowid, -bm25(phrasing) FROM phrasing WHERE phrasing MATCH ? ORDER BY rank LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words) or '""', ROWS),
        )
        return by_entry(found, owners)

    return rank


def bm25s(entries: Entries) -> Rank:
    """Index the phrasings with bm25s, stemmed by PyStemmer as its documentation shows."""
    library = importlib.import_module("bm25s")
    stemmer = importlib.import_module("Stemmer").Stemmer("english")
    texts, owners = rows(entries)

    def split(some: list[str], *, ids: bool) -> Any:
        return library.tokenize(some, stopwords=None, stemmer=stemmer, show_progress=False, return_ids=ids)

    index = library.BM25()
    index.index(split(texts, ids=True), show_progress=False)

    def rank(text: str) -> Ranking:
        words = split([text], ids=False)[0]
        return best_rows(index.get_scores(words), owners) if words else []

    return rank


def tfidf(entries: Entries) -> Rank:
    """Rank phrasings by TF-IDF cosine over character grams within words (scikit-learn)."""
    library = importlib.import_module("sklearn.feature_extraction.text")
    texts, owners = rows(entries)
    vectorizer = library.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts).T.tocsr()
    return lambda text: best_rows((vectorizer.transform([text]) @ matrix).toarray()[0], owners)


def nearest(entries: Entries, embedder: Embeds) -> Rank:
    """Rank entries by the cosine of their nearest phrasing's sentence vector."""
    texts, owners = rows(entries)
    matrix = embedder.embed(texts)
    return lambda text: best_rows(matrix @ embedder.embed([text])[0], owners)


def router(entries: Entries, embedder: Embeds) -> Rank:
    """Rank entries by the mean similarity of those of the five nearest phrasings that are theirs.

    The rule of aurelio-labs/semantic-router with its defaults (top_k 5, aggregation "mean"), written
    anew over the same vectors.
    """
    texts, owners = rows(entries)
    matrix = embedder.embed(texts)

    def rank(text: str) -> Ranking:
        scores = matrix @ embedder.embed([text])[0]
        found: dict[str, list[float]] = {}
        for row in top(scores, ROUTER_ROWS):
            found.setdefault(owners[row], []).append(float(scores[row]))
        means = [(entry, sum(each) / len(each)) for entry, each in found.items()]
        return sorted(means, key=lambda pair: -pair[1])

    return rank


def rows(entries: Entries) -> tuple[list[str], list[str]]:
    """Return all phrasings, and the entry of each."""
    pairs = [(text, entry) for entry, phrasings in entries for text in phrasings]
    return [text for text, _ in pairs], [entry for _, entry in pairs]


def top(scores: NDArray[Any], count: int) -> list[int]:
    """Return the rows of the `count` highest scores, highest first."""
    count = min(count, len(scores))
    found = np.argpartition(-scores, count - 1)[:count]
    return [int(row) for row in found[np.argsort(-scores[found], kind="stable")]]


def best_rows(scores: NDArray[Any], owners: Sequence[str]) -> Ranking:
    """Return the entries of the highest scores above zero."""
    return by_entry(((row, float(scores[row])) for row in top(scores, ROWS) if scores[row] > 0), owners)


def by_entry(found: Iterable[tuple[int, float]], owners: Sequence[str]) -> Ranking:
    """Return each entry with its best score, from rows with scores, highest first."""
    best: dict[str, float] = {}
    for row, score in found:
        best.setdefault(owners[row], float(score))
    return list(best.items())
