"""python -m tests.personalization.limited_process: a worker's requests without the rest of a worker.

Arguments: broker URL, key of the limits, requests a minute, length of the minute in seconds, base URL of the
endpoint, number of requests. Prints the number of answers by HTTP status, as JSON.
"""

import asyncio
import json
import sys
from collections import Counter

import aiohttp

from personalization.writers.limits.config import Limit
from tests.personalization.limiters import workers

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def main(url: str, key: str, rpm: int, minute: float, base_url: str, count: int) -> Counter[int]:
    statuses: Counter[int] = Counter()
    async with workers(url, Limit(rpm), minute=minute) as made, aiohttp.ClientSession() as session:
        made.key = key
        limiter = made.worker()

        async def ask() -> None:
            await limiter.acquire(0)
            async with session.post(f"{base_url}/chat/completions", json=REQUEST) as response:
                await response.read()
                limiter.observe(response.headers, response.status, None)
                statuses[response.status] += 1

        await asyncio.gather(*(ask() for _ in range(count)))
    return statuses


if __name__ == "__main__":
    broker, key, rpm, minute, base_url, count = sys.argv[1:]
    print(json.dumps(asyncio.run(main(broker, key, int(rpm), float(minute), base_url, int(count)))))
