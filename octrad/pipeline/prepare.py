"""Makes the task's tree: empty, from the user's repository, or from the newest snapshot of its project."""

from octrad.pipeline import step_names
from octrad.pipeline.servants import record_change, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.operations import BundleSource, CreatedTree, EmptySource, SnapshotSource, TreeSource
from octrad.tasks.journal_step import Step
from octrad.tasks.snapshots import choose_base


async def prepare(run: TaskRun) -> CreatedTree:
    """The tree that the task begins with. In a retry it is brought back as the last run left it."""
    before = await run.journal.recorded(step_names.PREPARE, CreatedTree)
    if before is None:
        return await _create(run, step_names.PREPARE, await _source(run), "Prepare the tree")
    if await _was_removed(run):
        # Kept for as long as the task has not ended; a retry that finds it pruned is refused.
        source = SnapshotSource(run.task.store_path)
        await _create(run, step_names.prepared_again(run.task.run), source, "Bring back the tree")
    return before


async def _create(run: TaskRun, name: str, source: TreeSource, title: str) -> CreatedTree:
    async def call(step: Step) -> CreatedTree:
        created = await run.tools.runner.create_tree(step.request_id, run.task.id, source)
        record_change(step, created.commit, ())
        return created

    return await runner_step(run, name, call, CreatedTree, speaker=DAEMON, title=title)


async def _source(run: TaskRun) -> TreeSource:
    if run.task.bundle_id:
        return BundleSource(run.task.bundle_id)
    # A project that is called like its task has no other task.
    if run.task.project != run.task.id:
        newest = await choose_base(run.tools.database, run.lease, run.task.project)
        if newest is not None:
            return SnapshotSource(newest.store_path)
    return EmptySource()


async def _was_removed(run: TaskRun) -> bool:
    last = run.task.run - 1
    return last > 0 and await run.journal.recorded(step_names.removed(last), bool) is not None
