from personalization.admin.calls import ModelCallAdmin
from personalization.admin.clusters import ClusterAdmin, RefinementAdmin
from personalization.admin.coaches import CoachAdmin
from personalization.admin.courses import CourseWithLearnersAdmin
from personalization.admin.endpoints import EndpointAdmin
from personalization.admin.learners import LearnerAdmin
from personalization.admin.lessons import LessonWithStatusAdmin
from personalization.admin.prompts import PromptAdmin, SettingAdmin, VariableAdmin
from personalization.admin.results import FeedbackAdmin, QuizAdmin
from personalization.admin.runs import RunAdmin
from personalization.admin.surveys import QuestionAdmin, SurveyAdmin
from personalization.admin.texts import TextAdmin

__all__ = [
    "ClusterAdmin",
    "CoachAdmin",
    "CourseWithLearnersAdmin",
    "EndpointAdmin",
    "FeedbackAdmin",
    "LearnerAdmin",
    "LessonWithStatusAdmin",
    "ModelCallAdmin",
    "PromptAdmin",
    "QuestionAdmin",
    "QuizAdmin",
    "RefinementAdmin",
    "RunAdmin",
    "SettingAdmin",
    "SurveyAdmin",
    "TextAdmin",
    "VariableAdmin",
]
