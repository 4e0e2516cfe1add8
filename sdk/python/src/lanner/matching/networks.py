"""Sets of networks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Union

from ..address import Address, packed

_WRITTEN = re.compile(r"([0-9a-fA-F.:]+)/(0|[1-9][0-9]{0,2})\Z")


def parse_network(network: str) -> tuple[bytes, int]:
    """A network as filters have it: its address (16 bytes) and how many of the 128 bits count.

    Raises ``ValueError`` where it is none.
    """
    written = _WRITTEN.match(network)
    if written:
        try:
            bits = int(written[2])
            if ":" not in written[1] and bits <= 32:
                return packed(IPv4Address(written[1])), 96 + bits
            if ":" in written[1] and bits <= 128:
                return IPv6Address(written[1]).packed, bits
        except ValueError:
            pass
    raise ValueError(f"{network!r} is no network: networks are written like 10.0.0.0/8 or fd00::/8")


class Networks:
    """Networks, IPv4 and IPv6, such as ``10.0.0.0/8`` and ``fd00::/8``. An address is looked for by a binary search.

    IPv4 addresses are a part of the IPv6 ones, ``::ffff:0:0/96``, as they are in events: ``::/0`` has all of both.
    Raises ``ValueError`` where one is no network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        #: Each as its address, and how many of its 128 bits count.
        self.parts = [parse_network(network) for network in networks]
        self._prepare()

    @classmethod
    def of_parts(cls, parts: Iterable[tuple[bytes, int]]) -> Networks:
        """Networks that were read before."""
        networks = cls()
        networks.parts = list(parts)
        networks._prepare()
        return networks

    def _prepare(self) -> None:
        ranges: list[tuple[int, int]] = []
        for address, bits in self.parts:
            size = 1 << (128 - bits)
            first = int.from_bytes(address, "big") & -size
            ranges.append((first, first + size - 1))
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(ranges):
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def contains(self, address: Union[Address, str, bytes, None]) -> bool:
        """Whether one of them has the address. None has one that is not known."""
        if address is None:
            return False
        number = int.from_bytes(packed(address), "big")
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    __contains__ = contains
