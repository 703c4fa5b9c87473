"""A signed request that comes to several processes at once is carried out by one of them, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, connections
from django.test import Client

from console.teams.keys import make_key
from console.teams.roles import Role
from havip.rpc.models import UsedNonce
from tests.cast import Cast, principal
from tests.havip.rpc.clients import Key, Sent, Wish, new_python, pop_core_get
from tests.races.conftest import PATIENCE_SECONDS

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parent.parent.parent
# No action of this name is there: what gets so far was accepted as a request.
ACCEPTED = "InvalidApi.NotFound"
OTHER_PROCESS = """
import json, sys
import django
django.setup()
from django.test import Client
from tests.havip.rpc.clients import Sent
words = json.loads(sys.argv[1])
sent = Sent(words["method"], words["query"], words["headers"])
client = Client()
client.handler.load_middleware()
print("ready", flush=True)
sys.stdin.readline()
print(sent.to(client).code, flush=True)
"""


@pytest.fixture
def key(cast: Cast) -> Key:
    made, secret = make_key(
        principal=principal(cast.alpha, Role.OWNER), kind="rpc", role="operator", label="races"
    )
    return Key(made.key_id, secret)


def database_url() -> str:
    """Return the URL of the database that this test works in."""
    described = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{described['NAME']}"
    login = f"{described['USER']}:{quote(described['PASSWORD'])}@" if described["USER"] else ""
    place = f"{described['HOST']}:{described['PORT']}"
    patience = f"connect_timeout={PATIENCE_SECONDS}"
    return f"postgresql://{login}{place}/{described['NAME']}?{patience}"


def other_process(sent: Sent) -> subprocess.Popen[str]:
    """Start a console process that sends itself this request once it is told to."""
    words = json.dumps({**asdict(sent), "body": ""})
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings.test",
        "HAVIP_TEST_DATABASE_URL": database_url(),
    }
    return subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("send", [new_python, pop_core_get], ids=["V3", "V1"])
def test_one_request_to_four_processes_and_this_one(send: object, key: Key) -> None:
    sent = send(Wish(key, "Nothing"))  # type: ignore[operator]
    processes = [other_process(sent) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = Counter(
            process.communicate(timeout=PATIENCE_SECONDS)[0].strip() for process in processes
        )
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert said == {ACCEPTED: 1, "SignatureNonceUsed": 3}
    assert sent.to(Client()).code == "SignatureNonceUsed"
    assert UsedNonce.objects.count() == 1


def test_one_request_from_twenty_threads(key: Key) -> None:
    sent = new_python(Wish(key, "Nothing"))
    barrier = threading.Barrier(20, timeout=PATIENCE_SECONDS)
    said: list[str] = []

    def repeat() -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            said.append(sent.to(Client()).code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=repeat) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(said) == {ACCEPTED: 1, "SignatureNonceUsed": 19}
