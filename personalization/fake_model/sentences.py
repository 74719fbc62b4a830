"""The sentences that answers are made of: invented, plain, in both languages of the project.

`{said}` stands for words of the learner, `{taught}` for a word of the lesson. No translation catalogue: which
language an answer has depends on the prompt, and a wrong one is asked for on purpose.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language: whole sentences, list items (at most 18 words in all), and what stands in for nothing."""

    texts: tuple[str, ...]
    items: tuple[str, ...]
    said: tuple[str, ...]
    taught: tuple[str, ...]
    stranger: str  # a name that nobody has told


RUSSIAN = Phrasebook(
    texts=(
        "Вы написали: «{said}», и этот урок помогает сделать к этому ещё один шаг.",
        "Проследите, где в уроке звучит слово «{taught}»: с этого места удобно начать.",
        "Когда вспоминаете своё «{said}», держите рядом простую опору урока, слово «{taught}».",
        "После просмотра станет понятнее, как слово «{taught}» связано с вашим «{said}».",
        "Не спешите: спокойный темп здесь важнее силы, а ориентиром будет слово «{taught}».",
        "Если снова подумаете «{said}», вернитесь к этому уроку и пересмотрите одно место.",
        "Маленький шаг сегодня ближе к вашему «{said}», чем большой когда-нибудь потом.",
        "Обратите внимание на те места урока, где звучит слово «{taught}»: они пригодятся на практике.",
        "Ваше «{said}» здесь не помеха, а хорошая точка отсчёта.",
        "Запишите своими словами, о чём в уроке говорит слово «{taught}», и сравните с записью.",
        "Урок короткий, но место со словом «{taught}» стоит пересмотреть дважды.",
    ),
    items=(
        "Найдите в уроке слово «{taught}» и повторите это место вслух.",
        "Пересмотрите без спешки отрывок со словом «{taught}».",
        "Запишите, как «{said}» связано с этим уроком.",
        "Объясните своими словами, почему в уроке звучит слово «{taught}».",
        "Отдохните минуту и вернитесь к слову «{taught}».",
        "Расскажите близкому человеку, что вы узнали про слово «{taught}».",
        "Отметьте одну мысль, важную для вашего «{said}».",
        "Сравните свою запись о слове «{taught}» с уроком.",
    ),
    said=("хочу заниматься спокойно", "хочу понять основу", "хочу видеть результат"),
    taught=("спокойствие", "внимание", "порядок"),
    stranger="Марина",
)

ENGLISH = Phrasebook(
    texts=(
        "You wrote “{said}”, and this lesson takes you one step closer to it.",
        "Notice where the lesson uses the word “{taught}”, which is a good place for you to start.",
        "Whenever you think of “{said}”, keep one simple word of the lesson in mind: “{taught}”.",
        "After watching, you will see how the word “{taught}” belongs to your “{said}”.",
        "Take your time: a calm pace matters more than effort, and the word “{taught}” shows the way.",
        "Should “{said}” come to mind again, return to this lesson and watch one part once more.",
        "A small step today is closer to your “{said}” than a big one some other day.",
        "Watch for the places with the word “{taught}”, because you will use them in practice.",
        "Your “{said}” is no obstacle here, it is a good starting point.",
        "Write down in your own words what the lesson says with the word “{taught}”, then compare.",
        "This lesson is short, yet the part with the word “{taught}” is worth watching twice.",
    ),
    items=(
        "Find the word “{taught}” in the lesson and say that part aloud.",
        "Watch the part with the word “{taught}” again, without hurry.",
        "Write down how “{said}” belongs to this lesson.",
        "Explain in your own words why the lesson uses the word “{taught}”.",
        "Rest for a minute and return to the word “{taught}”.",
        "Tell someone close to you what you learned about the word “{taught}”.",
        "Note one idea that matters for your “{said}”.",
        "Compare your note about the word “{taught}” with the lesson.",
    ),
    said=("I want a calm start", "I want to understand the basics", "I want to see a result"),
    taught=("calm", "attention", "order"),
    stranger="Emma",
)
