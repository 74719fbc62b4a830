from personalization.models.learners import Profile
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, RunState
from personalization.models.texts import Origin, PersonalizedLessonDescription

__all__ = [
    "GenerationItem",
    "GenerationRun",
    "ItemState",
    "Origin",
    "PersonalizedLessonDescription",
    "Profile",
    "RunState",
]
