"""The standard description of a lesson, also called the lesson template."""

from django.utils.translation import gettext_noop as _

from courses.formats.definition import Format, Kind, Section, headings

LESSON = Format(
    name="lesson",
    version=1,
    sections=(
        Section(
            "introduction",
            headings("Введение", "Introduction"),
            Kind.TEXT,
            _("2 to 3 sentences: what the lesson is about and what it is good for."),
            sentences=(2, 3),
        ),
        Section(
            "key_points",
            headings("Ключевые моменты", "Key points"),
            Kind.LIST,
            _("4 to 6 points, each of 18 words at most."),
            items=(4, 6),
            words=18,
        ),
        Section(
            "practical_tips",
            headings("Практические советы", "Practical tips"),
            Kind.LIST,
            _("3 to 5 tips, each an instruction."),
            items=(3, 5),
        ),
        Section(
            "important_notes",
            headings("Важно", "Important"),
            Kind.LIST,
            _("2 to 4 safety notes, only those that the source gives; otherwise empty."),
            items=(2, 4),
            required=False,
            safety=True,
        ),
        Section(
            "equipment_preparation",
            headings("Инвентарь и подготовка", "Equipment and preparation"),
            Kind.TEXT,
            _("What to have at hand and how to prepare, only if the source says so; otherwise empty."),
            required=False,
        ),
        Section(
            "homework",
            headings("Домашнее задание", "Homework"),
            Kind.TEXT,
            _("1 to 2 sentences: what to do until the next lesson."),
            sentences=(1, 2),
        ),
        Section(
            "motivational_line",
            headings("Напоследок", "One last thing"),
            Kind.TEXT,
            _("1 sentence that encourages, without promises."),
            sentences=(1, 1),
        ),
    ),
)
