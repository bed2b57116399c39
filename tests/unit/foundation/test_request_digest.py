from octra_proto.gateway.v1 import gateway_pb2
from octrad.foundation.once.messages import DetailedFailureError, Failed, failure_of, request_digest


def test_digest_is_of_what_is_asked_not_of_how() -> None:
    plain = gateway_pb2.ExecuteRequest(id="a", completion=gateway_pb2.Completion(question="plan"))
    marks = [gateway_pb2.ProviderMark(provider="a", outcome="rate", until_ms=1)]
    asked_again = gateway_pb2.ExecuteRequest(after_progress=7, again_if_interrupted=True, provider_marks=marks)
    asked_again.MergeFrom(plain)
    other = gateway_pb2.ExecuteRequest(id="a", completion=gateway_pb2.Completion(question="work"))
    assert request_digest(plain) == request_digest(asked_again)
    assert request_digest(plain) != request_digest(other)
    assert asked_again.after_progress == 7


def test_failure_carries_what_its_raiser_gave_it() -> None:
    error = DetailedFailureError("no answer", payload=b"attempts", hint="try later", retryable=True)
    assert failure_of(error) == Failed("failed", "no answer", "try later", retryable=True, payload=b"attempts")
