"""Who talks inside a frame of another site, and what may speak against it while the line is open. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assistant.languages import translatable
from assistant.origins import parts_of
from assistant.protocol import FrameError

SWITCHED_OFF = translatable("The chat is switched off on this site.")
UNLISTED = translatable("This chat is not available on this site any more.")
SIGNED_OUT = translatable("You have been signed out here; load the page again.")


@dataclass(frozen=True)
class Guest:
    """By what a visitor is in an embedded chat.

    `around` is the origin of the page that shows the frame, "" where it is not known or there is none; `kid`
    names the secret by which the site has vouched for a person, "" for nobody.
    """

    site: str
    around: str = ""
    kid: str = ""
    language: str = ""


@dataclass(frozen=True)
class Standing:
    """What holds now: the origins of each site that is on, and the secrets that are not out of use."""

    origins: Mapping[str, tuple[str, ...]]
    secrets: frozenset[str] = frozenset()

    def against(self, guest: Guest) -> FrameError | None:
        """Return why a visitor may not be there (any more), None where nothing speaks against it."""
        origins = self.origins.get(guest.site)
        if origins is None:
            return FrameError("refused", SWITCHED_OFF)
        if guest.around and not lists(origins, guest.around):
            return FrameError("refused", UNLISTED)
        if guest.kid and guest.kid not in self.secrets:
            return FrameError("sign_in", SIGNED_OUT)
        return None


def lists(origins: Collection[str], origin: str) -> bool:
    """Return whether an origin is one of a list, by scheme, host and port."""
    given = parts_of(origin)
    return given is not None and given in {parts_of(known) for known in origins}
