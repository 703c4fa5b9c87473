"""The node role: keeps keepalived's file as wanted, checked before it is installed, and tells the VRRP states."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.drilling import Drilling
from havip.fabric.linux.agent.keepalived import announced, complaint, rendered, version
from havip.fabric.linux.agent.netlink import Netlink
from havip.fabric.linux.agent.processes import Service
from havip.fabric.linux.agent.roles import AgentError, Findings, NotYet, Refused, as_sentence
from havip.fabric.linux.agent.state import StateDirectory, write_atomically
from havip.fabric.linux.agent.vrrp import NotifyFifo, States
from havip.fabric.linux.protocol import Document, DrillReport, NodeDocument, Software

logger = logging.getLogger("havip.agent")

_LOADED = "loaded.json"
_ADDRESSES = "addresses.json"
_HOLD = "hold"
_LONGEST_HOLD = 600.0
_LOOK_SECONDS = 1.0
_REVIVE_SECONDS = 5.0
_GONE_SECONDS = 3.0
_MANY_DEATHS = 4
_MANY_WITHIN = 60.0


class Node:
    """One instance with its keepalived."""

    def __init__(self, state: StateDirectory, directory: Path, service: Service) -> None:
        self._state = state
        self._service = service
        self._netlink = Netlink()
        self._version = _version_or_none()
        self._wanted: NodeDocument | None = None
        self._fifo = NotifyFifo(directory / "notify")
        self._states = States(state)
        if not service.is_running():
            self._states.all_stopped()  # whatever was told before this machine, or keepalived, went down
        self._drill = Drilling()
        self._look_at = 0.0
        self._revive_at = 0.0
        self._served: dict[str, str] = {}
        self._deaths: deque[float] = deque(maxlen=_MANY_DEATHS)
        self._trouble = ""

    def apply(self, wanted: Document) -> None:
        """Install the file if it is another one, and have keepalived serve it. A file that is refused changes nothing."""
        assert isinstance(wanted, NodeDocument)
        # Without a HaVip there is nothing for keepalived to do, so that it is missing must not keep anybody from unbinding.
        self._version = version() if wanted.havips else _version_or_none()
        before = self._noted()
        self._drill.take(wanted.drill)
        if wanted.havips:
            self._serve(wanted)
        else:
            self._states.expect({})
            self._withdraw()
        self._sweep(before - {havip.address for havip in wanted.havips} - _own(wanted))
        self._note({havip.address for havip in wanted.havips})
        self._wanted = wanted
        self._trouble = ""

    def _serve(self, wanted: NodeDocument) -> None:
        devices = self._devices(wanted)
        self._refuse_foreign(wanted)
        text = rendered(wanted, devices, self._fifo.path)
        if self._installed() != text:
            self._install(text)
            self._state.remove(_LOADED)
        self._note(self._noted() | {havip.address for havip in wanted.havips})
        self._states.expect({havip.id: havip.interface_id for havip in announced(wanted)})
        if self._held():
            self._rest()
            return
        digest = hashlib.sha256(text.encode()).hexdigest()
        if not self._service.is_running():
            self._start(wanted)
        elif self._state.read_json(_LOADED) != digest:
            # Noted afterwards: after a crash in between it is only told once more.
            self._service.reload()
        self._state.write_json(_LOADED, digest)
        self._served = devices
        self._drill.disturbed(since=0.0)

    def _refuse_foreign(self, wanted: NodeDocument) -> None:
        """A HaVip must not be an address that this machine has for itself: it would be taken away with the HaVip."""
        foreign = {havip.address for havip in wanted.havips} - self._noted()
        for each in self._netlink.addresses():
            if each.address in foreign:
                link = self._netlink.link_name(each.link)
                raise Refused(
                    f"{each.address} is on {link} already, and this agent has not put it there."
                )

    def _rest(self) -> None:
        """Have keepalived stand still, for a drill or whoever holds it."""
        since = time.time()
        if self._service.is_running():
            logger.info("keepalived is held")
            self._service.stop()
            self._listen()
        self._states.all_stopped()
        self._drill.disturbed(since=since if self._drill.disturbs else 0.0)

    def _start(self, wanted: NodeDocument) -> None:
        # A keepalived that was killed leaves its addresses behind.
        self._sweep({havip.address for havip in wanted.havips} - _own(wanted), patience=0)
        self._service.start()
        logger.info("keepalived %s is started", self._version)

    def _install(self, text: str) -> None:
        """Put the file in its place if keepalived has nothing against it."""
        target = self._service.configuration
        candidate = self._state.path / "keepalived.conf.candidate"
        write_atomically(candidate, text)
        try:
            objection = complaint(candidate, self._version)
        finally:
            candidate.unlink(missing_ok=True)
        if objection:
            raise Refused(objection)
        before = self._installed()
        write_atomically(target, text)
        try:
            self._service.check_place()
        except Refused:
            if before:
                write_atomically(target, before)
            else:
                target.unlink(missing_ok=True)
            raise

    def _installed(self) -> str:
        try:
            return self._service.configuration.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _devices(self, wanted: NodeDocument) -> dict[str, str]:
        """Return what the cards are called here: by their addresses, for names differ between machines."""
        links = {each.address: each.link for each in self._netlink.addresses()}
        devices = {}
        for havip in wanted.havips:
            link = links.get(havip.own_address)
            if link is None:
                raise NotYet(f"No link has the address {havip.own_address} yet.")
            devices[havip.interface_id] = self._netlink.link_name(link)
        return devices

    # --- Addresses that must not stay ---

    def _noted(self) -> set[str]:
        kept = self._state.read_json(_ADDRESSES)
        return {str(each) for each in kept} if isinstance(kept, list) else set()

    def _note(self, addresses: Iterable[str]) -> None:
        if set(addresses) != self._noted():
            self._state.write_json(_ADDRESSES, sorted(addresses))

    def _sweep(self, addresses: set[str], patience: float = _GONE_SECONDS) -> None:
        """See that addresses are gone: keepalived removes them; what it forgets is removed here."""
        deadline = time.monotonic() + patience
        while addresses:
            left = [each for each in self._netlink.addresses() if each.address in addresses]
            if not left:
                return
            if time.monotonic() >= deadline:
                for each in left:
                    logger.warning("%s was left behind and is removed", each.address)
                    self._netlink.remove_address(each)
                return
            time.sleep(0.02)

    def _withdraw(self) -> None:
        self._service.configuration.unlink(missing_ok=True)
        self._state.remove(_LOADED)
        self._service.withdraw()

    # --- Time ---

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Listen to the FIFO, and for keepalived's death."""
        found = {self._fifo.fd: self._listen}
        death = self._service.death()
        if death is not None:
            found[death] = self._died
        return found

    def _listen(self) -> None:
        self._states.told(self._fifo.read())

    def _died(self) -> None:
        self._listen()
        if not self._service.is_running():
            logger.warning("keepalived has ended")
            self._states.all_stopped()
            self._deaths.append(time.monotonic())
            self._revive_at = time.monotonic() + _REVIVE_SECONDS
            if self._wanted is not None:
                addresses = {each.address for each in self._wanted.havips}
                self._sweep(addresses - _own(self._wanted), patience=0)

    def tick(self) -> float:
        """Revive a keepalived that has died, obey a hold, and compare what was told with the network."""
        at = time.monotonic()
        if at >= self._look_at:
            self._look_at = at + _LOOK_SECONDS
            self._look(at)
        return min(max(self._look_at - at, 0.0), self._drill.tick() or _LOOK_SECONDS)

    def _look(self, at: float) -> None:
        wanted = self._wanted
        if wanted is None or not wanted.havips:
            return
        try:
            running = self._service.is_running()
            if self._held():
                self._rest()
                return
            if running:
                here = {each.address for each in self._netlink.addresses()}
                self._states.compare({each.id: each.address in here for each in wanted.havips})
                if self._devices(wanted) != self._served:
                    logger.warning("a card is called otherwise than before")
                    self._serve(wanted)
            else:
                self._states.all_stopped()
                if at < self._revive_at:
                    return
                self._revive_at = at + _REVIVE_SECONDS
                self._serve(wanted)
        except AgentError as error:
            if str(error) != self._trouble:
                logger.warning("%s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _often_dead(self) -> str:
        """Say so when keepalived ends again and again, although it can always be started."""
        if len(self._deaths) < _MANY_DEATHS or time.monotonic() - self._deaths[0] > _MANY_WITHIN:
            return ""
        return f"keepalived has ended {_MANY_DEATHS} times within {_MANY_WITHIN:.0f} s."

    def _held(self) -> bool:
        """Say whether keepalived is to stay stopped for now: for a drill, or because of the file `hold` in the state directory.

        Whoever administers this machine writes the time (seconds since 1970) until when into it. It ends by itself, ten
        minutes after the file was written at the latest.
        """
        if self._drill.disturbs:
            return True
        path = self._state.path / _HOLD
        try:
            written = path.stat().st_mtime
            until = float(path.read_text(encoding="ascii")[:32])
        except (OSError, ValueError):
            return False
        return time.time() < min(until, written + _LONGEST_HOLD)

    def findings(self) -> Findings:
        """Return the VRRP states, and how far a drill is."""
        report = self._drill.report()
        return Findings(
            Software(agent=AGENT_VERSION, keepalived=self._version),
            trouble=as_sentence(self._trouble) if self._trouble else self._often_dead(),
            vrrp=self._states.all(),
            drills=(report,) if report is not None else (),
        )

    def delivered(self, drills: Iterable[DrillReport]) -> None:
        """A node probes nothing, so it keeps no runs to be told again."""

    def close(self, *, teardown: bool) -> None:
        """End; keepalived goes on, unless everything is to go."""
        if teardown:
            try:
                self._withdraw()
                self._sweep(self._noted())
                for name in (_ADDRESSES, "vrrp.json"):
                    self._state.remove(name)
            except AgentError as error:
                logger.warning("not everything could be removed: %s", error)
        self._fifo.close()
        if teardown:
            self._fifo.path.unlink(missing_ok=True)
        self._netlink.close()


def _version_or_none() -> str:
    try:
        return version()
    except AgentError:
        return ""


def _own(wanted: NodeDocument) -> set[str]:
    """Return the node's own addresses, which are never touched."""
    return {card.private_ip for card in wanted.interfaces}
