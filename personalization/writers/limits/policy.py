"""What may be sent now, and how a provider's answer changes that. No clock, no network: all of it is plain.

Times are seconds of one clock that all workers share; rates are per minute, infinite where none is known.

A refusal (429) lowers the rate at once by a fifth: of the limit, or of what was sent where none is known; at
most once in 5 seconds, for the answers of one volley are one refusal. Within a minute the rate comes back to
where it was refused, then it feels its way up, each minute by a tenth of what it was when the trouble began:
to the known limit, or to twice of what was sent then. It does not fall under a quarter of that, the lowest
rate, while few are refused: a quarter or less of what is sent. Where more are refused, the lowest is set
anew, a quarter of what it was: after half a minute at it where some are let through, else after five minutes,
for an endpoint that refuses everything does not do so for our rate.

Are the refusals about the rate at all? Where few are still refused in half a minute at the lowest rate, it is
assumed that they are not: all of the rate comes back at once, and for five minutes refusals pause as the
provider asks, but lower nothing. As soon as more than few are then refused, or where after half a minute not
much more is let through than at the lowest rate (pauses hide a limit), the rate was the cause after all: back
to the lowest at once, and from there further down as after any refusal. For an hour then no more comes
back in this way than that rate. So a limit just under the lowest rate is run into once an hour, for seconds;
and an endpoint that refuses one request in ten, whatever is sent, is asked at the full rate most of the time.
"""

import json
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any

from personalization.writers.limits.config import Limit
from personalization.writers.limits.headers import LONGEST_RETRY_AFTER, Told, Window

# A window of the provider never ends where ours does, and requests arrive up to half a second apart from how
# they were sent: one in a hundred is left unused, so that none is refused.
USED = 0.99
LOWERED = 0.8
LOWEST = 0.25  # of the rate when the trouble began
# In minutes: between two lowerings, back to where it was refused, and until the lowest is set anew.
SETTLED, BACK, LASTING = 1 / 12, 1.0, 5.0
COUNTED = 0.5  # minutes in which refusals are counted, until they are counted anew
FEW = 0.25  # of what is sent; to refuse so little at the lowest rate is the endpoint's way, whatever the rate
ENOUGH = 20  # requests to judge by: the count goes on until so many are answered
GAIN = 1.3  # times what was let through at the lowest: to send more has helped
SURE = 5  # refusals beyond the few, in less than a whole count: more than chance brings about
NEAR = 1.05  # times the lowest rate: still the lowest
BLAMED = 60.0  # minutes, after the rate turned out to be the cause, until all of it comes back untried
CLIMB = 0.1  # a minute, of the rate when the trouble began
FORGOTTEN = 2.0  # times the rate when the trouble began: nothing is left to fear
# Requests a minute, where no limit is known: so many go before the first answer, which may tell one; and a
# refusal lowers from there, or from more, for to have sent less says nothing of what the provider allows.
ASSUMED = 600.0
# Minutes, after a refusal that does not say when to come back: twice as long while nothing but refusals come.
SHORTEST_PAUSE, LONGEST_PAUSE = 1 / 60, 1.0
MOST_STREAK = 10  # of refusals, counted no further: the pause is the longest long before
REFUSED = 429
BUSY = (503, 529)  # their Retry-After is meant for all that would be sent


@dataclass(frozen=True, slots=True)
class State:
    """What all workers know of a model's limits besides the settings.

    `requests`, `tokens`: the limits that the provider announced. `rate`: the requests a minute that were
    allowed at `since`, when it was lowered from `refused`; `peak`: those of when the trouble began, `began`.
    `refusals`, `answers`: how many, of 429 and of others, have come since `counted`; `few`: whether few were
    refused when they were counted last. `lowest`: since when nothing but the lowest rate was refused.
    `spared_until`: no refusal lowers before; `blamed_until`: before, not all of the rate comes back.
    `through`: what was let through a minute at the lowest, until it is known whether more is since then.
    """

    requests: float = inf
    tokens: float = inf
    rate: float = inf
    since: float = 0.0
    refused: float = inf
    peak: float = inf
    began: float = 0.0
    paused_until: float = 0.0
    reason: str = ""  # of the last pause or lowering: refused, asked, used_up
    heard: bool = False  # whether the provider has answered anything yet
    streak: int = 0  # pauses, one after the other, that ended with a refusal
    refusals: int = 0
    answers: int = 0
    counted: float = 0.0
    few: bool = False
    lowest: float = 0.0
    spared_until: float = 0.0
    blamed_until: float = 0.0
    through: float = 0.0

    def as_json(self) -> str:
        """Only what is known: infinity has no JSON."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: value for name, value in named.items() if value not in (inf, 0, "")})


# Those of a State that are moments, for who knows that the clock is another one; 0 is none.
MOMENTS = ("since", "began", "paused_until", "counted", "lowest", "spared_until", "blamed_until")


def read_state(text: str) -> State:
    """The state of this JSON; what a newer or older version wrote beside it is left out."""
    known = {field.name for field in fields(State)}
    values: dict[str, Any] = json.loads(text or "{}")
    return State(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True, slots=True)
class Allowed:
    """Per minute, all workers together."""

    requests: float
    tokens: float

    @property
    def unlimited(self) -> bool:
        return self.requests == inf and self.tokens == inf


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings' limit of one model, and how long its provider's minute is."""

    limit: Limit
    minute: float = 60.0

    def full(self, state: State) -> Allowed:
        """What may be sent when nothing is lowered: the provider's word counts where it is the smaller."""
        return Allowed(
            min(self.limit.requests or inf, state.requests), min(self.limit.tokens or inf, state.tokens)
        )

    def allowed(self, state: State, now: float) -> Allowed:
        full = self.full(state)
        requests = full.requests * USED if state.heard or full.requests < inf else ASSUMED
        return Allowed(min(requests, self._risen(state, now)), full.tokens * USED)

    def restored(self, state: State) -> float:
        """When nothing is lowered any more. For a state with a rate."""
        full = min(self.full(state).requests * USED, FORGOTTEN * state.peak)
        if full <= state.refused:
            minutes = BACK * max(0.0, full - state.rate) / max(state.refused - state.rate, 1e-9)
        else:
            minutes = BACK + (full - state.refused) / (CLIMB * state.peak)
        return state.since + minutes * self.minute

    def pause(self, state: State, now: float) -> float:
        """Seconds until anything may be sent. None is longer than what is ever asked for: a clock jumped."""
        left = state.paused_until - now
        return left if 0 < left <= LONGEST_RETRY_AFTER + 1 else 0.0

    def answered(self, state: State, told: Told, now: float, *, cost: int) -> State:
        """After an answer that is no refusal: its limits, and a window that is used up until it ends.

        `cost`: the tokens of the request, and so of the next one, more or less.
        """
        state = self._announced(state, told)
        if state.streak:
            state = replace(state, streak=0)
        pause = self._until_room(told, cost)
        return self._paused(state, now + pause, "used_up") if pause else state

    def refused(
        self, state: State, told: Told, now: float, *, sent: float, answered: int, cost: int
    ) -> State:
        """After a 429: paused as the provider asks, and lowered where our rate can be the cause.

        `sent`: requests a minute, as measured: where no limit is known, they must have been too many.
        `answered`: how many other answers the worker has had since the last refusal that it told of.
        """
        state = self._announced(state, told)
        current = self.allowed(state, now).requests
        if current == inf:
            current = max(sent, ASSUMED)
        state = self._counted(state, current, now, answered)
        pause = told.retry_after or 0.0
        if now >= state.paused_until:  # else it is one of the volley that began the pause
            if told.retry_after is None:
                pause = max(self._guessed(state), self._until_room(told, cost))
            state = replace(state, streak=min(state.streak + 1, MOST_STREAK))
        paused = self._paused(state, now + pause, "asked" if told.retry_after else "refused")
        settles = now < state.since + SETTLED * self.minute
        if _room_was_left(told, cost) or settles or self._is_spared(state, now):
            return paused
        return self._lowered(paused, current, now)

    def busy(self, state: State, told: Told, now: float) -> State:
        """After another answer with Retry-After, such as a 503: paused, not lowered."""
        state = self._announced(state, told)
        return self._paused(state, now + told.retry_after, "asked") if told.retry_after else state

    def _guessed(self, state: State) -> float:
        return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0**state.streak) * self.minute

    def _risen(self, state: State, now: float) -> float:
        """The lowered rate as it has come back since; infinite once it is forgotten."""
        if state.rate == inf or state.since > now + LONGEST_RETRY_AFTER + 1:
            return inf
        minutes = max(0.0, now - state.since) / self.minute
        if minutes < BACK:
            return state.rate + (state.refused - state.rate) * minutes / BACK
        risen = state.refused + CLIMB * state.peak * (minutes - BACK)
        return inf if risen >= FORGOTTEN * state.peak else risen

    def _is_spared(self, state: State, now: float) -> bool:
        return 0 < state.spared_until - now <= LASTING * self.minute  # else a clock jumped

    def _is_blamed(self, state: State, now: float) -> bool:
        return 0 < state.blamed_until - now <= BLAMED * self.minute

    def _counted(self, state: State, current: float, now: float, answered: int) -> State:
        """With this refusal, and with what the count says about the rate."""
        refusals, answers = state.refusals + 1, state.answers + answered
        over = refusals - FEW * (refusals + answers)
        if self._is_spared(state, now) and over > SURE:
            return self._back_to_lowest(state, now)
        counts = now - state.counted < COUNTED * self.minute or refusals + answers < ENOUGH
        if counts and 0 < state.counted <= now:
            return replace(state, refusals=refusals, answers=answers)
        through = answers / max(1e-9, now - state.counted) * self.minute
        helps = through > GAIN * state.through or now - state.counted > 3 * COUNTED * self.minute
        if state.through and self._is_spared(state, now) and not helps:
            return self._back_to_lowest(state, now)
        lowest = current <= NEAR * LOWEST * state.peak and 0 < state.lowest <= state.counted <= now
        state = replace(state, refusals=0, answers=0, counted=now, few=over <= 0, through=0.0)
        if lowest and state.few:
            return self._spared(replace(state, through=through), now)
        if lowest and answers:  # else it refuses everything: a storm, of which no rate is the cause
            return replace(state, peak=current, began=now, lowest=0.0)
        return state

    def _spared(self, state: State, now: float) -> State:
        """Lowering did not help: all of the rate again; where that was too much, what began the trouble."""
        rate = state.peak if self._is_blamed(state, now) else inf
        state = replace(state, rate=rate, refused=rate, since=now, lowest=0.0)
        return replace(state, spared_until=now + LASTING * self.minute)

    def _back_to_lowest(self, state: State, now: float) -> State:
        """The rate was the cause after all: as before it was restored, and from there further down."""
        rate = max(LOWEST * state.peak, 1.0)
        state = replace(state, rate=rate, refused=rate, since=now, peak=rate, began=now, reason="refused")
        state = replace(state, refusals=0, answers=0, counted=now, few=False, through=0.0)
        return replace(state, spared_until=0.0, blamed_until=now + BLAMED * self.minute)

    def _lowered(self, state: State, current: float, now: float) -> State:
        lasts = now > state.began + LASTING * self.minute and not state.few
        if self._risen(state, now) == inf or lasts:
            state = replace(state, peak=current, began=now)
        lowest = LOWEST * state.peak
        rate = min(current, max(LOWERED * current, lowest))
        # From the end of the pause: nothing rises while nothing is sent.
        since = max(now, state.paused_until)
        at_lowest = (state.lowest or now) if current <= NEAR * lowest else 0.0
        state = replace(state, rate=max(rate, 1.0), since=since, refused=current, reason="refused")
        return replace(state, lowest=at_lowest)

    def _paused(self, state: State, until: float, reason: str) -> State:
        # A few milliseconds more are not worth telling everybody.
        if until < state.paused_until + SHORTEST_PAUSE * self.minute / 10:
            return state
        return replace(state, paused_until=until, reason=reason)

    def _announced(self, state: State, told: Told) -> State:
        requests, tokens = self._per_minute(told.requests), self._per_minute(told.tokens)
        if state.heard and requests in (None, state.requests) and tokens in (None, state.tokens):
            return state
        requests, tokens = requests or state.requests, tokens or state.tokens
        return replace(state, requests=requests, tokens=tokens, heard=True)

    def _per_minute(self, window: Window) -> float | None:
        """The announced limit; None where it counts for longer than a minute, such as a day."""
        return None if window.reset is not None and window.reset > 1.1 * self.minute else window.limit

    def _until_room(self, told: Told, cost: int) -> float:
        return max(self._end(told.requests, 1), self._end(told.tokens, max(cost, 1)))

    def _end(self, window: Window, need: int) -> float:
        """Seconds until a used-up window ends; 0 where it has room, or frees a little all the time.

        OpenAI's reset is the time until all is free again: a whole minute when nothing is left, though the
        next request is let through almost at once. A shorter one belongs to a window that ends then.
        """
        if window.remaining is None or window.remaining >= need or window.reset is None or not window.limit:
            return 0.0
        steady = 0.9 * self.minute * max(0.0, 1 - need / window.limit)
        return window.reset if window.reset < min(steady, 1.1 * self.minute) else 0.0


def _room_was_left(told: Told, cost: int) -> bool:
    """Whether the provider refused although both of its limits had room: then our rate is not the cause."""
    requests, tokens = told.requests.remaining, told.tokens.remaining
    return requests is not None and requests >= 1 and tokens is not None and tokens >= max(cost, 1)
