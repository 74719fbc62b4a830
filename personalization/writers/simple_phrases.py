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


PHRASES = {
    "ru": Phrases(
        greeting="{name}, тема этого урока: «{lesson}».",
        goal="Смотрите его с мыслью о своей цели: {goal}.",
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
        goal="Watch it with your goal in mind: {goal}.",
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
