"""Tasks of asyncio that pass messages by queues, wait for each other and time out."""
import asyncio
import sys


class Message:
    def __init__(self, sender, number):
        self.sender, self.number = sender, number
        self.headers = {"from": str(sender), "number": number}
        self.body = b"." * (number % 200)


async def client(number, queue, count):
    for i in range(count):
        answer = asyncio.get_running_loop().create_future()
        await queue.put((Message(number, i), answer))
        if i % 4 == 0:
            await answer
    return number


async def worker(queue, seen):
    while True:
        message, answer = await queue.get()
        seen[message.sender] = seen.get(message.sender, 0) + len(message.body)
        if not answer.done():
            answer.set_result(message.headers["number"])
        queue.task_done()


async def session(clients, count):
    queue, seen = asyncio.Queue(50), {}
    workers = [asyncio.create_task(worker(queue, seen)) for _ in range(8)]
    done = await asyncio.gather(*(client(i, queue, count) for i in range(clients)))
    await queue.join()
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return sum(done), sum(seen.values())


async def leaf(number):
    await asyncio.sleep(0)
    return {"number": number, "text": f"leaf {number}"}


async def fan(width):
    total = 0
    for turn in range(10):
        answers = await asyncio.gather(*(asyncio.wait_for(leaf(i), 60) for i in range(width)))
        total += sum(len(answer["text"]) for answer in answers) + turn
    return total


async def main():
    scale = float(sys.argv[1])
    print(await session(max(10, int(500 * scale)), 160), await fan(int(3000 * scale)))


asyncio.run(main())
