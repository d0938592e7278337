"""The ASGI application: Django for HTTP, one socket for the chat, and what stands in for it where blocked."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # first: it sets Django up, which the imports below need

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from assistant import event_stream  # noqa: E402
from assistant.admission import EVENTS_PATH  # noqa: E402
from assistant.consumers import chat_socket  # noqa: E402
from assistant.forwarded import Forwarded  # noqa: E402
from assistant.line_tests import LineTests  # noqa: E402


async def web(scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to Django, or past it: a stream must not hold one of its threads."""
    await (event_stream.event_stream if scope["path"] == EVENTS_PATH else http)(scope, receive, send)


application = LineTests(
    Forwarded(
        ProtocolTypeRouter(
            {
                "http": web,
                "websocket": chat_socket,
            }
        ),
        settings.ENV.trusted_proxies,
    )
)
