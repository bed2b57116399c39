"""The table and the words of `octractl audit`."""

from octra_proto.v1 import audit_pb2 as pb
from octractl.render.audit_page import audit_page

ROUNDS = "every round of review and repair"


def questions(work: int, later: int) -> list[pb.QuestionSize]:
    return [
        pb.QuestionSize(question="grade", input_tokens=500),
        pb.QuestionSize(question="work", input_tokens=work),
        pb.QuestionSize(question="later work", input_tokens=later),
    ]


ANSWER = pb.AuditModelsResponse(
    models=[
        pb.ModelAudit(
            name="anthropic/claude",
            provider="anthropic",
            rank=1,
            viable=True,
            remarks=["may come up"],
            context_tokens=200_000,
            output_tokens=16_384,
            questions=questions(8_200, 35_000),
            approximate=True,
            prices_from="LiteLLM 1.2, file of 2026-01-01",
            least_usd=0.04,
            most_usd=21.3,
            probe=pb.KeyProbe(
                outcome="ok",
                earlier=True,
                limits=[
                    pb.KeyLimit(name="requests", limit=50, remaining=49, resets_in_s=60),
                    pb.KeyLimit(name="tokens"),
                ],
            ),
        ),
        pb.ModelAudit(
            name="openai/\x1b[2Jgpt",
            provider="openai",
            failure_class="auth",
            hindrances=["the provider refuses the key: \x1b[31mno"],
            output_tokens=16_384,
            questions=questions(8_000, 34_000),
            probe=pb.KeyProbe(outcome="auth", error="no"),
        ),
    ],
    chain=["anthropic/claude"],
    fewest_calls=4,
    most_calls=68,
    probes_made=1,
)


def test_page_says_what_can_be_used_for_how_much_and_why_not() -> None:
    assert audit_page(ANSWER) == [
        "PLACE  MODEL              QUESTION  LATER   ANSWER  WINDOW   USD A TASK     PRICES",
        "1      anthropic/claude   ~8.2k     ~35.0k  16.4k   200.0k   0.04 to 21.30  LiteLLM 1.2, file of 2026-01-01",
        "-      openai/\\x1b[2Jgpt  8.0k      34.0k   16.4k   unknown  unpriced       -",
        "",
        "anthropic/claude: may come up",
        "openai/\\x1b[2Jgpt is skipped (auth): the provider refuses the key: no",
        "key of anthropic, asked within the last hour: requests 50 (49 left, all again in 1 min 00 s), tokens",
        "asked in this order, the next where one fails: anthropic/claude",
        f"a task makes 4 calls at best and some 68 with {ROUNDS}; its cost is that with one model alone",
        "1 tiny call asked for the limits of keys; no task pays",
    ]
