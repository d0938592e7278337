"""What the desk holds of a visitor: hand it out, erase it, and let it go when its time is over."""

from assistant.privacy.erasing import StillRunning, erase
from assistant.privacy.exporting import export

__all__ = ["StillRunning", "erase", "export"]
