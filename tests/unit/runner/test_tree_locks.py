import asyncio
from contextlib import AbstractAsyncContextManager

from octrad.runner.server.sandbox.command_slots import CommandSlots
from octrad.runner.server.tree_locks import TreeLocks


async def is_free(lock: AbstractAsyncContextManager[None]) -> bool:
    """Whether the lock is given without waiting for anybody."""

    async def take() -> None:
        async with lock:
            pass

    task = asyncio.create_task(take())
    for _ in range(5):
        await asyncio.sleep(0)
    if task.done():
        return True
    task.cancel()
    await asyncio.wait({task})
    return False


async def test_branches_of_a_tree_are_independent_and_the_same_is_not() -> None:
    locks = TreeLocks()
    async with locks.hold_branches("t", "a"):
        assert await is_free(locks.hold_branches("t", "b"))
        assert await is_free(locks.hold_branches("other", "a"))
        assert not await is_free(locks.hold_branches("t", "a"))
        assert not await is_free(locks.hold_branches("t", "main", "a"))
    assert await is_free(locks.hold_branches("t", "a"))


async def test_whole_tree_is_held_alone() -> None:
    locks = TreeLocks()
    async with locks.hold_branches("t", "a"):
        assert not await is_free(locks.hold_tree("t"))
        assert await is_free(locks.hold_tree("other"))
    async with locks.hold_tree("t"):
        assert not await is_free(locks.hold_tree("t"))
        assert not await is_free(locks.hold_branches("t", "a"))
    assert await is_free(locks.hold_tree("t"))


async def test_who_waits_for_a_slot_is_told() -> None:
    slots, said = CommandSlots(1), list[str]()
    async with slots.take(said.append):
        assert not said
        assert not await is_free(slots.take(said.append))
    assert said == ["waiting: 1 commands run already"]
    assert await is_free(slots.take(said.append))
