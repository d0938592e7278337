"""The lines by which a proxy carries the desk, for those that are most in use. Pure.

Those of deploy/nginx/desk.conf and deploy/caddy/Caddyfile; tests hold them to these files, and most of
them to both servers with one directive broken at a time. Those for Apache are from its manual, and the page
says so.
"""

from dataclasses import dataclass

APACHE = "Apache (untested)"


@dataclass(frozen=True)
class Mend:
    """A line that is missing, and the file it belongs to."""

    where: str
    line: str


def mends_of(nginx: str = "", caddy: str = "", apache: str = "", env: str = "") -> tuple[Mend, ...]:
    """Return the line of each file that has one."""
    named = ((".env", env), ("nginx", nginx), ("Caddy", caddy), (APACHE, apache))
    return tuple(Mend(where, line) for where, line in named if line)


UPGRADE = mends_of(
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $desk_connection; "
    "proxy_http_version 1.1;",
    "reverse_proxy passes it on by itself: take out header_up Upgrade and header_up Connection",
    'ProxyPass "/ws/" "http://127.0.0.1:8001/ws/" upgrade=websocket',
)
PROTO = mends_of(
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "reverse_proxy sets it by itself: take out header_up -X-Forwarded-Proto",
    'RequestHeader set X-Forwarded-Proto "https"',
)
FOR = mends_of(
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "reverse_proxy sets it by itself: take out header_up -X-Forwarded-For",
    "ProxyAddHeaders On",
)
HOST = mends_of(
    "proxy_set_header Host $host;",
    "reverse_proxy passes it on by itself: take out header_up Host",
    "ProxyPreserveHost On",
)
BUFFERING = mends_of(
    "proxy_buffering off;",
    "flush_interval -1; take out response_buffers or, before 2.7, buffer_responses",
    'ProxyPass "/" "http://127.0.0.1:8001/" flushpackets=on',
)
SILENCE = mends_of(
    "proxy_read_timeout 75s;",
    "take out read_timeout and stream_timeout of reverse_proxy",
    "ProxyTimeout 75",
)
PACKED = mends_of(
    "gzip off;",
    "@packed not path /events/* /line-test/*  with  encode @packed gzip",
    'SetEnvIf Request_URI "^/(events|line-test)/" no-gzip=1',
)
HTTP2 = mends_of("listen 443 ssl http2;", "", "Protocols h2 http/1.1")
FRAMED = mends_of(
    "take out add_header X-Frame-Options, or add  proxy_hide_header X-Frame-Options;  for /embed/ alone",
    "take out header X-Frame-Options",
    "take out Header set X-Frame-Options",
)
POLICY = mends_of(
    "take out add_header Content-Security-Policy: the desk sends its own",
    "take out header Content-Security-Policy",
    "take out Header set Content-Security-Policy",
)
CERTIFICATE = mends_of(
    "certbot renew --force-renewal && nginx -s reload; ssl_certificate .../fullchain.pem",
    "Caddy renews by itself: look for the reason in its log, journalctl -u caddy",
    "SSLCertificateFile .../fullchain.pem",
)
REQUESTS = mends_of(
    "location / { proxy_pass http://desk_web; }",
    "reverse_proxy without a path in front, so for every one",
    'ProxyPass "/" "http://127.0.0.1:8001/"',
)
