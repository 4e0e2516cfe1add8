"""The vectors that every SDK agrees on."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_address

import pytest
from conftest import TESTS, known, raw_rows, unescaped, yes

from lanner import UNKNOWN, Kind, Networks, Text, TextSet, cbor, is_public
from lanner._frame import Frame
from lanner._schema import RECORDS
from lanner._sieve import check
from lanner.filters import Filter, FilterError
from lanner.matching import parse_network
from lanner.testing._writer import FrameWriter


def text(field: str) -> Text:
    raw = known(field)
    return UNKNOWN if raw is None else Text.of(raw)


def field(value: Text) -> str:
    return "-" if not value.is_known else value.raw.decode("latin-1")


def expected(value: str) -> str:
    raw = known(value)
    return "-" if raw is None else raw.decode("latin-1")


def test_escape() -> None:
    for row in raw_rows("conformance/escape.tsv"):
        value, shown, lossy = text(row[0]), unescaped(row[1].encode()), unescaped(row[3].encode())
        assert f"{value}".encode() == shown, row
        assert str(value).encode() == shown, row
        assert value.lossy.encode() == lossy, row


def test_text() -> None:
    for row in raw_rows("conformance/text.tsv"):
        value = text(row[0])
        for other in (unescaped(row[1].encode()), Text.of(unescaped(row[1].encode()))):
            answers = (value.equals(other), value.starts_with(other), value.ends_with(other), value.contains(other))
            assert answers == tuple(map(yes, row[2:6])), row
            assert value.is_under(other) == yes(row[6]), row
            assert value.one_of([other]) == yes(row[2]), row


def test_a_string_compares_as_its_bytes() -> None:
    for row in raw_rows("conformance/text.tsv"):
        try:
            other = unescaped(row[1].encode()).decode()
        except UnicodeDecodeError:
            continue
        value = text(row[0])
        answers = (value == other, value.startswith(other), value.endswith(other), other in value)
        assert answers == tuple(map(yes, row[2:6])), row


def test_path() -> None:
    for row in raw_rows("conformance/path.tsv"):
        path = text(row[0])
        assert (field(path.file_name), field(path.directory)) == (expected(row[1]), expected(row[2])), row


def test_text_set() -> None:
    sets: dict[str, dict[str, list[bytes]]] = defaultdict(dict)
    made: dict[str, TextSet] = {}
    for row in raw_rows("conformance/text-set.tsv"):
        name, what = row[:2]
        if what != "text":
            sets[name].setdefault(what.replace("-", "_"), []).append(unescaped(row[2].encode()))
            continue
        if name not in made:
            said = {key: [part.decode() if key == "glob" else part for part in parts] for key, parts in sets[name].items()}
            made[name] = TextSet(**said)  # type: ignore[arg-type]
        assert made[name].matches(text(row[2])) == yes(row[3]), row


def test_glob() -> None:
    for glob, value, matches in raw_rows("conformance/glob.tsv"):
        pattern = unescaped(glob.encode()).decode()
        assert (Text.of(unescaped(value.encode())) in TextSet(glob=pattern)) == yes(matches), (glob, value)


def test_what_is_no_glob_is_refused() -> None:
    for glob, why in raw_rows("conformance/glob-wrong.tsv"):
        with pytest.raises(ValueError) as wrong:
            TextSet(glob=unescaped(glob.encode()).decode())
        assert str(wrong.value).endswith(unescaped(why.encode()).decode()), glob


def test_address() -> None:
    for written, printed, public in raw_rows("conformance/address.tsv"):
        writer = FrameWriter()
        writer.event(RECORDS["connect"], {}, {"address": bytes.fromhex(written)})
        event = Frame(writer.finish()).event(0)
        assert str(event.address) == printed  # type: ignore[union-attr]
        assert event.is_public == yes(public), printed  # type: ignore[union-attr]
        assert is_public(printed) == yes(public), printed


def test_network() -> None:
    for networks, address, contains in raw_rows("conformance/network.tsv"):
        found = Networks(networks.split(" ") if networks else []).contains(bytes.fromhex(address))
        assert found == yes(contains), (networks, address)


def test_network_bits() -> None:
    for network, address, bits in raw_rows("conformance/network-bits.tsv"):
        assert parse_network(network) == (bytes.fromhex(address), int(bits)), network


def test_what_is_no_network_is_refused() -> None:
    for network, _ in raw_rows("conformance/network-wrong.tsv"):
        with pytest.raises(ValueError):
            Networks([unescaped(network.encode()).decode()])


def test_open() -> None:
    for flags, *answers in raw_rows("conformance/open.tsv"):
        writer = FrameWriter()
        writer.event(RECORDS["open"], {}, {"flags": int(flags)})
        e = Frame(writer.finish()).event(0)
        asked = (e.is_read, e.is_write, e.truncates, e.may_create, e.appends)  # type: ignore[union-attr]
        assert asked == tuple(map(yes, answers)), flags


def process(**values: object) -> Frame:
    writer = FrameWriter()
    writer.record(RECORDS["process"], {name: value for name, value in values.items() if value is not None})
    return Frame(writer.finish())


def test_args() -> None:
    for argv, line, *args in raw_rows("conformance/args.tsv"):
        read = process(argv=known(argv)).process(0)
        assert [arg.raw for arg in read.args] == [unescaped(arg.encode()) for arg in args], argv
        assert read.command_line.encode() == unescaped(line.encode()), argv


def test_env() -> None:
    for environment, name, first, *every in raw_rows("conformance/env.tsv"):
        read = process(environment=known(environment)).process(0)
        wanted = unescaped(name.encode()).decode()
        assert field(read.env(wanted)) == expected(first), (environment, name)
        assert [entry.raw for entry in read.envs(wanted)] == [unescaped(entry.encode()) for entry in every]


def test_process() -> None:
    for exe, comm, user, pid, uid, name, shown in raw_rows("conformance/process.tsv"):
        values = {"exe": known(exe), "comm": known(comm), "user": known(user), "pid": int(pid), "uid": int(uid)}
        read = process(**values).process(0)
        assert field(read.name) == expected(name), exe
        assert f"{read}".encode() == unescaped(shown.encode()), exe


def test_genuine() -> None:
    for flags, uid, user_ns, genuine in raw_rows("conformance/genuine.tsv"):
        values = {"exe_uid": uid, "user_ns": user_ns}
        said = {name: int(value) for name, value in values.items() if value != "-"}
        assert process(flags=int(flags), **said).process(0).exe_is_genuine == yes(genuine), (flags, uid, user_ns)


def filter_of(travelled: object) -> Filter:
    """A filter, from how it travels."""
    if not isinstance(travelled, list) or not travelled or not isinstance(travelled[0], str):
        raise FilterError("a filter is an array that begins with a text")
    test, *values = travelled
    if test in ("all", "any", "not"):
        return Filter(test, None, tuple(map(filter_of, values)))
    if not values or not isinstance(values[0], str):
        raise FilterError(f"the test {test} has no field")
    return Filter(test, values[0], tuple(tuple(value) if isinstance(value, list) else value for value in values[1:]))


def test_filter() -> None:
    frame = Frame((TESTS / "conformance/filter.bin").read_bytes())
    events = {event.seq: event for event in frame.events()}
    for seq, _, encoded, passes in raw_rows("conformance/filter.tsv"):
        where = filter_of(cbor.decode(bytes.fromhex(encoded)))
        event = events[int(seq)]
        assert check(where, RECORDS[Kind(event.kind_number).name.lower()])(event) == yes(passes), (seq, where)


def test_what_is_no_filter_is_refused() -> None:
    for kind, json, encoded, why in raw_rows("conformance/filter-wrong.tsv"):
        if kind not in RECORDS:
            continue  # Which Python has no name for.
        with pytest.raises(FilterError):
            check(filter_of(cbor.decode(bytes.fromhex(encoded))), RECORDS[kind])
            pytest.fail(f"{kind} {json}: {why}")


def test_an_address_is_printed_as_what_it_is() -> None:
    assert ip_address("10.0.0.1") in Networks(["10.0.0.0/8"])
    assert ip_address("10.0.0.1") not in Networks(["fd00::/8"])
