"""Which request fails, and what a refused request is told."""

import random
from dataclasses import dataclass

from personalization.fake_model.options import Mode, Options


@dataclass(frozen=True, slots=True)
class HttpError:
    """A refusal in the shape of OpenAI's: HTTP status and the fields of its `error` object.

    A number as `code` is how gateways tell the status behind them.
    """

    status: int
    message: str
    type: str
    code: str | int | None = None
    param: str | None = None

    def body(self) -> dict[str, object]:
        """The JSON body of the response."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}


TOO_MANY = HttpError(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded")
REFUSALS = {
    Mode.RATE_LIMIT: TOO_MANY,
    Mode.SERVER_ERROR: HttpError(500, "The server had an error.", "server_error"),
    Mode.UNAUTHORIZED: HttpError(
        401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
    ),
    Mode.FORBIDDEN: HttpError(
        403, "This project has no access to the model.", "invalid_request_error", "model_not_allowed"
    ),
    Mode.NOT_FOUND: HttpError(
        404, "The model does not exist.", "invalid_request_error", "model_not_found", "model"
    ),
    # Names no parameter: nobody can learn from it what the endpoint lacks.
    Mode.BAD_REQUEST: HttpError(400, "The request could not be processed.", "invalid_request_error"),
    # Of a gateway that looks for the JSON in the model's answer.
    Mode.NO_JSON: HttpError(
        400,
        "Failed to generate JSON. Please adjust your prompt.",
        "invalid_request_error",
        "json_validate_failed",
    ),
    Mode.ERROR_IN_200: HttpError(200, "The model is overloaded.", "rate_limit", 429),
    Mode.QUOTA: HttpError(
        429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"
    ),
}


class Dice:
    """Draws a mode and a delay for each request; the same seed gives the same sequence."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._modes = options.modes()
        self._faults = random.Random(options.seed)  # no secret
        # Apart from the faults, so that jitter does not change which request fails.
        self._delays = random.Random(options.seed + 1)  # no secret

    def mode(self, said: str = "") -> Mode:
        """The mode of the next request, which says this."""
        fails = self._faults.random() < self._options.rate() and (self._options.only or "") in said
        mode = self._faults.choice(self._modes)
        return mode if fails else Mode.OK

    def delay(self) -> float:
        """Seconds the next answer takes."""
        jitter = self._options.jitter
        return max(0.0, self._options.latency + self._delays.uniform(-jitter, jitter)) / 1000
