"""The scripts beside the dialogs, run as they stand: they do what the dialog would have done."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

import pytest

from tests.consoles import PASSWORD, eventually
from tests.contract.conftest import REGION, Site
from tests.contract.driving import PYTHON

pytestmark = pytest.mark.contract


class Reader:
    """A person who is signed in and copies scripts, and the keys with which they are run."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.base = f"http://{site.endpoint}"
        self.pages = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        words = ("--team", "demo", "--role", "operator", "--kind", "rest", "--json")
        made = json.loads(site.console.manage("create_api_key", *words).stdout.splitlines()[-1])
        self.bearer = f"{made['id']}.{made['secret']}"
        self._sign_in()

    def _sign_in(self) -> None:
        page = self._page("/sign-in/")
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page))
        fields = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
        address = f"{self.base}/sign-in/"
        request = urllib.request.Request(
            address, urllib.parse.urlencode(fields).encode(), {"Referer": address}
        )
        with self.pages.open(request, timeout=30) as answer:
            assert answer.url != address, "the password was refused"

    def _page(self, path: str) -> str:
        with self.pages.open(self.base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def scripts(self, path: str, **chosen: str) -> list[str]:
        """Return what stands in the blocks of a page: curl, Python, Terraform."""
        query = f"?{urllib.parse.urlencode(chosen)}" if chosen else ""
        shown = self._page(f"/t/demo/{REGION}/{path}{query}")
        blocks = [
            html.unescape(each) for each in re.findall(r"<code>(.*?)</code>", shown, re.DOTALL)
        ]
        assert len(blocks) == 3
        return blocks

    def run(self, *command: str) -> str:
        """Run a script with the keys in its environment, and nothing else of them."""
        keys = {
            "HAVIP_API_KEY": self.bearer,
            "HAVIP_ACCESS_KEY_ID": self.site.key.id,
            "HAVIP_ACCESS_KEY_SECRET": self.site.key.secret,
        }
        done = subprocess.run(
            command,
            env={**os.environ, **keys},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def rest(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the REST API."""
        request = urllib.request.Request(
            f"{self.base}/api/v1/regions/{REGION}/{path}",
            json.dumps(body).encode() if body else None,
            {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=90) as answer:
            content = answer.read()
            return json.loads(content) if content else None

    def until(self, havip: str, status: str) -> None:
        """Wait until the HaVip has this status."""
        eventually(
            lambda: self.rest("GET", f"havips/{havip}")["status"] == status,
            f"{havip} to be {status}",
        )


def test_what_stands_beside_the_dialogs_works(site: Site) -> None:
    reader = Reader(site)
    vpc = reader.rest("POST", "vpcs?wait=60", {"cidr_block": "172.16.0.0/12"})["id"]
    network = {"vpc_id": vpc, "cidr_block": "172.16.9.0/24"}
    vswitch = reader.rest("POST", "vswitches?wait=60", network)["id"]
    node = reader.rest("POST", "instances?wait=60", {"vswitch_id": vswitch, "name": "node"})["id"]

    name = "it's “mine” $HOME"
    chosen = {"vswitch_id": vswitch, "name": name, "tags": "env=test"}
    curl, python, _ = reader.scripts("havips/create/snippets/", **chosen)
    made = json.loads(reader.run("bash", "-c", curl))
    assert (made["name"], made["status"], made["tags"]) == (name, "Available", {"env": "test"})
    reader.rest("DELETE", f"havips/{made['id']}?wait=60")
    havip = reader.run(str(PYTHON), "-c", python)
    made = reader.rest("GET", f"havips/{havip}")
    assert (made["name"], made["tags"]) == (name, {"env": "test"})
    reader.until(havip, "Available")

    chosen = {"kind": "EcsInstance", "instance_id": node}
    curl, python, _ = reader.scripts(f"havips/{havip}/bind/snippets/", **chosen)
    assert json.loads(reader.run("bash", "-c", curl))["status"] == "InUse"
    reader.rest("POST", f"havips/{havip}/unbind-instance?wait=60", {"instance_id": node})
    reader.run(str(PYTHON), "-c", python)
    reader.until(havip, "InUse")

    curl, python, _ = reader.scripts(f"havips/{havip}/snippets/")
    assert json.loads(reader.run("bash", "-c", curl))["id"] == havip
    assert reader.run(str(PYTHON), "-c", python).startswith(f"{made['ip_address']} InUse")

    # The team's quota is needed by others.
    reader.rest("POST", f"havips/{havip}/unbind-instance?wait=60", {"instance_id": node})
    reader.rest("DELETE", f"havips/{havip}?wait=60")
