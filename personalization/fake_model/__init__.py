"""A model endpoint without key or cost: OpenAI's protocol, answers made from the request itself."""

from personalization.fake_model.in_thread import RunningFakeModel, running_fake_model
from personalization.fake_model.options import (
    ABILITY_NAMES,
    MODE_NAMES,
    Ability,
    Mode,
    Options,
    OptionsError,
    changed,
)
from personalization.fake_model.server import FakeModel, ListenError

__all__ = [
    "ABILITY_NAMES",
    "MODE_NAMES",
    "Ability",
    "FakeModel",
    "ListenError",
    "Mode",
    "Options",
    "OptionsError",
    "RunningFakeModel",
    "changed",
    "running_fake_model",
]
