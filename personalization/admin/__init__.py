from personalization.admin.calls import ModelCallAdmin
from personalization.admin.courses import CourseWithLearnersAdmin
from personalization.admin.learners import LearnerAdmin
from personalization.admin.lessons import LessonWithStatusAdmin
from personalization.admin.runs import RunAdmin
from personalization.admin.texts import TextAdmin

__all__ = [
    "CourseWithLearnersAdmin",
    "LearnerAdmin",
    "LessonWithStatusAdmin",
    "ModelCallAdmin",
    "RunAdmin",
    "TextAdmin",
]
