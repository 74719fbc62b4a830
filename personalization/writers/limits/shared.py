"""The limits' memory in Redis, shared by all workers: one script, one round trip for many requests.

Why not pyrate-limiter: its bucket in Redis has fixed rates and counts by the workers' clocks, lets a minute's
requests go in one burst, stores a member per token, and makes a round trip per request and per try. Here the
rates change with the provider's answers, the server's clock counts, requests are spread evenly, and one round
trip serves a quarter of a second.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from personalization.writers.limits.address import PATIENCE, client_url, keys_of
from personalization.writers.limits.pace import HORIZON, Gaps
from personalization.writers.limits.policy import State, read_state

KEPT = 3600  # seconds; a limit that nobody has asked for since is learned anew
TURNS = 10  # that the event loop has in PATIENCE
HELD = 5.0  # seconds; the client's own deadlines, which must not count what the loop was held up with
PRESENT = 60  # seconds; a worker that has not asked for so long is not counted

# Hash of a model: version and state (whoever writes a state must know the one before), the two times of
# `pace.Pace`, and what was sent in this slice of time and the one before. Numbers go in and out as text:
# Lua would cut the microseconds of a time.
_EXCHANGE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local model, workers = KEYS[1], KEYS[2]
local known, told, worker = ARGV[1], ARGV[2], ARGV[3]
local sent, returned, slice = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local gap, slack, pause = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local start = pause > 0 and now + pause or 0
local function text(number) return string.format('%.6f', number) end

redis.call('ZADD', workers, text(now), worker)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', text(now - ARGV[10]))
local count = redis.call('ZCARD', workers)

local row = redis.call('HMGET', model, 'version', 'state', 'request_at', 'token_at', 'since', 'sent',
    'before', 'before_seconds')
local version, state = row[1] or '', row[2] or ''
local accepted = 0
if told ~= '' and version == known then
    version, state, accepted = text(now), told, 1
    redis.call('HSET', model, 'version', version, 'state', state)
end

local request_at, token_at = tonumber(row[3] or 0), tonumber(row[4] or 0) - returned
-- A time far ahead was written before the clock jumped back.
if request_at < now - slack or request_at > now + 600 then request_at = now end
if token_at < now - slack or token_at > now + 600 then token_at = now - slack end
local times = {}
if version == known or accepted == 1 then
    for index = 13, #ARGV do
        local at = math.max(request_at, token_at, start)
        if at > now + ARGV[12] then break end
        times[#times + 1] = text(at - now)
        request_at = at + gap
        token_at = math.max(token_at, at - slack) + ARGV[index]
    end
end

local since, so_far = tonumber(row[5] or 0), tonumber(row[6] or 0)
local before, before_seconds = tonumber(row[7] or 0), tonumber(row[8] or 0)
if now - since > 2 * slice or now < since then
    since, so_far, before, before_seconds = now, 0, 0, 0
elseif now - since > slice then
    before, before_seconds, since, so_far = so_far, now - since, now, 0
end
so_far = so_far + sent + #times
redis.call('HSET', model, 'request_at', text(request_at), 'token_at', text(token_at), 'since', text(since),
    'sent', so_far, 'before', before, 'before_seconds', text(before_seconds))
redis.call('EXPIRE', model, ARGV[11])
redis.call('EXPIRE', workers, ARGV[11])
local seconds = math.max(before_seconds + now - since, slice / 40)
local after = math.max(request_at, token_at, start) - now
if version == known then state = '' end
return {accepted, version, state, text(now), count, text((before + so_far) / seconds), text(after), times}
"""


class Away(Exception):
    """Redis did not answer in time, or not as it should. `str()` is the error's kind, without address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker tells, and what it wants: a permit for each of `costs`, in tokens."""

    version: str  # of the state that it knows
    told: State | None  # to put in its place
    sent: int  # requests sent without a permit, since the last exchange
    returned: int  # tokens taken before and not used
    gaps: Gaps
    costs: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`version` as it is now; where it is not the known one, its `state` comes and no permits."""

    accepted: bool
    version: str
    state: State
    now: float  # seconds of the server's clock
    workers: int
    sent: float  # requests a second of all workers, measured
    delays: list[float]  # seconds from now until each permit holds
    after: float  # and until one more would


class Shared:
    """One model's limits in Redis, as one worker sees them. For one event loop."""

    def __init__(self, url: str, key: str, worker: str, *, minute: float = 60.0) -> None:
        self._redis: Redis = Redis.from_url(
            client_url(url),
            socket_timeout=HELD,
            socket_connect_timeout=HELD,
            # A restarted server closes its connections: once more at once, and no further.
            retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),
            decode_responses=True,
            protocol=2,
        )
        self._script = self._redis.register_script(_EXCHANGE)
        self._worker = worker
        self._keys = keys_of(key)
        self._slice = minute / 6

    async def exchange(self, asked: Asked) -> Answer:
        """One round trip. Raises Away."""
        told = asked.told.as_json() if asked.told else ""
        gaps = asked.gaps
        arguments: list[str | float] = [asked.version, told, self._worker]
        arguments += [asked.sent, asked.returned * gaps.token, self._slice]
        arguments += [gaps.request, gaps.slack, gaps.pause, PRESENT, KEPT, HORIZON]
        arguments += [cost * gaps.token for cost in asked.costs]
        try:
            answer: list[Any] = await _patiently(self._script(keys=self._keys, args=arguments))
            accepted, version, state, now, workers, sent, after, delays = answer
            return Answer(
                bool(accepted),
                version,
                read_state(state),
                float(now),
                workers,
                float(sent),
                list(map(float, delays)),
                float(after),
            )
        except (RedisError, OSError, ValueError, TypeError, KeyError) as error:
            raise Away(type(error).__name__) from error

    async def leave(self) -> None:
        """This worker no longer counts, where Redis can be told."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._redis.zrem(self._keys[1], self._worker)
        except (RedisError, OSError):
            pass
        await self._redis.aclose()


async def _patiently[Result](exchange: Coroutine[Any, Any, Result]) -> Result:
    """What it returns. Raises TimeoutError after PATIENCE, told in turns of the event loop.

    A loop that was held up for a second, by a busy machine or a large batch, has had one turn, and in the
    next ones it reads the answer that lay there: a slow moment of ours is no absent Redis.
    """
    task = asyncio.ensure_future(exchange)
    try:
        for _ in range(TURNS):
            done, _pending = await asyncio.wait((task,), timeout=PATIENCE / TURNS)
            if done:
                return task.result()
        raise TimeoutError
    finally:
        task.cancel()
