import pytest

from octrad.gateway.calls import ModelRole
from octrad.pipeline.question_roles import is_long, role_of


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("grade", ModelRole.BOSS),
        ("plan", ModelRole.BOSS),
        ("validate", ModelRole.BOSS),
        ("assign", ModelRole.MANAGER),
        ("review", ModelRole.REVIEWER),
        ("work", ModelRole.WORKER),
        ("fix", ModelRole.WORKER),
    ],
)
def test_question_goes_to_the_models_of_its_role(question: str, role: ModelRole) -> None:
    assert role_of(question) is role
    assert is_long(question) == (role is ModelRole.WORKER)
