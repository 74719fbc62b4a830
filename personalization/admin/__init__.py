from personalization.admin.courses import CourseWithLearnersAdmin
from personalization.admin.endpoints import EndpointAdmin
from personalization.admin.learners import LearnerAdmin
from personalization.admin.lessons import LessonWithStatusAdmin
from personalization.admin.runs import RunAdmin
from personalization.admin.texts import TextAdmin

__all__ = [
    "CourseWithLearnersAdmin",
    "EndpointAdmin",
    "LearnerAdmin",
    "LessonWithStatusAdmin",
    "RunAdmin",
    "TextAdmin",
]
