"""CBOR: the examples of RFC 8949, and what is none."""

from __future__ import annotations

import math
import random

import pytest

from lanner.cbor import CborError, decode, encode

EXAMPLES = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (255, "18ff"),
    (256, "190100"),
    (65536, "1a00010000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"),
    (-100, "3863"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (1.1, "fb3ff199999999999a"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"\x01\x02", "420102"),
    ("", "60"),
    ("\u6c34", "63e6b0b4"),
    ([1, [2, 3]], "8201820203"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
]


@pytest.mark.parametrize(("value", "encoded"), EXAMPLES)
def test_examples(value: object, encoded: str) -> None:
    assert encode(value).hex() == encoded
    assert decode(bytes.fromhex(encoded)) == value


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("f93c00", 1.0),
        ("f90001", 5.960464477539063e-8),
        ("fa47c35000", 100000.0),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("7f657374726561646d696e67ff", "streaming"),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("c11a514b67b0", 1363896240),
        ("a18201020a", {(1, 2): 10}),
        ("a1a0016161", {}),
        ("f7", None),
    ],
)
def test_other_forms_are_read(encoded: str, value: object) -> None:
    assert decode(bytes.fromhex(encoded)) == value


def test_infinity_and_nan() -> None:
    assert decode(bytes.fromhex("f97c00")) == math.inf and math.isnan(decode(bytes.fromhex("f97e00")))


@pytest.mark.parametrize("encoded", ["", "18", "61", "82 01", "a1 61 61", "ff", "81 ff", "1c", "61 ff", "9f 01", "7f 42 01 02 ff"])
def test_what_is_no_cbor_is_refused(encoded: str) -> None:
    with pytest.raises(CborError):
        decode(bytes.fromhex(encoded))


def test_what_lies_too_deep_is_refused() -> None:
    with pytest.raises(CborError):
        decode(b"\x81" * 100_000)
    with pytest.raises(CborError):
        decode(b"\xc1" * 100_000)
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(CborError):
        encode(deep)


def test_an_array_that_is_longer_than_its_bytes_takes_no_memory() -> None:
    with pytest.raises(CborError):
        decode(bytes.fromhex("9bffffffffffffffff00"))


@pytest.mark.parametrize("value", [1 << 64, -(1 << 64) - 1, object(), {1, 2}])
def test_what_cbor_does_not_have_is_said(value: object) -> None:
    with pytest.raises(CborError):
        encode(value)


def test_any_bytes_are_read_or_refused() -> None:
    chance = random.Random(8949)
    for _ in range(3000):
        data = bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
        try:
            decode(data)
        except CborError:
            pass
