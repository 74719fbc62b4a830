"""A model endpoint without key or cost: OpenAI's protocol, answers made from the request itself."""

from personalization.fake_model.in_thread import RunningFakeModel, running_fake_model
from personalization.fake_model.options import MODE_NAMES, Mode, Options, OptionsError, changed
from personalization.fake_model.server import FakeModel, ListenError

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
