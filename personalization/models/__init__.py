from personalization.models.calls import CallState, ModelCall
from personalization.models.counts import ItemCount
from personalization.models.learners import Profile
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, Pilot, RunState
from personalization.models.surveys import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.models.texts import Origin, PersonalizedLessonDescription

__all__ = [
    "CallState",
    "CourseSurvey",
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
    "SurveyOption",
    "SurveyQuestion",
]
