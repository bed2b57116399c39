"""What a benchmark says: a figure beside its reference of the same run, and the goal for the two."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    `limit` bounds the ratio to the reference when `kind` is ratio, the difference when it is over, and the
    figure itself when it is absolute. Times are milliseconds.
    """

    name: str
    value: float
    unit: str
    kind: str  # ratio | over | absolute
    limit: float
    reference_name: str = ""
    reference: float = 0.0

    @property
    def compared(self) -> float:
        match self.kind:
            case "ratio":
                return self.value / self.reference
            case "over":
                return self.value - self.reference
            case _:
                return self.value

    @property
    def is_met(self) -> bool:
        return self.compared <= self.limit

    def row(self) -> str:
        """The figure as a row of a Markdown table."""
        compared = {"ratio": "{:.2f} x", "over": "+{:.1f} " + self.unit, "absolute": "{:.1f} " + self.unit}[self.kind]
        goal = compared.replace(".2f", "g").replace(".1f", "g").format(self.limit).removeprefix("+")
        reference = f"{self.reference_name}: {self.reference:.1f} {self.unit}" if self.reference_name else "-"
        verdict = "met" if self.is_met else "**missed**"
        measured = f"{self.value:.1f} {self.unit}"
        return f"| {self.name} | {measured} | {reference} | {compared.format(self.compared)} | ≤ {goal} | {verdict} |"


HEADER = "| figure | measured | reference | compared | goal | |\n|---|---|---|---|---|---|"
