"""Log lines on their way to stderr: through a bounded queue, so that a reader who stops reading stops nobody.

A pipe whose reader hangs is full after 64 KiB, and a write into it never returns; on the event loop that
would be the end of every chat. What finds no room is dropped and counted, and the next line written is the
count.
"""

import logging
import os
import queue
import threading

ROOM = 10_000  # lines: some two megabytes, and minutes of an ordinary desk's log
LAST_WORDS_S = 1.0  # how long the end of a process waits for its last lines
STDERR = 2  # the descriptor and not `sys.stderr`, whose lock a blocked thread would hold at the end


class QueuedStderr(logging.Handler):
    """Writes records to stderr from a thread of its own; never blocks who logs."""

    def __init__(self, room: int = ROOM) -> None:
        super().__init__()
        self.dropped = 0
        self._room = room
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lines: queue.Queue[str | None] = queue.Queue(self._room)
        self._writer: threading.Thread | None = None
        self._counting = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, formatted here: its arguments may change before it is written."""
        if os.getpid() != self._pid:  # forked: the thread stayed behind, and the queue's lock with it
            self._begin()
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="log", daemon=True)
            self._writer.start()
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            with self._counting:
                self.dropped += 1

    def close(self) -> None:
        """Write what is queued, unless nobody reads it."""
        writer = self._writer if os.getpid() == self._pid else None
        if writer is not None and writer.is_alive():
            try:
                self._lines.put(None, timeout=LAST_WORDS_S)
                writer.join(LAST_WORDS_S)
            except queue.Full:
                pass  # nobody has read a line for so long
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            _out(f"{line}\n")
            with self._counting:
                dropped, self.dropped = self.dropped, 0
            if dropped:
                _out(f"{dropped} lines of this log were dropped: nobody read it.\n")


def _out(text: str) -> None:
    data = text.encode(errors="backslashreplace")
    try:
        while data:
            data = data[os.write(STDERR, data) :]
    except OSError:
        return  # the reader is gone for good, and there is nowhere else to say so
