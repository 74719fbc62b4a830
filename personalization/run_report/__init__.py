"""What an operator wants to know of a run beyond its counts; read by the admin and by the terminal alike.

Each question is one statement that stays cheap for a run of a million items and calls.
"""

from personalization.run_report.condensing import CondensedLesson, condensed_lessons
from personalization.run_report.errors import ErrorExample, error_examples, went_wrong
from personalization.run_report.lessons import LessonTime, LessonTimes, slowest_lessons
from personalization.run_report.timeline import Bucket, Timeline, timeline
from personalization.run_report.waits import Reason, Wait, waits

__all__ = [
    "Bucket",
    "CondensedLesson",
    "ErrorExample",
    "LessonTime",
    "LessonTimes",
    "Reason",
    "Timeline",
    "Wait",
    "condensed_lessons",
    "error_examples",
    "slowest_lessons",
    "timeline",
    "waits",
    "went_wrong",
]
