"""Frames as a forger would send them."""

from __future__ import annotations

import ipaddress
import socket
import struct

from havip.fabric.linux.agent.neighbours import arp_frame
from tests.lab.agent.network import Machine, within

EVERYBODY = b"\xff" * 6


def packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def mac_of(machine: Machine) -> bytes:
    return bytes.fromhex(machine.mac.replace(":", ""))


def gratuitous(machine: Machine, address: str, *, verb: int = 2, mac: bytes | None = None) -> bytes:
    mac = mac or mac_of(machine)
    return arp_frame(verb, mac, address, EVERYBODY, address)


def of_another_hardware(frame: bytes) -> bytes:
    """The same ARP, said to be of IEEE 802: Linux takes it all the same."""
    return frame[:14] + struct.pack("!H", 6) + frame[16:]


def tagged(frame: bytes, *identifiers: int) -> bytes:
    """The same frame with VLAN tags."""
    tags = b"".join(struct.pack("!HH", 0x8100, identifier) for identifier in identifiers)
    return frame[:12] + tags + frame[12:]


def udp(machine: Machine, to_mac: bytes, source: str, target: str, text: bytes) -> bytes:
    body = struct.pack("!HHHH", 4000, 4000, 8 + len(text), 0) + text
    length = 20 + len(body)
    head = (
        struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, 64, 17, 0) + packed(source) + packed(target)
    )
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:]
    return to_mac + mac_of(machine) + b"\x08\x00" + head + body


def send(machine: Machine, frame: bytes, times: int = 1) -> None:
    def act() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("eth0", 0))
            for _each in range(times):
                sock.send(frame)

    within(machine.namespace, act)


def claims_by_arp(address: str, mac: bytes) -> object:
    """Return what tells whether a frame is this claim, whatever tags it has."""
    return lambda frame: mac in frame and packed(address) in frame and b"\x08\x06" in frame[12:24]
