from personalization.course_status.figures import (
    CourseStatus,
    LearnerFigures,
    LessonFigures,
    TextFigures,
    course_status,
    learner_figures,
    lesson_figures,
    pair_count,
)
from personalization.course_status.heat_map import Cell, HeatMap, HeatMapLesson, HeatMapRow, heat_map

__all__ = [
    "Cell",
    "CourseStatus",
    "HeatMap",
    "HeatMapLesson",
    "HeatMapRow",
    "LearnerFigures",
    "LessonFigures",
    "TextFigures",
    "course_status",
    "heat_map",
    "learner_figures",
    "lesson_figures",
    "pair_count",
]
