from courses.admin.courses import CourseAdmin
from courses.admin.lessons import LessonAdmin

__all__ = ["CourseAdmin", "LessonAdmin"]
