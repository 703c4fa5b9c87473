"""Whether a lab's network is what its console's records say."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.topology import machine_of
from havip.fabric.linux.protocol import port_name
from tests.lab.console import ADDRESS, LabConsole
from tests.lab.machine import inside, run

_CARDS = (
    "select i.name, i.resource_id as instance, n.resource_id as card, n.private_ip, n.mac_address,"
    " b.state, b.slot from havip_instance i"
    " join havip_networkinterface n on n.instance_id = i.id and n.interface_type = 'Primary'"
    " left join havip_binding b on b.instance_id = i.id order by i.id"
)


def agree(console: LabConsole, within: float = 120.0, *, forger: str = "") -> float:
    """Wait until the network is as recorded; return the seconds that it took, fail with what still differs."""
    began = time.monotonic()
    while found := differences(console, forger=forger):
        assert time.monotonic() - began < within, "\n".join(found)
        time.sleep(0.2)
    return time.monotonic() - began


def differences(console: LabConsole, *, forger: str = "") -> list[str]:
    """Say where records, router and nodes differ; one sentence each. `forger` names who has the address by its own will."""
    # The network costs more to look at than the records: it is not looked at before these are at rest.
    return [*_of_jobs(console), *_of_agents(console)] or [
        *_of_router(console),
        *_of_nodes(console, forger),
    ]


def _bound(console: LabConsole) -> list[dict[str, Any]]:
    return [row for row in console.ask(_CARDS) if row["state"] is not None]


def _of_jobs(console: LabConsole) -> list[str]:
    found = [
        f"job {row['kind']} is {row['state']}"
        for row in console.ask(
            "select kind, state from jobs_job where state in ('queued', 'running')"
        )
    ]
    if console.one("select count(*) from jobs_joblock"):
        found.append("a lock is left")
    return found + [
        f"the binding of {row['name']} is {row['state']}"
        for row in _bound(console)
        if row["state"] != "bound"
    ]


def _of_agents(console: LabConsole) -> list[str]:
    """What is wanted of each agent is what it has on its disk, and what it reported."""
    query = (
        "select w.scope, w.version, a.applied_version, a.error from linux_wantedstate w"
        " join linux_agent a on a.scope = w.scope and a.revoked_at is null"
    )
    found = []
    for row in console.ask(query):
        kept = _read(console.place.agent_state(row["scope"]) / "wanted.json")
        versions = {row["version"], row["applied_version"], kept.get("version", 0)}
        if len(versions) > 1 or row["error"]:
            found.append(f"{row['scope']}: {row}, on its disk {kept.get('version')}")
    return found


def _of_router(console: LabConsole) -> list[str]:
    """The guard lets exactly the bound ports have the address; the EIP is mapped both ways, and is on the link."""
    bound = _bound(console)
    ports = {(port_name(row["card"]), row["mac_address"]) for row in bound}
    eip = console.one(
        "select e.ip_address from havip_eip e join havip_havip h on h.id = e.havip_id"
        " where e.status = 'InUse'"
    )
    wanted = {
        "havip_guard allowed": {(port, ADDRESS) for port, _mac in ports},
        "havip_guard owners": ports,
        "havip_guard havips": {ADDRESS},
        "havip_nat eip_to_havip": {(eip, ADDRESS)} if eip else set(),
        "havip_nat havip_to_eip": {(ADDRESS, eip)} if eip else set(),
    }
    listed = json.loads(inside(console.router, "nft -j list ruleset", check=False) or "{}")
    standing = {}
    for each in listed.get("nftables", []):
        body = each.get("set") or each.get("map")
        if body:
            members = {_member(element) for element in body.get("elem", [])}
            standing[f"{body['table']} {body['name']}"] = members
    found = [
        f"{name} holds {standing.get(name)}, and should hold {members}"
        for name, members in wanted.items()
        if standing.get(name) != members
    ]
    here = run(f"ip -n {console.router} -4 address show dev outside")
    if eip and f" {eip}/32 " not in here:
        found.append(f"{eip} is not on the router's link")
    return found


def _member(element: Any) -> Any:
    if isinstance(element, dict):
        element = element["concat"]
    return tuple(element) if isinstance(element, list) else element


def _of_nodes(console: LabConsole, forger: str) -> list[str]:
    """Bound nodes run one keepalived each, with the others as its peers; the others none; one of them has the address."""
    found, holders = [], []
    bound = {row["name"]: row for row in _bound(console)}
    for row in console.ask(_CARDS):
        name, space = row["name"], machine_of(row["instance"])
        files = console.place.agent_state(f"node:{row['instance']}") / "keepalived"
        running = len(namespaces.processes_in([space], "keepalived"))
        if running != (2 if name in bound else 0):
            found.append(f"{name} has {running} processes of keepalived")
        peers = {each["private_ip"] for other, each in bound.items() if other != name}
        found += _of_file(name, files, peers if name in bound else None)
        if f" {ADDRESS}/" in run(f"ip -n {space} -4 address show") and name != forger:
            holders.append(name)
    recorded = console.holder()
    if bound and (len(holders) != 1 or holders[0] not in bound or holders[0] != recorded):
        found.append(f"the address is at {holders}, recorded at {recorded!r}")
    if not bound and holders:
        found.append(f"the address is at {holders}")
    return found


def _of_file(name: str, files: Path, peers: set[str] | None) -> list[str]:
    file = files / "keepalived.conf"
    if peers is None:
        return [f"{name} has a file for keepalived"] if file.exists() else []
    try:
        text = file.read_text()
    except OSError:
        return [f"{name} has no file for keepalived"]
    block = re.search(r"unicast_peer \{([^}]*)\}", text)
    told = set(block[1].split()) if block else set()
    found = []
    if peers and told != peers:
        found.append(f"{name}'s file has the peers {told}, and should have {peers}")
    if f"        {ADDRESS}\n" not in text:
        found.append(f"{name}'s file lacks the address")
    if _read(files.parent / "loaded.json") != hashlib.sha256(text.encode()).hexdigest():
        found.append(f"{name}'s keepalived was not told of its file")
    return found


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
