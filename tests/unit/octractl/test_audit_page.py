"""The table and the words of `octractl audit`."""

import pytest

from octra_proto.v1 import audit_pb2 as pb
from octractl.render.audit_page import audit_page

ROUNDS = "every round of review and repair"


def questions(work: int, later: int) -> list[pb.QuestionSize]:
    return [
        pb.QuestionSize(question="grade", input_tokens=500),
        pb.QuestionSize(question="work", input_tokens=work),
        pb.QuestionSize(question="later work", input_tokens=later),
    ]


CLAUDE = pb.ModelAudit(
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
)
HOSTILE = pb.ModelAudit(
    name="openai/\x1b[2Jgpt",
    provider="openai",
    failure_class="auth",
    hindrances=["the provider refuses the key: \x1b[31mno"],
    output_tokens=16_384,
    questions=[pb.QuestionSize(question="assign", input_tokens=8_000)],
    probe=pb.KeyProbe(outcome="auth", error="no"),
)
CHAINS = [
    pb.ChainAudit(
        roles=["boss", "worker", "reviewer"],
        keys=["models.chain", "models.roles.worker"],
        models=[CLAUDE, HOSTILE],
        order=["anthropic/claude"],
    ),
    pb.ChainAudit(roles=["manager"], keys=["models.roles.manager"], models=[HOSTILE]),
]


def test_page_says_of_each_chain_whose_it_is_what_can_be_used_for_how_much_and_why_not() -> None:
    answer = pb.AuditModelsResponse(
        chains=CHAINS, stuck_roles=["manager"], fewest_calls=4, most_calls=68, probes_made=1
    )
    assert audit_page(answer) == [
        "boss, worker and reviewer (models.chain, models.roles.worker)",
        "PLACE  MODEL              QUESTION  LATER   ANSWER  WINDOW   USD A TASK     PRICES",
        "1      anthropic/claude   ~8.2k     ~35.0k  16.4k   200.0k   0.04 to 21.30  LiteLLM 1.2, file of 2026-01-01",
        "-      openai/\\x1b[2Jgpt  8.0k      -       16.4k   unknown  unpriced       -",
        "",
        "manager (models.roles.manager)",
        "PLACE  MODEL              QUESTION  LATER  ANSWER  WINDOW   USD A TASK  PRICES",
        "-      openai/\\x1b[2Jgpt  8.0k      -      16.4k   unknown  unpriced    -",
        "",
        "anthropic/claude: may come up",
        "openai/\\x1b[2Jgpt is skipped (auth): the provider refuses the key: no",
        "key of anthropic, asked within the last hour: requests 50 (49 left, all again in 1 min 00 s), tokens",
        "boss, worker and reviewer: asked in this order, the next where one fails: anthropic/claude",
        "manager: no model can do this",
        f"a task makes 4 calls at best and some 68 with {ROUNDS}",
        "1 tiny call asked for the limits of keys; no task pays",
    ]


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ((0.04, 21.3), "with the first model of each chain they cost 0.04 to 21.30 USD"),
        ((0.04, None), "what they cost is not known: a model that comes first has no price"),
        ((None, None), "what they cost is not known: a model that comes first has no price"),
    ],
)
def test_cost_of_a_task_is_one_range_or_said_to_be_unknown(
    costs: tuple[float | None, float | None], words: str
) -> None:
    least, most = costs
    answer = pb.AuditModelsResponse(chains=CHAINS[:1], fewest_calls=4, most_calls=68, least_usd=least, most_usd=most)
    page = audit_page(answer)
    assert page[-1] == f"a task makes 4 calls at best and some 68 with {ROUNDS}; {words}"
