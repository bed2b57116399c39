"""Whether the stacks, guides and skills that somebody wrote for this machine can be used."""

from octrad.foundation.config import Config
from octrad.foundation.finding import Finding
from octrad.knowledge.library import read_library

_NAME = "library"


def check_library(config: Config) -> list[Finding]:
    """A finding for each file that is passed over, or one that all are well; none where no directory is configured."""
    directory = config.knowledge.dir
    if directory is None:
        return []
    if not directory.is_dir():
        hint = "make it, or correct `knowledge.dir`"
        return [Finding(_NAME, ok=False, detail=f"{directory} is no directory", hint=hint)]
    library = read_library(directory)
    if library.faults:
        hint = "correct it; docs/knowledge.md says how such files are written"
        return [Finding(_NAME, ok=False, detail=fault, hint=hint) for fault in library.faults]
    return [Finding(_NAME, ok=True, detail=f"{', '.join(library.own) or 'nothing'} (in {directory})")]
