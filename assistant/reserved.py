"""Conversation ids that are promised to a visitor before any row exists, with nothing stored.

An id is 64 random bits and a 64-bit HMAC of them with the visitor: to anybody else all 128 bits are
unpredictable, and the visitor can come back with it after a cut or a restart.
"""

import hashlib
import hmac
import secrets
from uuid import UUID

from django.conf import settings


def _seal(nonce: bytes, visitor_id: UUID) -> bytes:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"conversation" + nonce + visitor_id.bytes, hashlib.sha256).digest()[:8]


def reserve(visitor_id: UUID) -> UUID:
    """Return a new conversation id that only this visitor can open."""
    nonce = secrets.token_bytes(8)
    return UUID(bytes=nonce + _seal(nonce, visitor_id))


def is_reserved(conversation_id: UUID, visitor_id: UUID) -> bool:
    """Return whether `reserve` made this id for this visitor."""
    nonce, seal = conversation_id.bytes[:8], conversation_id.bytes[8:]
    return hmac.compare_digest(seal, _seal(nonce, visitor_id))
