from personalization.models.calls import CallState, ModelCall
from personalization.models.clusters import ClusterType, PromptRefinement, UserCluster
from personalization.models.counts import ItemCount
from personalization.models.learners import Profile
from personalization.models.results import Issue, LessonFeedback, QuizResult
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, Pilot, RunState
from personalization.models.texts import Origin, PersonalizedLessonDescription

__all__ = [
    "CallState",
    "ClusterType",
    "GenerationItem",
    "GenerationRun",
    "Issue",
    "ItemCount",
    "ItemState",
    "LessonFeedback",
    "ModelCall",
    "Origin",
    "PersonalizedLessonDescription",
    "Pilot",
    "Profile",
    "PromptRefinement",
    "QuizResult",
    "RunState",
    "UserCluster",
]
