"""How durations, sizes, counts and money are written for people. Pure."""

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def duration(milliseconds: float) -> str:
    """Returns `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min` or `3 d 4 h`."""
    seconds = max(0.0, milliseconds / 1000)
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def age(seconds: float) -> str:
    """Returns `42 s`, `7 min`, `3 h` or `12 d`: how long ago, in whole units."""
    whole = max(0, int(seconds))
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if whole >= unit:
            return f"{whole // unit} {name}"
    return f"{whole} s"


def size(size_bytes: int) -> str:
    """Returns `512 B`, `1.5 KiB`, `200 MiB`."""
    amount, unit = float(size_bytes), 0
    while amount >= 1023.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_SIZES[unit]}" if unit and amount < 9.95 else f"{amount:.0f} {_SIZES[unit]}"


def count(number: int) -> str:
    """Returns `950`, `12.3k`, `4.5M`."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def tokens(input_tokens: int, output_tokens: int) -> str:
    """Returns `1.2k tokens in, 340 out`."""
    return f"{count(input_tokens)} tokens in, {count(output_tokens)} out"


def cost(cost_usd: float, unpriced_calls: int = 0) -> str:
    """Returns `$0.0123`, `unpriced`, or both where some calls have no price."""
    if not cost_usd:
        return "unpriced" if unpriced_calls else "$0"
    money = f"${cost_usd:.2f}" if cost_usd >= 1 else f"${cost_usd:.4f}"
    return f"{money} + {unpriced_calls} unpriced" if unpriced_calls else money
