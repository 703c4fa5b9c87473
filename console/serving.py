"""How gunicorn serves the console (``gunicorn -c python:console.serving``), embedded and in production.

Address, number of workers and threads come from the command line. A module of settings: gunicorn reads the
names below.
"""

from __future__ import annotations

import os
from typing import Any

from console.lifeline import die_with_parent
from console.settings.logs import configure

_PRODUCTION = "console.settings.production"

wsgi_app = "console.wsgi:application"
worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True
graceful_timeout = 10
timeout = 60
# Clients keep connections for their next request; one that is closed under their hands looks like a lost answer to them.
keepalive = 75
# SDKs of the cloud put all parameters of a request into its query: as long a line as gunicorn can be told to read.
limit_request_line = 8190
# Who may say that a request came in over TLS (X-Forwarded-Proto).
forwarded_allow_ips = os.environ.get("HAVIP_TRUSTED_PROXIES", "127.0.0.1,::1").replace("none", "")
logconfig_dict = configure(
    os.environ.get("HAVIP_LOG_LEVEL", "INFO").upper(),
    json=os.environ.get("DJANGO_SETTINGS_MODULE", _PRODUCTION) == _PRODUCTION,
)
# The path without its query: a query may carry a signature.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms %({x-request-id}o)s'


def post_fork(server: Any, worker: Any) -> None:
    """End a worker together with the process that forked it."""
    del server
    die_with_parent(worker.ppid)
