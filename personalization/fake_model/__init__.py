"""A model endpoint without key or cost: OpenAI's protocol, answers made from the request itself."""

from .in_thread import RunningFakeModel, running_fake_model
from .options import MODE_NAMES, Mode, Options, OptionsError, changed
from .server import FakeModel, ListenError

__all__ = [
    "MODE_NAMES",
    "FakeModel",
    "ListenError",
    "Mode",
    "Options",
    "OptionsError",
    "RunningFakeModel",
    "changed",
    "running_fake_model",
]
