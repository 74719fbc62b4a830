"""A learner's text: the format that is written today, and the seven-section one of older stores."""

from django.utils.translation import gettext_noop as _

from courses.formats.definition import Format, Kind, Section, headings

PERSONAL = Format(
    name="personal",
    version=1,
    sections=(
        Section(
            "summary_short",
            headings("Коротко", "In short"),
            Kind.TEXT,
            _(
                "2 to 3 sentences that describe the lesson for this learner; greets the learner by name "
                "where there is one and names their goal."
            ),
            sentences=(2, 3),
        ),
        Section(
            "why_watch",
            headings("Почему этот урок для вас", "Why this lesson is for you"),
            Kind.TEXT,
            _(
                "2 to 4 sentences: why this lesson matters to this learner, from their motivation, the "
                "skills they want and the result they hope for; takes a fear of theirs "
                "seriously where it fits."
            ),
            sentences=(2, 4),
        ),
        Section(
            "quick_action",
            headings("Сделайте прямо сейчас", "Do this right now"),
            Kind.TEXT,
            _("One simple action that can be done at once, where and on whom this learner practises."),
        ),
        Section(
            "social_share",
            headings("Чтобы поделиться", "To share"),
            Kind.TEXT,
            _("A ready message in the learner's own voice, 1 sentence, without links and hashtags."),
            sentences=(1, 1),
        ),
        Section(
            "homework_20m",
            headings("Задание на 20 минут", "A 20-minute assignment"),
            Kind.LIST,
            _("5 to 7 steps that together take 20 minutes, each an instruction."),
            items=(5, 7),
        ),
        Section(
            "prev_lessons",
            headings("Из прошлых уроков", "From earlier lessons"),
            Kind.TEXT,
            "",
            required=False,
            written=False,
        ),
    ),
)

EXTENDED = Format(
    name="extended",
    version=1,
    sections=(
        Section(
            "introduction",
            headings("Введение", "Introduction"),
            Kind.TEXT,
            _(
                "2 to 3 sentences: what the lesson is about, for this learner; greets the learner by name "
                "where there is one."
            ),
            sentences=(2, 3),
        ),
        Section(
            "why_it_matters_for_you",
            headings("Почему это важно для вас", "Why it matters for you"),
            Kind.TEXT,
            _("2 to 4 sentences from the learner's motivation and the result they hope for."),
            sentences=(2, 4),
        ),
        Section(
            "key_takeaways",
            headings("Главное", "Key takeaways"),
            Kind.LIST,
            _("3 to 6 points of the lesson that this learner needs most."),
            items=(3, 6),
        ),
        Section(
            "practical_application",
            headings("Как применить", "How to apply it"),
            Kind.TEXT,
            _("2 to 4 sentences: how to use it where and on whom this learner practises."),
            sentences=(2, 4),
        ),
        Section(
            "addressing_fears",
            headings("О том, что тревожит", "About what worries you"),
            Kind.TEXT,
            _("1 to 3 sentences that take the learner's fears seriously; empty where none was named."),
            required=False,
            sentences=(1, 3),
        ),
        Section(
            "personalized_homework",
            headings("Ваше домашнее задание", "Your homework"),
            Kind.TEXT,
            _("1 to 3 sentences: an assignment that suits the learner's practice."),
            sentences=(1, 3),
        ),
        Section(
            "motivational_quote",
            headings("Напоследок", "One last thing"),
            Kind.TEXT,
            _("1 sentence that encourages, without promises."),
            sentences=(1, 1),
        ),
    ),
)
