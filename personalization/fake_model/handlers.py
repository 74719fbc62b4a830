"""The addresses of the endpoint and what each answers."""

import asyncio
import json

from aiohttp import web

from personalization.fake_model.chat_request import BadRequestError, read_request
from personalization.fake_model.engine import Call, Engine
from personalization.fake_model.faults import REFUSALS, TOO_MANY, HttpError
from personalization.fake_model.limits import retry_headers
from personalization.fake_model.options import Mode, OptionsError

MODEL = "fake-model"
_JSON = "application/json; charset=utf-8"
_STREAM = "text/event-stream; charset=utf-8"
_TOO_LARGE = HttpError(413, "The request is larger than 4 MB.", "invalid_request_error")


class Handlers:
    """The endpoint's views; one engine behind all of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def routes(self) -> list[web.RouteDef]:
        """OpenAI's two addresses, and four for whoever tests with them."""
        return [
            web.post("/v1/chat/completions", self.completions),
            web.get("/v1/models", self.models),
            web.get("/stats", self.stats),
            web.get("/prompts", self.prompts),
            web.post("/control", self.control),
            web.post("/reset", self.reset),
        ]

    async def completions(self, request: web.Request) -> web.StreamResponse:
        """A chat completion, or the fault that was drawn."""
        counters = self._engine.counters
        with counters.request():
            try:
                return await self._completions(request)
            except asyncio.CancelledError:
                counters.disconnected()
                raise

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
            if self._engine.options.record:
                self._engine.counters.record(request.raw_path, request.raw_headers, body)
            chat = read_request(body, self._engine.options.lacking())
        except web.HTTPRequestEntityTooLarge:
            return self._refused(_TOO_LARGE)
        except BadRequestError as bad:
            return self._refused(bad.error)
        if not self._engine.limits.admit(chat.tokens()):
            return self._refused(TOO_MANY, retry_after=self._engine.limits.retry_after(chat.tokens()))
        call = self._engine.begin(chat, body)
        if call.mode in REFUSALS:
            return self._refused(REFUSALS[call.mode], retry_after=self._engine.options.retry_after)
        return await self._answered(request, call)

    def _refused(self, error: HttpError, retry_after: float = 0) -> web.Response:
        self._engine.counters.status(error.status)
        headers = self._engine.limits.headers()
        if error is TOO_MANY:
            headers |= retry_headers(retry_after)
        return web.json_response(error.body(), status=error.status, headers=headers)

    async def _answered(self, request: web.Request, call: Call) -> web.StreamResponse:
        if call.mode is Mode.HANG:
            await asyncio.Event().wait()
        if delay := self._engine.dice.delay():
            await asyncio.sleep(delay)
        body = self._engine.finish(call)
        self._engine.counters.status(200)
        headers = self._engine.limits.headers() | {
            "x-request-id": f"req_fake_{call.number}",
            "Content-Type": _STREAM if call.request.stream else _JSON,
        }
        if call.mode in (Mode.SLOW, Mode.BROKEN):
            return await self._dripped(request, body, headers, call.mode)
        return web.Response(body=body, headers=headers)

    async def _dripped(
        self, request: web.Request, body: bytes, headers: dict[str, str], mode: Mode
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        response.content_length = len(body)
        await response.prepare(request)
        if mode is Mode.BROKEN:
            await response.write(body[: len(body) // 2])
            if request.transport is not None:
                request.transport.abort()
            return response
        pause = self._engine.options.byte_pause / 1000
        for position in range(len(body)):
            await response.write(body[position : position + 1])
            await asyncio.sleep(pause)
        return response

    async def models(self, request: web.Request) -> web.Response:
        """The one model there is; requests may name any other."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "persona"}
        return web.json_response({"object": "list", "data": [model]})

    async def stats(self, request: web.Request) -> web.Response:
        """The counters."""
        return web.json_response(self._engine.counters.stats())

    async def prompts(self, request: web.Request) -> web.Response:
        """The last prompts, oldest first; `?last=N` for fewer than the 2,000 that are kept."""
        last = request.query.get("last")
        if last is not None and not (last.isascii() and last.isdigit()):
            problem = f"last: {last!r:.60} found, a number expected"
            return web.json_response({"problems": [problem]}, status=400)
        return web.json_response(self._engine.counters.prompts(int(last) if last else None))

    async def control(self, request: web.Request) -> web.Response:
        """The options after the change; 400 with all problems, and then nothing is changed."""
        try:
            changes = json.loads(await request.read())
            if not isinstance(changes, dict):
                raise OptionsError([f"a JSON object of options is needed, found {type(changes).__name__}"])
            self._engine.change(changes)
        except OptionsError as error:
            return web.json_response({"problems": error.problems}, status=400)
        except (ValueError, RecursionError) as error:
            return web.json_response({"problems": [f"not JSON: {error}"]}, status=400)
        return web.json_response(self._engine.options.as_dict())

    async def reset(self, request: web.Request) -> web.Response:
        """The counters, all zero."""
        self._engine.reset()
        return web.json_response(self._engine.counters.stats())
