"""What the log leaves out."""

import logging


class BriefRefusals(logging.Filter):
    """Keeps a refused request to its one line.

    A 403 or 404 is an answer and not a fault of the program, so where it was raised helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop the traceback of a record about an answer with a 4xx status; let every record through."""
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True
