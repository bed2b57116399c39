import pytest

from octrad.gateway.calls import ModelRole
from octrad.pipeline.questions.question_roles import is_long, role_of, roles_of_work


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


@pytest.mark.parametrize(
    ("divided", "words_note", "roles"),
    [
        (False, False, "boss worker"),
        (True, False, "boss manager worker reviewer"),
        (False, True, "boss worker advisor"),
        (True, True, "boss manager worker reviewer advisor"),
    ],
)
def test_managers_and_reviewers_are_asked_where_the_work_is_divided(
    *, divided: bool, words_note: bool, roles: str
) -> None:
    assert list(roles_of_work(divided=divided, words_note=words_note)) == roles.split()
