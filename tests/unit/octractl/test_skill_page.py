from octra_proto.v1 import events_pb2, knowledge_pb2, tasks_pb2
from octractl.render.event_line import describe_event
from octractl.render.skill_page import explanation_lines, found_table, skill_lines, skill_table
from octractl.render.task_page import task_page

MTU = knowledge_pb2.Skill(
    slug="vpn-mtu", name="MTU\x1b[2J", area="VPN", keywords=["mtu", "mss"], tech=["wireguard"], weight=5, text="a\nb"
)
OWN = knowledge_pb2.Skill(slug="ovens", name="Ovens", area="Cooking", keywords=["heat"], weight=3, text="c", own=True)
TERM = knowledge_pb2.TermScore(term="mtu", field="name", score=1.25)


def test_table_neutralises_names_and_marks_the_users_own() -> None:
    assert skill_table([MTU, OWN]) == [
        "AREA     SKILL    NAME",
        "VPN      vpn-mtu  MTU\\x1b[2J",
        "Cooking  ovens    Ovens (yours)",
    ]


def test_search_shows_scores_and_on_request_what_they_are_made_of() -> None:
    found = [knowledge_pb2.FoundSkill(skill=OWN, score=1.25, terms=[TERM])]
    assert found_table(found) == ["SCORE  AREA     SKILL  NAME", "1.25   Cooking  ovens  Ovens (yours)"]
    assert explanation_lines(found) == ["1.25  ovens: Ovens", "      1.25  mtu in name"]


def test_fragments_whole() -> None:
    assert skill_lines([MTU, OWN]) == [
        "vpn-mtu: MTU\\x1b[2J",
        "area:     VPN, weight 5 of 5",
        "keywords: mtu, mss",
        "tech:     wireguard",
        "  a",
        "  b",
        "",
        "ovens: Ovens (yours)",
        "area:     Cooking, weight 3 of 5",
        "keywords: heat",
        "  c",
    ]


def test_choice_is_told_in_one_line() -> None:
    def told(**fields: object) -> str:
        picked = events_pb2.SkillsPicked(worker="api", **fields)  # type: ignore[arg-type] # one of many
        return describe_event(events_pb2.Event(skills_picked=picked))[0]

    assert told(slugs=["a", "b\x1b"], by="search") == "skills for api: a, b\\x1b"
    assert told(slugs=["a"], by="manager") == "skills for api: a (its manager's choice)"
    assert told(by="search") == "skills for api: none that fits"


def test_page_of_a_task_shows_areas_and_choices() -> None:
    answer = tasks_pb2.GetTaskResponse(
        task=tasks_pb2.Task(id="k7f3", skill_areas=["Backend", "VPN"]),
        skills_picked=[events_pb2.SkillsPicked(worker="api", slugs=["vpn-mtu", "vpn-keys"], by="manager")],
    )
    page = task_page(answer)
    assert "skills:   Backend, VPN" in page
    assert "  api: vpn-mtu, vpn-keys (by manager)" in page
