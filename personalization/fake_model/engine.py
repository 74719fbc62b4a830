"""Everything about a request but HTTP: which mode it gets, its answer, its tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from personalization.fake_model.chat_request import ChatRequest
from personalization.fake_model.completion import answer, seed_of
from personalization.fake_model.counters import Counters
from personalization.fake_model.faults import Dice
from personalization.fake_model.limits import MinuteLimits
from personalization.fake_model.options import Ability, Mode, Options, changed, same_limits
from personalization.fake_model.prefix_cache import PrefixCache, estimated_tokens, prefix_blocks
from personalization.fake_model.prompt import Prompt, read_prompt
from personalization.fake_model.response import Tokens, completion, stream

_WITHOUT_LIMIT = (Mode.ECHO, Mode.HUGE)  # with one, these would only be more cut answers
_FREE = (None, "json_object")  # formats that leave it to the prompt which keys an answer has


@dataclass(frozen=True, slots=True)
class Call:
    """One request that is being answered."""

    number: int
    mode: Mode
    request: ChatRequest
    prompt: Prompt
    blocks: list[int]
    cached_tokens: int
    seed: int


class Engine:
    """The state of one endpoint: options, counters, prefix cache, and the sequence of faults."""

    def __init__(self, options: Options) -> None:
        self.counters = Counters()
        self.options = options
        self._numbers = count(1)
        self.dice = Dice(options)
        self.limits = MinuteLimits(options)
        self._cache = PrefixCache()

    def change(self, changes: Mapping[str, object]) -> None:
        """The sequence of faults begins again; OptionsError with all problems, and then nothing changes."""
        options = changed(self.options, changes)
        if not same_limits(options, self.options):
            self.limits = MinuteLimits(options)
        self.options = options
        self.dice = Dice(options)

    def reset(self) -> None:
        """As after a start with the present options."""
        self.counters.reset()
        self.dice = Dice(self.options)
        self.limits = MinuteLimits(self.options)
        self._cache = PrefixCache()

    def begin(self, request: ChatRequest, body: bytes) -> Call:
        """The request with its mode drawn and its prompt kept."""
        number = next(self._numbers)
        prompt = read_prompt(request.texts)
        mode = self.dice.mode(prompt.text)
        # The schema stands before the messages in a provider's cache, and so does the model.
        blocks = prefix_blocks(prompt.text, salt=f"{request.model} {request.shape.key}")
        self.counters.mode(mode.value)
        self.counters.prompt(number, mode.value, request.model, request.shape.name, request.messages)
        return Call(number, mode, request, prompt, blocks, self._cache.cached_tokens(blocks), seed_of(body))

    def finish(self, call: Call) -> bytes:
        """The body of the response, charged. Only now do other prompts find this one in the cache, as a
        provider's cache has a prefix only after it was read once."""
        shape = call.prompt.shape if call.request.shape.name in _FREE else None
        given = answer(shape or call.request.shape.plan, call.prompt, call.mode, call.seed)
        if call.mode not in _WITHOUT_LIMIT:
            given = given.within(call.request.limit)
        times = self.options.tokens
        counted = round(estimated_tokens(call.prompt.text) * times), round(call.cached_tokens * times)
        usage = Tokens(*counted, given.tokens())
        self._cache.remember(call.blocks)
        if call.request.limit is None:
            self.limits.add_tokens(usage.completion)
        self.counters.charge(usage.prompt, usage.cached, usage.completion)
        told = None if Ability.USAGE in self.options.lacking() else usage
        if not call.request.stream:
            return completion(call.number, call.request.model, given, told)
        return stream(call.number, call.request.model, given, told if call.request.stream_usage else None)
