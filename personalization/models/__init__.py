from personalization.models.calls import CallState, ModelCall
from personalization.models.counts import ItemCount
from personalization.models.endpoints import AnswerFormat, Endpoint, TokenLimit
from personalization.models.learners import Profile
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, Pilot, RunState
from personalization.models.texts import Origin, PersonalizedLessonDescription

__all__ = [
    "AnswerFormat",
    "CallState",
    "Endpoint",
    "GenerationItem",
    "GenerationRun",
    "ItemCount",
    "ItemState",
    "ModelCall",
    "Origin",
    "PersonalizedLessonDescription",
    "Pilot",
    "Profile",
    "RunState",
    "TokenLimit",
]
