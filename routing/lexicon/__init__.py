"""The word lists behind the signals, one module a topic.

All patterns run on folded words (see `routing.lexicon.text`), and none has an unbounded repeat, so
a match attempt costs a bounded number of steps and reading a message is linear in its length.
"""
