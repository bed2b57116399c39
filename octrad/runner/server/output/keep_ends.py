"""Keeps the first and the last part of a command's output, however long it is. Pure."""

END_CHARACTERS = 5000


class OutputEnds:
    """The head and the tail of a text that comes in pieces. Holds at most a few times what it keeps."""

    def __init__(self, limit: int = END_CHARACTERS) -> None:
        self._limit = limit
        self._head = ""
        self._tail = ""

    def feed(self, text: str) -> None:
        """Takes the next piece."""
        room = self._limit - len(self._head)
        self._head += text[:room]
        self._tail = (self._tail + text[room:])[-self._limit :]

    @property
    def head(self) -> str:
        """The first part."""
        return self._head

    @property
    def tail(self) -> str:
        """The last part of what is not in the head."""
        return self._tail
