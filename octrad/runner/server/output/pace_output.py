"""Decides how much of a command's output goes out as progress, and in which pieces. Pure; the time is an argument.

Text is gathered for a moment, so that a command that prints character by character does not make an event of each.
A burst goes out whole; beyond it, the rate is bounded and the newest text is what is shown: the rest is only counted,
and is in the stored output.
"""

from dataclasses import dataclass

PIECE_CHARACTERS = 4096
GATHER_S = 0.1
BURST_PIECES = 64
PIECES_A_SECOND = 4.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Text to send, and the bytes left out before it."""

    text: str
    skipped_bytes: int


class OutputPacer:
    """Cuts a stream of text into pieces that may be sent."""

    def __init__(self, now: float) -> None:
        self._waiting = ""
        self._skipped_bytes = 0
        self._allowance = float(BURST_PIECES)
        self._refilled_at = now
        self._sent_at = now - GATHER_S

    def feed(self, text: str, now: float) -> list[Piece]:
        """Takes text and returns what is to be sent now."""
        self._waiting += text
        return self.take(now) if len(self._waiting) >= PIECE_CHARACTERS else []

    def take(self, now: float) -> list[Piece]:
        """Returns what has waited long enough and may be sent now. To be asked every `GATHER_S`."""
        self._refill(now)
        pieces: list[Piece] = []
        full = len(self._waiting) >= PIECE_CHARACTERS
        while self._waiting and (full or now - self._sent_at >= GATHER_S):
            if self._allowance < 1:
                self._skip_old()
                break
            self._allowance -= 1
            self._sent_at = now
            pieces.append(self._cut())
            full = len(self._waiting) >= PIECE_CHARACTERS
        return pieces

    def finish(self) -> list[Piece]:
        """Returns the last piece, whatever the rate."""
        self._skip_old()
        return [self._cut()] if self._waiting or self._skipped_bytes else []

    def _refill(self, now: float) -> None:
        self._allowance = min(BURST_PIECES, self._allowance + (now - self._refilled_at) * PIECES_A_SECOND)
        self._refilled_at = now

    def _skip_old(self) -> None:
        old, self._waiting = self._waiting[:-PIECE_CHARACTERS], self._waiting[-PIECE_CHARACTERS:]
        self._skipped_bytes += len(old.encode())

    def _cut(self) -> Piece:
        text, self._waiting = self._waiting[:PIECE_CHARACTERS], self._waiting[PIECE_CHARACTERS:]
        piece, self._skipped_bytes = Piece(text, self._skipped_bytes), 0
        return piece
