"""Whether the playbooks that somebody wrote for this machine can be used."""

from octrad.foundation.config import Config
from octrad.foundation.finding import Finding
from octrad.pipeline.advisor.load_playbooks import read_own_playbooks

_NAME = "playbooks"


def check_playbooks(config: Config) -> list[Finding]:
    """A finding for each file that is passed over, or one that all are well; none where no directory is configured."""
    directory = config.advisor.playbooks_dir
    if directory is None:
        return []
    own = read_own_playbooks(directory)
    if own.faults:
        hint = "correct it; docs/operations.md says how a playbook is written"
        return [Finding(_NAME, ok=False, detail=fault, hint=hint) for fault in own.faults]
    names = ", ".join(playbook.name for playbook in own.playbooks) or "none"
    return [Finding(_NAME, ok=True, detail=f"{names} (in {directory})")]
