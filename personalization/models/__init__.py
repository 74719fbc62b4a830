from personalization.models.call_totals import CallTotal, LimiterWait, RequestTotal
from personalization.models.calls import CallState, ModelCall
from personalization.models.clusters import ClusterType, PromptRefinement, UserCluster
from personalization.models.coaches import Coach, CourseCoach
from personalization.models.condensing import CondensedPart, CondensedSource
from personalization.models.config import (
    ConfigEntry,
    PromptEntry,
    PromptVersion,
    SettingEntry,
    VariableEntry,
)
from personalization.models.costs import DailyCost
from personalization.models.counts import EndedTotal, ItemCount
from personalization.models.endpoints import AnswerFormat, Endpoint, TokenLimit
from personalization.models.learners import Profile
from personalization.models.results import Issue, LessonFeedback, QuizResult
from personalization.models.runs import (
    GenerationItem,
    GenerationRun,
    ItemState,
    KeptTimeline,
    Pilot,
    RunState,
)
from personalization.models.surveys import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.models.texts import Origin, PersonalizedLessonDescription
from personalization.models.workers import WorkerHeartbeat

__all__ = [
    "AnswerFormat",
    "CallState",
    "CallTotal",
    "ClusterType",
    "Coach",
    "CondensedPart",
    "CondensedSource",
    "ConfigEntry",
    "CourseCoach",
    "CourseSurvey",
    "DailyCost",
    "EndedTotal",
    "Endpoint",
    "GenerationItem",
    "GenerationRun",
    "Issue",
    "ItemCount",
    "ItemState",
    "KeptTimeline",
    "LessonFeedback",
    "LimiterWait",
    "ModelCall",
    "Origin",
    "PersonalizedLessonDescription",
    "Pilot",
    "Profile",
    "PromptEntry",
    "PromptRefinement",
    "PromptVersion",
    "QuizResult",
    "RequestTotal",
    "RunState",
    "SettingEntry",
    "SurveyOption",
    "SurveyQuestion",
    "TokenLimit",
    "UserCluster",
    "VariableEntry",
    "WorkerHeartbeat",
]
