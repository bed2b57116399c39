import sys

import pytest

from octrad.gateway.server.local.port_owners import Listener, parse_listeners, strangers

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# A machine with an Ollama of its own user on loopback, a vLLM of a user's on all addresses, a server on another address
# than loopback, and a connection.
TCP = HEAD + (
    "   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 1146 1 0 100 0 0 10 0\n"
    "   1: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1003        0 1147 1 0 100 0 0 10 0\n"
    "   2: 0A01A8C0:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1003        0 1148 1 0 100 0 0 10 0\n"
    "   3: 0100007F:9C42 0100007F:2CAA 01 00000000:00000000 00:00000000 00000000  1003        0 1149 1 0 20 4 30 10\n"
)
TCP6 = HEAD + (
    "   0: 00000000000000000000000000000000:04D2 00000000000000000000000000000000:0000 0A 00000000:00000000"
    " 00:00000000 00000000 61999        0 1150 1 0 100 0 0 10 0\n"
    "   1: 00000000000000000000000001000000:0539 00000000000000000000000000000000:0000 0A 00000000:00000000"
    " 00:00000000 00000000  1003        0 1151 1 0 100 0 0 10 0\n"
)


@pytest.mark.skipif(sys.byteorder == "big", reason="the tables above are those of a little-endian machine")
def test_who_listens_where_loopback_reaches_is_read() -> None:
    assert list(parse_listeners(TCP)) == [Listener(11434, 998), Listener(8000, 1003)]
    assert list(parse_listeners(TCP6)) == [Listener(1234, 61999)]


@pytest.mark.parametrize(
    ("uids", "trusted", "expected"),
    [
        ((), (), []),
        ((0,), (), []),
        ((998,), (), []),
        ((61999,), (), []),  # a DynamicUser
        ((1003,), (), [1003]),
        ((1003,), (1003,), []),
        ((65534,), (), [65534]),  # nobody, or one whom our namespace does not know
        ((0, 1003), (), [1003]),  # one of two is enough
    ],
)
def test_only_root_services_and_named_users_are_no_strangers(
    uids: tuple[int, ...], trusted: tuple[int, ...], expected: list[int]
) -> None:
    listeners = [Listener(8000, uid) for uid in uids] + [Listener(8001, 1234)]
    assert strangers(8000, listeners, frozenset(trusted)) == expected
