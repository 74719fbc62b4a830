from personalization.models.call_totals import CallTotal, LimiterWait
from personalization.models.calls import CallState, ModelCall
from personalization.models.costs import DailyCost
from personalization.models.counts import ItemCount
from personalization.models.endpoints import AnswerFormat, Endpoint, TokenLimit
from personalization.models.learners import Profile
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, Pilot, RunState
from personalization.models.texts import Origin, PersonalizedLessonDescription
from personalization.models.workers import WorkerHeartbeat

__all__ = [
    "AnswerFormat",
    "CallState",
    "CallTotal",
    "DailyCost",
    "Endpoint",
    "GenerationItem",
    "GenerationRun",
    "ItemCount",
    "ItemState",
    "LimiterWait",
    "ModelCall",
    "Origin",
    "PersonalizedLessonDescription",
    "Pilot",
    "Profile",
    "RunState",
    "TokenLimit",
    "WorkerHeartbeat",
]
