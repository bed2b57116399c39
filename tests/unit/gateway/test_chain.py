import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.calls import Mark, Outcome
from octrad.gateway.server.chain import Ask, Bounds, GiveUp, Hop, Move, Reason, Tried, Wait, next_hop
from octrad.gateway.server.classify_failure import Failure

NOW = 1000.0
BOUNDS = Bounds(deadline=NOW + 600, hops=8)

RATE = Failure(Outcome.RATE, "too_many_requests", "")
TRANSIENT = Failure(Outcome.TRANSIENT, "server", "")
TIMEOUT = Failure(Outcome.TRANSIENT, "timeout", "")
CONTEXT = Failure(Outcome.CONTEXT, "too_long", "")
AUTH = Failure(Outcome.AUTH, "key", "")
BILLING = Failure(Outcome.BILLING, "payment", "")
UNKNOWN = Failure(Outcome.BAD_MODEL, "unknown_model", "")
SCHEMA = Failure(Outcome.HALLUCINATION, "schema", "")
REFUSAL = Failure(Outcome.HALLUCINATION, "refusal", "")
FORMAT = Failure(Outcome.BAD_MODEL, "parameter:response_format", "")
TEMPERATURE = Failure(Outcome.BAD_MODEL, "parameter:temperature", "")


def rate(retry_after_s: float) -> Failure:
    return Failure(Outcome.RATE, "too_many_requests", "", retry_after_s)


def free(context_tokens: int = 0) -> Hop:
    return Hop(context_tokens)


def cooling(for_s: float, outcome: Outcome = Outcome.RATE) -> Hop:
    return Hop(mark=Mark("p", "", outcome, NOW + for_s))


DOWN = Hop(mark=Mark("p", "", Outcome.AUTH, NOW + 3600, "f"))


def after(*tried: tuple[int, Failure]) -> list[Tried]:
    """A history: the same model twice in a row was asked again."""
    return [
        Tried(hop, failure, again=index > 0 and tried[index - 1][0] == hop)
        for index, (hop, failure) in enumerate(tried)
    ]


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([], Ask(0)),
        ([rate(5)], Ask(0, 5, again=True)),
        ([RATE], Ask(0, 2, again=True)),
        ([RATE, RATE], Ask(0, 8, again=True)),
        ([RATE, RATE, RATE], Ask(1)),
        ([rate(60)], Ask(0, 60, again=True)),
        ([rate(61)], Ask(1)),
        ([TRANSIENT], Ask(0, 0.25, again=True)),
        ([TRANSIENT, TRANSIENT], Ask(0, 1, again=True)),
        ([TRANSIENT, TRANSIENT, TRANSIENT], Ask(1)),
        ([TIMEOUT], Ask(1)),
        ([CONTEXT], Ask(1)),
        ([AUTH], Ask(1)),
        ([BILLING], Ask(1)),
        ([UNKNOWN], Ask(1)),
        ([SCHEMA], Ask(0, repair=True, again=True)),
        ([SCHEMA, SCHEMA], Ask(1)),
        ([SCHEMA, RATE], Ask(0, 2, repair=True, again=True)),
        ([RATE, SCHEMA, SCHEMA], Ask(1)),
        ([REFUSAL], Ask(1)),
        ([FORMAT], Ask(0, without="response_format", again=True)),
        ([FORMAT, TEMPERATURE], Ask(0, without="temperature", again=True)),
        ([FORMAT, FORMAT], Ask(1)),
    ],
)
def test_what_follows_failures_of_the_first_model(failures: list[Failure], expected: Ask) -> None:
    history = after(*((0, failure) for failure in failures))
    assert next_hop([free(), free()], history, NOW, BOUNDS) == expected


@pytest.mark.parametrize(
    ("chain", "tried", "expected"),
    [
        # Nobody is left.
        ([free()], [(0, AUTH)], GiveUp(Reason.END_OF_CHAIN)),
        ([free(), free()], [(0, AUTH), (1, UNKNOWN)], GiveUp(Reason.END_OF_CHAIN)),
        # A timeout is repeated once where there is no other model.
        ([free()], [(0, TIMEOUT)], Ask(0, 0.25, again=True)),
        ([free()], [(0, TIMEOUT), (0, TIMEOUT)], GiveUp(Reason.END_OF_CHAIN)),
        ([free(), cooling(30)], [(0, TIMEOUT)], Ask(0, 0.25, again=True)),
        # A window that is known to be no larger is passed over, one that nobody knows is not.
        ([free(8000), free(8000), free(4000), free(128_000)], [(0, CONTEXT)], Ask(3)),
        ([free(8000), free(), free(128_000)], [(0, CONTEXT)], Ask(1)),
        ([free(8000), free(), free(128_000)], [(0, CONTEXT), (1, CONTEXT)], Ask(2)),
        ([free(), free(4000)], [(0, CONTEXT)], Ask(1)),
        ([free(128_000), free(8000)], [(0, CONTEXT)], GiveUp(Reason.TOO_LONG)),
        ([free(8000), free(128_000)], [(0, CONTEXT), (1, CONTEXT)], GiveUp(Reason.TOO_LONG)),
        ([free(8000), free(128_000)], [(0, CONTEXT), (1, AUTH)], GiveUp(Reason.END_OF_CHAIN)),
        ([free(8000), free(8000)], [(0, AUTH), (1, CONTEXT)], GiveUp(Reason.TOO_LONG)),
        # What cools down or is down is passed over.
        ([cooling(30), free()], [], Ask(1)),
        ([DOWN, free()], [], Ask(1)),
        ([free(), cooling(30), DOWN, free()], [(0, AUTH)], Ask(3)),
        # When all cool down, the first that comes back is waited for, if there is time.
        ([cooling(30), cooling(20)], [], Wait(NOW + 20)),
        ([cooling(30), DOWN], [], Wait(NOW + 30)),
        ([cooling(30), free()], [(1, AUTH)], Wait(NOW + 30)),
        ([cooling(900), cooling(700)], [], GiveUp(Reason.COOLING, NOW + 700)),
        ([cooling(600), free()], [(1, AUTH)], GiveUp(Reason.COOLING, NOW + 600)),
        # A model at its rate limit comes back, after those that were not asked; one that failed otherwise does not.
        ([cooling(90)], [(0, rate(90))], Wait(NOW + 90)),
        ([free()], [(0, rate(90))], Ask(0)),
        ([free(), free()], [(0, rate(90)), (1, AUTH)], Ask(0)),
        ([cooling(90), free(), free()], [(0, rate(90)), (1, AUTH)], Ask(2)),
        ([free(), cooling(60, Outcome.TRANSIENT)], [(0, AUTH), (1, TRANSIENT), (1, TRANSIENT), (1, TRANSIENT)],
         GiveUp(Reason.END_OF_CHAIN)),
        # One whose provider began to cool down under us is left for another, and waited for where there is none.
        ([cooling(30), free()], [(0, SCHEMA)], Ask(1)),
        ([cooling(30)], [(0, SCHEMA)], Ask(0, 30, repair=True, again=True)),
        ([cooling(60, Outcome.TRANSIENT)], [(0, TRANSIENT)], Ask(0, 60, again=True)),
        ([cooling(700)], [(0, SCHEMA)], GiveUp(Reason.END_OF_CHAIN)),
        ([DOWN], [(0, SCHEMA)], GiveUp(Reason.END_OF_CHAIN)),
        # When all are down, somebody has to find out that they no longer are; each at most once.
        ([DOWN, DOWN], [], Ask(0)),
        ([DOWN, DOWN], [(0, AUTH)], Ask(1)),
        ([DOWN, DOWN], [(0, AUTH), (1, AUTH)], GiveUp(Reason.END_OF_CHAIN)),
    ],
)  # fmt: skip
def test_which_model_is_next(chain: list[Hop], tried: list[tuple[int, Failure]], expected: Move) -> None:
    assert next_hop(chain, after(*tried), NOW, BOUNDS) == expected


def test_no_time_left_gives_up() -> None:
    assert next_hop([free(), free()], after((0, SCHEMA)), BOUNDS.deadline, BOUNDS) == GiveUp(Reason.NO_TIME)


def test_wait_that_the_total_does_not_allow_is_hopped_over() -> None:
    assert next_hop([free(), free()], after((0, rate(50))), NOW, Bounds(NOW + 40, 8)) == Ask(1)


def test_no_more_hops_than_are_allowed() -> None:
    history = after((0, SCHEMA), (0, SCHEMA), (1, AUTH))
    assert next_hop([free()] * 3, history, NOW, Bounds(NOW + 600, hops=2)) == GiveUp(Reason.MOST_HOPS)
    assert next_hop([free()] * 3, history, NOW, Bounds(NOW + 600, hops=3)) == Ask(2)


FAILURES = [
    RATE, TRANSIENT, TIMEOUT, CONTEXT, AUTH, BILLING, UNKNOWN, SCHEMA, REFUSAL, FORMAT, TEMPERATURE, rate(1), rate(100)
]  # fmt: skip
HOPS = st.sampled_from([free(), free(8000), free(128_000), cooling(5), cooling(9999), DOWN])


@given(st.lists(HOPS, min_size=1, max_size=12), st.lists(st.sampled_from(FAILURES), min_size=100, max_size=100))
def test_every_walk_ends_within_its_bounds(chain: list[Hop], failures: list[Failure]) -> None:
    history: list[Tried] = []
    now = NOW
    for failure in failures:
        # Time stands still while nobody waits: the bounds must hold without it.
        marked = [hop if hop.mark and hop.mark.until > now else Hop(hop.context_tokens) for hop in chain]
        move = next_hop(marked, history, now, BOUNDS)
        match move:
            case GiveUp():
                break
            case Wait():
                assert NOW < move.until < BOUNDS.deadline
                # Nobody who could be asked is waiting, but for those that may be too small.
                passed_over = (hop for index, hop in enumerate(marked) if not was_tried(index, history))
                assert all(hop.mark is not None or hop.context_tokens for hop in passed_over)
                now = move.until
            case Ask():
                assert now + move.wait_s < BOUNDS.deadline
                assert not move.again or move.hop == history[-1].hop
                history.append(Tried(move.hop, failure, move.again))
    else:
        raise AssertionError
    assert sum(not tried.again for tried in history) <= BOUNDS.hops


def was_tried(hop: int, history: list[Tried]) -> bool:
    return any(tried.hop == hop for tried in history)
