"""`bin/run --lab`, as a person would start it, and a look at its records and its network."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.lifeline import lives
from havip.fabric.linux.lab.topology import Place, machine_of, router_of
from tests.consoles import EmbeddedConsole, eventually
from tests.lab.agent.network import Machine, within
from tests.lab.browser import Browser
from tests.lab.machine import run
from tests.lab.watch import name_at

READY_WITHIN_SECONDS = 240.0
_END_WITHIN_SECONDS = 120.0
_DATABASE_BUSY_SECONDS = 60.0
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

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code. All parts of a lab together may take more time than those of a console."""
        os.killpg(self.supervisor, signal.SIGINT)
        return self._process.wait(_END_WITHIN_SECONDS)

    def kill(self) -> None:
        """End the supervisor with kill -9, and see what is tied to it gone: only the network stays.

        The kernel ends those one after the other; on a busy machine the last ones still hold the port for a while.
        """
        tied = [int(pid) for pid in run(f"pgrep -P {self.supervisor}", check=False).split()]
        super().kill()
        eventually(
            lambda: not self.processes() and not any(lives(pid) for pid in tied),
            "the processes of a killed console to end",
        )

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
        place = f"file:{self.data}/console.sqlite3?mode=ro"
        # Whoever comes first after a sudden end, or leaves last, has the records for itself for a moment.
        with sqlite3.connect(place, uri=True, timeout=_DATABASE_BUSY_SECONDS) as database:
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

    def settled(self, within: float = 120.0) -> None:
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

    def from_outside(self) -> str:
        """Ask the EIP from the internet; empty when nobody answers at once."""
        return _asked(self.place.outside, self.eip)

    def from_inside(self, name: str) -> str:
        """Ask the HaVip from an instance."""
        return _asked(self.machine(name), ADDRESS)


def _asked(namespace: str, address: str) -> str:
    """Return who answers at an address within a namespace; empty for nobody, also where there is no such namespace.

    A second is for the connection, which needs no process. A web server that has accepted may take its time.
    """
    try:
        return within(namespace, lambda: name_at(address, accepted_within=1, answered_within=10))
    except OSError:
        return ""


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
