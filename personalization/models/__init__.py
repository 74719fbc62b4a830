from personalization.models.calls import CallState, ModelCall
from personalization.models.coaches import Coach, CourseCoach
from personalization.models.config import ConfigEntry, PromptVersion
from personalization.models.counts import ItemCount
from personalization.models.learners import Profile
from personalization.models.runs import GenerationItem, GenerationRun, ItemState, Pilot, RunState
from personalization.models.surveys import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.models.texts import Origin, PersonalizedLessonDescription

__all__ = [
    "CallState",
    "Coach",
    "ConfigEntry",
    "CourseCoach",
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
    "PromptVersion",
    "RunState",
    "SurveyOption",
    "SurveyQuestion",
]
