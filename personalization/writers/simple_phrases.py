"""The simple writer's sentences. Content in the course's language, not interface: hence no gettext."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    greeting: str
    goal: str
    motivation: str
    skills: str
    clients: str
    fears: str
    why_default: str
    action: str
    action_with: str
    share: str
    homework: tuple[str, ...]
    homework_practice: str


@dataclass(frozen=True, slots=True)
class ExtendedPhrases:
    """What the seven sections say that the five do not."""

    takeaway_topic: str
    takeaway_skills: str
    takeaway_choice: str
    takeaway_pace: str
    application: str
    application_practice: str
    homework: str
    homework_notes: str
    homework_practice: str
    quote: str
    quote_goal: str


PHRASES = {
    "ru": Phrases(
        greeting="{name}, тема этого урока: «{lesson}».",
        goal="Смотрите его с мыслью о своей цели: {answer}.",
        motivation="Вы начали учиться ради этого: {answer}.",
        skills="Обратите внимание на то, чему хотели научиться: {answer}.",
        clients="Думайте о тех, для кого учитесь: {answer}.",
        fears="Вы писали о том, что тревожит: {answer}. Идите в своём темпе, урок можно пересмотреть.",
        why_default="Этот урок добавляет к вашему умению ещё один шаг.",
        action="Прямо сейчас запишите одну мысль из названия урока, которую хотите проверить.",
        action_with="Прямо сейчас представьте свою практику ({answer}) и выберите, что попробуете сегодня.",
        share="Сегодня прохожу урок «{lesson}» и пробую новое на практике.",
        homework=(
            "2 минуты: запишите, чего ждёте от урока «{lesson}».",
            "6 минут: пересмотрите место в уроке, которое показалось главным.",
            "7 минут: повторите его спокойно, без спешки.",
            "3 минуты: запишите, что получилось и что осталось неясным.",
            "2 минуты: решите, когда повторите в следующий раз.",
        ),
        homework_practice="7 минут: повторите показанное в своих условиях ({answer}), спокойно и без спешки.",
    ),
    "en": Phrases(
        greeting="{name}, this lesson is about “{lesson}”.",
        goal="Watch it with your goal in mind: {answer}.",
        motivation="You started learning for this: {answer}.",
        skills="Watch for what you wanted to learn: {answer}.",
        clients="Think of those you are learning for: {answer}.",
        fears="You wrote about what worries you: {answer}. Go at your own pace; you can watch it again.",
        why_default="This lesson adds one more step to what you can do.",
        action="Right now, write down one thought from the lesson's title that you want to check.",
        action_with="Right now, picture your practice ({answer}) and choose one thing to try today.",
        share="Today I am taking the lesson “{lesson}” and trying something new.",
        homework=(
            "2 minutes: write down what you expect from “{lesson}”.",
            "6 minutes: watch the part of the lesson that seemed most important once more.",
            "7 minutes: repeat it calmly, without hurry.",
            "3 minutes: write down what worked and what is still unclear.",
            "2 minutes: decide when you will repeat it.",
        ),
        homework_practice="7 minutes: repeat what was shown where you practise ({answer}), without hurry.",
    ),
}

EXTENDED_PHRASES = {
    "ru": ExtendedPhrases(
        takeaway_topic="Тема урока: «{lesson}». Отметьте, что в ней для вас новое.",
        takeaway_skills="Вы хотели научиться этому: {answer}. Ищите в уроке то, что к этому ведёт.",
        takeaway_choice="Выберите один приём, который кажется самым полезным, и запомните его порядок.",
        takeaway_pace="Не старайтесь запомнить всё сразу: достаточно одного шага, который вы повторите сами.",
        application=(
            "Попробуйте показанное в ближайший спокойный день. "
            "Начните с одного приёма и повторите его медленно."
        ),
        application_practice=(
            "Перенесите показанное в свою практику ({answer}). "
            "Начните с одного приёма и посмотрите, что изменится."
        ),
        homework="Найдите на этой неделе три спокойных вечера и повторите главное из урока «{lesson}».",
        homework_notes="После каждого раза запишите одной строкой, что получилось.",
        homework_practice="Делайте это в своих условиях ({answer}) и каждый раз записывайте, что получилось.",
        quote="Умение складывается из небольших повторений, и одно из них уже сегодня.",
        quote_goal="Помните о своей цели ({answer}) и сделайте сегодня один небольшой шаг.",
    ),
    "en": ExtendedPhrases(
        takeaway_topic="The lesson is about “{lesson}”. Note what in it is new to you.",
        takeaway_skills="You wanted to learn this: {answer}. Look for what leads there.",
        takeaway_choice="Choose the one technique that seems most useful to you, and remember its order.",
        takeaway_pace="Do not try to remember everything: one step that you repeat yourself is enough.",
        application=(
            "Try what was shown on the next quiet day. Begin with one technique, and repeat it slowly."
        ),
        application_practice=(
            "Take what was shown into your own practice ({answer}). "
            "Begin with one technique, and see what changes."
        ),
        homework="Find three quiet evenings this week and repeat the most important part of “{lesson}”.",
        homework_notes="After each of them, write down in one line what worked.",
        homework_practice="Do it where you practise ({answer}), and write down each time what worked.",
        quote="Skill is made of small repetitions, and one of them is today.",
        quote_goal="Keep your goal in mind ({answer}) and take one small step today.",
    ),
}
