"""Many rows for tests of scale and for benchmarks: as many as no operation would make in good time, written straight into the tables."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from havip.models import (
    Binding,
    Eip,
    HaVip,
    Instance,
    PrivateAddress,
    Tag,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from tests.cast import REGION, World

# A vSwitch of this size holds 4,000 HaVips, and a VPC of that size as many of them as are needed.
_VPC_BLOCK, _FIRST_NETWORK, _PREFIX = "10.0.0.0/8", 10 << 24, 20
_PER_VSWITCH = 4000
_BATCH = 2000


class Crowd:
    """The resources of a team in a region, which grow: HaVips, every tenth of them bound and tagged, vSwitches and EIPs."""

    def __init__(self, world: World) -> None:
        self.team = world.team
        self._nodes = list(Instance.objects.filter(resource_id__in=(world.ecs1, world.ecs2)))
        self._vpc = Vpc.objects.create(
            **self._common(), name="crowded", cidr_block=_VPC_BLOCK, status="Available"
        )
        self._havips = 0
        self._vswitches: list[VSwitch] = []
        self._eips = 0

    def grow(self, *, havips: int, others: int) -> None:
        """Write rows until there are so many HaVips, and so many vSwitches and EIPs (at least what the HaVips need)."""
        self._grow_vswitches(max(others, -(-havips // _PER_VSWITCH)))
        self._grow_havips(havips)
        self._grow_eips(others)

    def _common(self) -> dict[str, Any]:
        return {"team": self.team, "region": REGION}

    def _grow_vswitches(self, wanted: int) -> None:
        self._vswitches += VSwitch.objects.bulk_create(
            VSwitch(
                **self._common(),
                resource_id=f"vsw-{number:020d}",
                name=f"rack {number}",
                vpc=self._vpc,
                zone=f"{REGION}-a",
                cidr_block=f"{_dotted(_network(number))}/{_PREFIX}",
                status="Available",
            )
            for number in range(len(self._vswitches), wanted)
        )

    def _grow_havips(self, wanted: int) -> None:
        for numbers in _batches(range(self._havips, wanted)):
            made = HaVip.objects.bulk_create(self._havip(number) for number in numbers)
            PrivateAddress.objects.bulk_create(
                PrivateAddress(
                    vswitch_id=havip.vswitch_id,
                    address=_address(number),
                    owner="havip",
                    havip=havip,
                )
                for number, havip in zip(numbers, made, strict=True)
            )
            used = [havip for number, havip in zip(numbers, made, strict=True) if number % 10 == 0]
            Binding.objects.bulk_create(
                Binding(havip=havip, slot=slot, kind="EcsInstance", instance=node, state="bound")
                for havip in used
                for slot, node in enumerate(self._nodes, start=1)
            )
            Tag.objects.bulk_create(
                Tag(team=self.team, havip=havip, key=key, value="shop")
                for havip in used
                for key in ("stage", "owner")
            )
        self._havips = max(self._havips, wanted)

    def _havip(self, number: int) -> HaVip:
        return HaVip(
            **self._common(),
            resource_id=f"havip-{number:020d}",
            name=f"service {number % 977}",
            vpc=self._vpc,
            vswitch=self._vswitches[number // _PER_VSWITCH],
            ip_address=_dotted(_address(number)),
            status="InUse" if number % 10 == 0 else "Available",
        )

    def _grow_eips(self, wanted: int) -> None:
        Eip.objects.bulk_create(
            Eip(
                **self._common(),
                resource_id=f"eip-{number:020d}",
                name=f"entrance {number}",
                ip_address=_dotted((11 << 24) + number),
                status="Available",
            )
            for number in range(self._eips, wanted)
        )
        self._eips = max(self._eips, wanted)


def _batches(numbers: range) -> Iterator[range]:
    for start in range(numbers.start, numbers.stop, _BATCH):
        yield range(start, min(start + _BATCH, numbers.stop))


def _network(number: int) -> int:
    return _FIRST_NETWORK + (number << (32 - _PREFIX))


def _address(number: int) -> int:
    """Return the address of a HaVip: from the second one of its vSwitch on."""
    return _network(number // _PER_VSWITCH) + 2 + number % _PER_VSWITCH


def _dotted(address: int) -> str:
    return ".".join(str(byte) for byte in address.to_bytes(4))


def cursor_after(model: type[Resource], rows: int, column: str = "pk") -> str:
    """Return the cursor of the page that begins after so many rows: what following `next` would come to."""
    descending = column == "pk"
    order = ["-pk"] if descending else [column, "pk"]
    value, pk = model._default_manager.order_by(*order).values_list(column, "pk")[rows - 1]
    name = "-created" if descending else column
    text = json.dumps([0, value, pk]).encode()
    return f"{name}:{base64.urlsafe_b64encode(text).decode().rstrip('=')}"
