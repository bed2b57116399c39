from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.once.messages import Failed, Finished, Outcome
from octrad.foundation.once.records import Acceptance, decode, encode_acceptance, encode_outcome

ACCEPTANCES = st.builds(Acceptance, st.text(min_size=1), st.binary(min_size=32, max_size=32), st.floats(0, 2**33))
OUTCOMES: st.SearchStrategy[Outcome] = st.builds(Finished, st.binary()) | st.builds(
    Failed, st.text(), st.text(), st.text(), st.booleans(), st.binary()
)


@given(ACCEPTANCES, OUTCOMES)
def test_what_is_written_is_read(acceptance: Acceptance, outcome: Outcome) -> None:
    assert decode(encode_acceptance(acceptance) + encode_outcome(outcome)) == (acceptance, outcome)


@given(ACCEPTANCES, OUTCOMES, st.data())
def test_torn_file_is_read_as_far_as_it_is_whole(acceptance: Acceptance, outcome: Outcome, data: st.DataObject) -> None:
    first = encode_acceptance(acceptance)
    whole = first + encode_outcome(outcome)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert decode(whole[:cut]) == (acceptance if cut >= len(first) else None, None)


@given(ACCEPTANCES, OUTCOMES, st.data())
def test_flipped_byte_is_never_taken_for_a_result(
    acceptance: Acceptance, outcome: Outcome, data: st.DataObject
) -> None:
    whole = bytearray(encode_acceptance(acceptance) + encode_outcome(outcome))
    position = data.draw(st.integers(len(encode_acceptance(acceptance)) + 13, len(whole)))
    if position < len(whole):
        whole[position] ^= 0x55
        assert decode(bytes(whole)) == (acceptance, None)


def test_empty_file_holds_nothing() -> None:
    assert decode(b"") == (None, None)
