"""The ASGI application: Django for HTTP, one socket for the chat."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # first: it sets Django up, which the imports below need

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from assistant.consumers import ChatConsumer  # noqa: E402
from assistant.forwarded import Forwarded  # noqa: E402

application = Forwarded(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": CookieMiddleware(URLRouter([path("ws/chat/", ChatConsumer.as_asgi())])),
        }
    ),
    settings.ENV.trusted_proxies,
)
