import pytest

from octractl.render import figures
from octractl.render.table import display_width, layout_table


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (-5, "0.0 s"), (0, "0.0 s"), (420, "0.4 s"), (9949, "9.9 s"), (9950, "10 s"), (59_400, "59 s"),
        (59_600, "1 min 00 s"), (185_000, "3 min 05 s"), (7_620_000, "2 h 07 min"), (273_600_000, "3 d 4 h"),
    ],
)  # fmt: skip
def test_duration_is_short_and_in_its_natural_unit(milliseconds: float, shown: str) -> None:
    assert figures.duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [(0, "0 B"), (512, "512 B"), (1536, "1.5 KiB"), (200 * 1024**2, "200 MiB"), (1024**2 - 1, "1.0 MiB")],
)
def test_size_is_in_binary_units(size_bytes: int, shown: str) -> None:
    assert figures.size(size_bytes) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (999, "999"), (12_345, "12.3k"), (999_999, "1.0M"), (4_500_000, "4.5M")]
)
def test_count_is_rounded_to_three_digits(number: int, shown: str) -> None:
    assert figures.count(number) == shown


@pytest.mark.parametrize(
    ("cost_usd", "unpriced", "shown"),
    [(0, 0, "$0"), (0, 3, "unpriced"), (0.01234, 0, "$0.0123"), (12.3, 0, "$12.30"), (1.5, 2, "$1.50 + 2 unpriced")],
)
def test_cost_says_what_has_no_price(cost_usd: float, unpriced: int, shown: str) -> None:
    assert figures.cost(cost_usd, unpriced) == shown


def test_table_aligns_wide_characters_and_cuts_at_the_terminal() -> None:
    lines = layout_table(("A", "B"), [("日本", "x" * 40), ("abc", "y")], width=12)
    assert lines == ["A     B", "日本  xxxxx…", "abc   y"]
    assert all(display_width(line) <= 12 for line in lines)


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_age_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert figures.age(seconds) == said
