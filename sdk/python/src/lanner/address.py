"""Addresses, and what rules ask of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Union

__all__ = ["Address", "is_public", "packed"]

#: An address. IPv4 is never written as IPv6 here.
Address = Union[IPv4Address, IPv6Address]

_MAPPED = b"\0" * 10 + b"\xff\xff"


def packed(address: Union[Address, str, bytes]) -> bytes:
    """An address as it stands in frames: 16 bytes, IPv4 as an IPv4-mapped IPv6 address.

    Raises ``ValueError`` where it is none.
    """
    if isinstance(address, (bytes, bytearray)):
        if len(address) not in (4, 16):
            raise ValueError("an address has 4 or 16 bytes")
        written = bytes(address)
    else:
        try:
            written = (ip_address(address) if isinstance(address, str) else address).packed
        except ValueError:
            raise ValueError(f"{address!r} is not an address such as 192.0.2.7 or 2001:db8::7") from None
    return _MAPPED + written if len(written) == 4 else written


def is_public(address: Union[Address, str, bytes, None]) -> bool:
    """Whether an address is one of the internet at large.

    It is not private, shared (carrier-grade NAT), loopback, link-local, multicast, for documentation or benchmarks, or
    reserved (the special-purpose registries of IANA). One that is not known is not.
    """
    if address is None:
        return False
    b = packed(address)
    if b.startswith(_MAPPED):
        return _is_public_v4(b[12:])
    if b.startswith(b"\x00\x64\xff\x9b" + bytes(8)):  # NAT64: the IPv4 address that it stands for.
        return _is_public_v4(b[12:])
    if b.startswith(b"\x20\x02"):  # 6to4, likewise.
        return _is_public_v4(b[2:6])
    first, second = b[0] << 8 | b[1], b[2] << 8 | b[3]
    if first == 0x2001 and (1 <= second <= 0x1FF or second == 0xDB8):
        return False  # IETF protocol assignments but Teredo, documentation.
    if first == 0x3FFF and second <= 0xFFF:
        return False  # Documentation.
    return first & 0xE000 == 0x2000  # All else of the internet lies in 2000::/3.


def _is_public_v4(b: bytes) -> bool:
    a, c, d = b[0], b[1], b[2]
    return not (
        a in (0, 10, 127)  # "This network", private, loopback.
        or (a == 100 and 64 <= c <= 127)  # Shared address space (RFC 6598).
        or (a == 169 and c == 254)  # Link-local.
        or (a == 172 and 16 <= c <= 31)
        or (a == 192 and (c == 168 or (c == 0 and d in (0, 2))))  # IETF protocol assignments, documentation.
        or (a == 198 and (c in (18, 19) or (c == 51 and d == 100)))  # Benchmarks, documentation.
        or (a == 203 and c == 0 and d == 113)  # Documentation.
        or a >= 224  # Multicast, reserved, broadcast.
    )
