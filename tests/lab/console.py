"""`bin/run --lab`, as a person would start it, and a look at its records and its network."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from havip.fabric.linux.lab.topology import Place, machine_of, router_of
from tests.consoles import EmbeddedConsole, eventually
from tests.lab.agent.network import Machine
from tests.lab.browser import Browser
from tests.lab.machine import inside

READY_WITHIN_SECONDS = 90.0
ADDRESS = "192.168.0.88"
PAGES = "/t/demo/dc-lab"


class LabConsole(EmbeddedConsole):
    """The embedded console with its lab."""

    ready_within_seconds = READY_WITHIN_SECONDS

    def __init__(self, directory: Path, **variables: str) -> None:
        super().__init__(directory, **variables)
        self.seconds_to_ready = 0.0

    @property
    def command(self) -> list[str]:
        return [*super().command, "--lab"]

    def start(self) -> None:
        began = time.monotonic()
        super().start()
        self.seconds_to_ready = time.monotonic() - began

    @property
    def place(self) -> Place:
        return Place.of(self.data)

    @property
    def supervisor(self) -> int:
        """The process that started the others."""
        return self._process.pid

    # --- records ---

    def ask(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Read the records."""
        with sqlite3.connect(f"file:{self.data}/console.sqlite3?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def one(self, query: str, *values: object) -> Any:
        """Return the first value of the first row; None where there is none."""
        rows = self.ask(query, *values)
        return next(iter(rows[0].values())) if rows else None

    def instance(self, name: str) -> str:
        return str(self.one("select resource_id from havip_instance where name = ?", name))

    @property
    def havip(self) -> str:
        return str(
            self.one("select resource_id from havip_havip where ip_address = ?", ADDRESS) or ""
        )

    @property
    def eip(self) -> str:
        return str(self.one("select ip_address from havip_eip order by id"))

    def holder(self) -> str:
        """Return the name of the instance that the console takes for the holder."""
        return str(
            self.one(
                "select i.name from havip_havip h join havip_instance i"
                " on i.resource_id = h.holder_id where h.ip_address = ?",
                ADDRESS,
            )
            or ""
        )

    def settled(self, within: float = 30.0) -> None:
        """Wait until no job is under way; each must have succeeded."""

        def none_left() -> bool:
            query = "select count(*) from jobs_job where state in ('queued', 'running')"
            return self.one(query) == 0

        eventually(none_left, "the jobs to end", within)
        failed = self.ask(
            "select kind, explanation, explanation_parameters from jobs_job where state = 'failed'"
        )
        assert not failed, failed

    def open_alerts(self) -> list[dict[str, Any]]:
        """Return what is wrong at the moment, as it is recorded."""
        return self.ask("select * from linux_alert where cleared_at is null")

    # --- network ---

    @property
    def router(self) -> str:
        return router_of(str(self.one("select resource_id from havip_vpc order by id")))

    def machine(self, name: str) -> str:
        """Return an instance's namespace."""
        return machine_of(self.instance(name))

    def card(self, name: str, number: int) -> Machine:
        """Return an instance with its primary card, as the tests of the agent take it."""
        query = (
            "select n.private_ip, n.mac_address from havip_networkinterface n"
            " join havip_instance i on i.id = n.instance_id"
            " where i.name = ? and n.interface_type = 'Primary'"
        )
        (card,) = self.ask(query, name)
        return Machine(number, self.machine(name), card["private_ip"], card["mac_address"])

    def from_outside(self, path: str = "") -> str:
        """Ask the EIP from the internet; empty when nobody answers at once."""
        ask = f"curl -s -m 1 http://{self.eip}/{path}"
        return inside(self.place.outside, ask, check=False).strip()

    def from_inside(self, name: str) -> str:
        """Ask the HaVip from an instance."""
        return inside(self.machine(name), f"curl -s -m 1 http://{ADDRESS}/", check=False).strip()


def moment(text: str) -> float:
    """Return a moment of the records in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Operator:
    """Does in the browser what the documents say."""

    def __init__(self, console: LabConsole) -> None:
        self._console = console
        self.browser = Browser(console.url, "admin")

    def create_havip(self) -> None:
        vswitch = self._console.one("select resource_id from havip_vswitch order by id")
        self.browser.submit(
            f"{PAGES}/havips/create/", vswitch_id=vswitch, ip_address=ADDRESS, name="web"
        )
        self._console.settled()

    def bind(self, name: str) -> None:
        self.browser.submit(f"{self._havip}/bind/", instance_id=self._console.instance(name))
        self._console.settled()

    def bind_interface(self, interface: str) -> None:
        path = f"{self._havip}/bind/"
        self.browser.submit(f"{path}?kind=NetworkInterface", interface_id=interface)
        self._console.settled()

    def create_interface(self, address: str) -> None:
        vswitch = self._console.one("select resource_id from havip_vswitch order by id")
        self.submit("interfaces/create/", vswitch_id=vswitch, private_ip=address)

    def attach(self, interface: str, name: str) -> None:
        instance = self._console.instance(name)
        self.submit(f"interfaces/{interface}/attach/", instance_id=instance)

    def submit(self, path: str, **values: str) -> None:
        """Send a form of the inventory, and wait for its job."""
        self.browser.submit(f"{PAGES}/{path}", **values)
        self._console.settled()

    def unbind(self, name: str, **values: str) -> None:
        self.browser.submit(f"{self._havip}/unbind/{self._console.instance(name)}/", **values)
        self._console.settled()

    def bind_eip(self) -> None:
        eip = self._console.one("select resource_id from havip_eip order by id")
        self.browser.submit(f"{self._havip}/bind-eip/", eip_id=eip)
        self._console.settled()

    def choose_timers(self, profile: str) -> None:
        self.browser.submit(f"{self._havip}/timers/", profile=profile)
        self._console.settled()

    def create_instance(self, name: str, address: str) -> None:
        vswitch = self._console.one("select resource_id from havip_vswitch order by id")
        self.submit(
            "instances/create/",
            vswitch_id=vswitch,
            name=name,
            network_type="vpc",
            private_ip=address,
        )

    def stop(self, name: str) -> None:
        """Stop an instance; does not wait for its job."""
        self.browser.submit(f"{PAGES}/instances/{self._console.instance(name)}/stop/")

    def start(self, name: str) -> None:
        self.browser.submit(f"{PAGES}/instances/{self._console.instance(name)}/start/")
        self._console.settled()

    def page(self) -> str:
        """Return the HaVip's page."""
        return self.browser.get(f"{self._havip}/")

    @property
    def _havip(self) -> str:
        return f"{PAGES}/havips/{self._console.havip}"
