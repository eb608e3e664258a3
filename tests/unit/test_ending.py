"""Ending a task, also one that swallows the first cancellation."""

import asyncio

from campaigns.ending import end


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = asyncio.Event()

    async def deaf() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end([task])
    assert swallowed.is_set()
    assert task.cancelled()


async def test_one_that_fails_as_it_ends_is_ended_all_the_same() -> None:
    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await end([task])
    assert task.done()


async def test_one_that_takes_no_notice_is_left_alone_after_so_many_tries() -> None:
    heard: list[int] = []
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                heard.append(1)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end([task], tries=2, each=0.01)
    assert not task.done()
    assert len(heard) == 2
    let_go.set()
    await task
