"""Public question sets, each with the questions that phrasings are drawn from and those that are asked.

An intent is an FAQ entry and its training questions are the phrasings. Nothing here is part of the
project: the files are read from a folder that the caller names, and recognised by their names.

    banking77_train.csv, banking77_test.csv     PolyAI-LDN/task-specific-datasets, CC BY 4.0
    clinc150_train_val.json or data_full.json   clinc/oos-eval, CC BY 3.0
    hwu64_train.csv, hwu64_test.csv             xliuhw/NLU-Evaluation-Data, CC BY 4.0
    curekart_, powerplay11_, sofmattress_ with train.csv and test.csv    hellohaptik/HINT3, ODbL

Where an official test part is in the folder it is what is asked. Otherwise a fixed part of the
questions is kept for asking and is never a phrasing, nor part of what `tuning_part` gives away.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

Pairs = list[tuple[str, str]]  # text, entry; "" is no entry

HELD_SHARE = 0.25  # of an intent's questions are asked where there is no official test part,
HELD_MOST = 40  # and no more than the official test part of BANKING77 has of each
CLINC_OUTSIDE = 0.18  # of what CLINC150 asks: its official test part has 1,000 of 5,500

HINT3 = ("curekart", "powerplay11", "sofmattress")
NO_ENTRY = {"oos", "NO_NODES_DETECTED"}  # what CLINC150 and HINT3 call a question without an answer
TEXT_COLUMNS = ("text", "sentence", "answer_from_anno")
LABEL_COLUMNS = ("category", "label", "intent")


@dataclass(frozen=True)
class QuestionSet:
    """Questions with their entries: where phrasings come from, what is asked, what lies outside.

    `spare` lies outside as well and is never asked, so that it may be tuned on. `outside_share` is the
    part of all asked questions that lie outside; None takes all that there are.
    """

    name: str
    phrasings: Pairs
    asked: Pairs
    outside: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    outside_share: float | None = None
    official: bool = False


class SetMissing(Exception):
    """The folder lacks a question set; the message says which."""


def read(folder: Path, names: Iterable[str] = ("banking77", "clinc150")) -> list[QuestionSet]:
    """Return the named sets, or raise SetMissing. `available` gives the names that a folder has."""
    found = []
    for name in names:
        if name not in READERS:
            raise SetMissing(f"There is no set {name}; known are {', '.join(READERS)}.")
        lack = [wanted for wanted in FILES[name] if not any((folder / file).is_file() for file in wanted)]
        if lack:
            files = " and ".join(" or ".join(wanted) for wanted in lack)
            raise SetMissing(f"{folder} lacks {files}: docs/benchmarks.md says where to get it.")
        found.append(READERS[name](folder, name))
    return found


def available(folder: Path) -> list[str]:
    """Return the names of the sets whose files are all in `folder`."""
    return [
        name
        for name, wanted in FILES.items()
        if all(any((folder / file).is_file() for file in files) for files in wanted)
    ]


def tuning_part(questions: QuestionSet) -> QuestionSet:
    """Return a set for fitting: it asks a part of the phrasings, and nothing that `questions` asks."""
    kept, asked = hold_out(questions.phrasings, salt="tuning")
    return replace(questions, phrasings=kept, asked=asked, outside=questions.spare, spare=(), official=False)


def hold_out(pairs: Pairs, salt: str = "asked") -> tuple[Pairs, Pairs]:
    """Return what is kept and what is asked: a quarter of each intent, at most 40, by hash of the text."""
    groups: dict[str, list[str]] = defaultdict(list)
    for text, entry in pairs:
        groups[entry].append(text)
    kept: Pairs = []
    asked: Pairs = []
    for entry, texts in sorted(groups.items()):
        texts.sort(key=lambda text: hashlib.sha256(f"{salt}:{text}".encode()).digest())
        cut = min(HELD_MOST, int(len(texts) * HELD_SHARE))
        asked += [(text, entry) for text in texts[:cut]]
        kept += [(text, entry) for text in texts[cut:]]
    return kept, asked


def read_table(path: Path) -> Pairs:
    """Return text and entry of each row of a CSV in one of the three published layouts."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        rows = csv.DictReader(file, delimiter=";" if head.count(";") > head.count(",") else ",")
        names = rows.fieldnames or ()
        text = next((name for name in TEXT_COLUMNS if name in names), None)
        label = next((name for name in LABEL_COLUMNS if name in names), None)
        if text is None or label is None:
            raise SetMissing(f"{path} has no columns of a known layout, but {', '.join(names)}.")
        return [(row[text], _entry(row, label)) for row in rows if row[text]]


def _entry(row: dict[str, str], label: str) -> str:
    if row[label] in NO_ENTRY:
        return ""
    return f"{row['scenario']}_{row[label]}" if "scenario" in row else row[label]


def _tables(folder: Path, name: str) -> QuestionSet:
    train = read_table(folder / f"{name}_train.csv")
    test = folder / f"{name}_test.csv"
    official = test.is_file()
    phrasings, questions = (train, read_table(test)) if official else hold_out(train)
    return QuestionSet(
        name,
        [pair for pair in phrasings if pair[1]],
        [pair for pair in questions if pair[1]],
        outside=tuple(text for text, entry in questions if not entry),
        official=official,
    )


def _clinc(folder: Path, name: str) -> QuestionSet:
    full = folder / "data_full.json"
    official = full.is_file()
    path = full if official else folder / "clinc150_train_val.json"
    data: dict[str, list[list[str]]] = json.loads(path.read_text(encoding="utf-8"))

    def outside(part: str) -> tuple[str, ...]:
        return tuple(text for text, _ in data[part])

    return QuestionSet(
        name,
        [(text, entry) for text, entry in data["train"]],
        [(text, entry) for text, entry in data["test" if official else "val"]],
        outside=outside("oos_test" if official else "oos_val"),
        spare=outside("oos_train") + (outside("oos_val") if official else ()),
        outside_share=CLINC_OUTSIDE,
        official=official,
    )


# Of each set the files that it needs; of one group any does.
FILES: dict[str, tuple[tuple[str, ...], ...]] = {
    "banking77": (("banking77_train.csv",),),
    "clinc150": (("clinc150_train_val.json", "data_full.json"),),
    "hwu64": (("hwu64_train.csv",),),
    **{name: ((f"{name}_train.csv",), (f"{name}_test.csv",)) for name in HINT3},
}
READERS = {name: _clinc if name == "clinc150" else _tables for name in FILES}
