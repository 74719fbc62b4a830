"""Whether a question asks who somebody is, or how they are reached: by the words in which it is asked.

“Ваше имя” does, and “Телефон для связи”. “Сколько часов вы проводите в телефоне?” does not: it says more than
words that go with a contact. What such a question is answered with never leaves, whatever its key is.
"""

import re
from functools import lru_cache
from typing import Any

LONGEST_LABEL = 200  # characters; a longer text is no question of a form

# Old surveys carry who somebody is among what they answered.
NAME_KEYS = frozenset(
    ("name", "realname", "firstname", "lastname", "fullname", "surname", "nickname", "username")
    + ("имя", "фамилия", "отчество", "фио", "ник")
)
CONTACT_KEYS = NAME_KEYS | frozenset(
    ("uid", "userid", "useridentifier", "email", "mail", "phone", "tel", "telephone")
    + ("login", "phonenumber", "mobile", "emailaddress", "contact", "contacts")
    + ("telegram", "whatsapp", "instagram", "vk", "skype", "viber")
    + ("телефон", "номертелефона", "почта", "логин", "контакты")
)
# Under which a platform that sends questions with their answers sends a question.
QUESTION_KEYS = ("question", "label", "title", "вопрос")

_NAME = re.compile(
    r"имя|имени|имен|фамили[яиюей]+|отчеств\w+|фио|инициал\w*|ник|никнейм\w*"
    r"|name|names|surname|firstname|lastname|fullname|nick|nickname|username|initials"
)
_CONTACT = re.compile(
    rf"{_NAME.pattern}|логин\w*|login|паспорт\w*|passport|снилс|инн"
    r"|тел|телефон\w*|мобильн(?:ый|ого|ому|ым|ом)|почт[аыуе]|почтой|почтов\w+|[еи]?-?м[еэ]йл\w*|адрес\w*"
    r"|контакт\w*|телеграм+\w*|в[ао][тц]с?ап+\w*|вайбер\w*|инстаграм+\w*|вк|вконтакте|скайп\w*|мессенджер\w*"
    r"|соцсет\w*"
    r"|e?-?mails?"
    r"|phone|phones|cellphone|mobile|cell|telephone|tel|contacts?|address|telegram|whatsapp|viber|instagram"
    r"|facebook|vk|skype|messenger"
)
# What goes with one in such a question, and asks for nothing itself.
_BESIDE = re.compile(
    r"ваш\w*|тво\w+|сво\w+|мо[йяеи]|укажи(?:те)?|введи(?:те)?|(?:на|в)пиши(?:те)?|оставь(?:те)?|подскажи(?:те)?"
    r"|назови(?:те)?|сообщи(?:те)?|пожалуйста|для|связ[ьи]|связаться|обратн\w+|номер\w*|полн\w+|электронн\w+"
    r"|эл|данн\w+|личн\w+|рабоч\w+|домашн\w+|основн\w+|действующ\w+|и|или|в|во|на|с|со|к|по|о|об|нам|вам|вами|вас|мы|вы"
    r"|как(?:ой|ое|ая|ие|ов\w*)?|котор\w+|куда|можно|можем|будет|буд[еу]м|прид[её]т|пришл[её]м|прислать"
    r"|отправить|отправим|ученик\w*|участник\w*|слушател\w*|студент\w*|сертификат\w*|диплом\w*|доступ\w*"
    r"|пользовател\w*|латин\w*|кирилл\w*|английск\w*|русск\w*|язык\w*|букв\w*|загран\w*|возраст\w*|пол"
    r"|дат[аыуе]|год|рожден\w*|аккаунт\w*|профил\w*|ссылк\w*|страниц\w*|код\w*|стран[аыуе]|город[ау]?|лучше|если|есть"
    r"|your|my|you|us|we|i|can|please|enter|type|write|leave|tell|give|share|is|what|whats|s|which|for|to|of"
    r"|and|or|with|at|in|on|the|a|an|full|first|last|given|family|middle|real|preferred|best|number|no|id"
    r"|student|participant|learner|certificate|access|account|link|profile|handle|personal|work|home|code"
    r"|legal|latin|english|letters|document|card|birth|date|age|gender|city"
    r"|country|if|any|where|reach|as|send|details?|info"
)
_ASKED_NAME = re.compile(
    r"как\s+(?:вас|тебя)\s+(?:зовут|звать|называть|величать)"
    r"|как\s+(?:\w+\s+){0,3}?(?:вам|тебе)\s+(?:\w+\s+)?обращаться|(?<!\w)представь(?:тесь|ся)(?!\w)"
    r"|(?:how|what)\s+(?:\w+\s+)?(?:we|i)\s+(?:call|address)\s+you|how\s+to\s+(?:call|address)\s+you"
    r"|(?<!\w)who\s+are\s+you\W*$"
)
_ASKED_OTHERWISE = re.compile(
    r"как\s+(?:\w+\s+)?с\s+(?:вами|тобой)\s+связаться"
    r"|(?:how|what)\s+(?:\w+\s+)?(?:we|i)\s+(?:reach|contact)\s+you|how\s+to\s+(?:reach|contact)\s+you"
)


@lru_cache(maxsize=4096)
def asks_who(label: str) -> bool:
    """Whether the label, Russian or English, asks for a name, an address, a phone number or the like."""
    if len(label) > LONGEST_LABEL:
        return False
    plain = _folded(label)
    if _ASKED_NAME.search(plain) or _ASKED_OTHERWISE.search(plain):
        return True
    words = _words(plain)
    contacts = [word for word in words if _CONTACT.fullmatch(word)]
    others = [word for word in words if not _CONTACT.fullmatch(word) and not _BESIDE.fullmatch(word)]
    return bool(contacts) and not others


@lru_cache(maxsize=4096)
def asks_name(label: str) -> bool:
    """Whether it asks for a name, and not for an address or a phone number alone."""
    if not asks_who(label):
        return False
    plain = _folded(label)
    return bool(_ASKED_NAME.search(plain)) or any(map(_NAME.fullmatch, _words(plain)))


def is_contact_key(key: str) -> bool:
    """Whether surveys carry under this key who somebody is: what stands there never leaves."""
    return _plain(key) in CONTACT_KEYS or asks_who(str(key))


def is_name_key(key: str) -> bool:
    return _plain(key) in NAME_KEYS or asks_name(str(key))


def questions(pair: dict[Any, Any]) -> list[str]:
    """What is asked, where it is a question with its answer."""
    return [text for key in QUESTION_KEYS if isinstance(text := pair.get(key), str)]


def _folded(label: str) -> str:
    return label.casefold().replace("ё", "е")


def _words(plain: str) -> list[str]:
    return re.findall(r"e-?mails?|[еи]-м[еэ]йл\w*|[^\W\d_]+", plain)


@lru_cache(maxsize=1024)
def _plain(key: object) -> str:
    return re.sub(r"[\W_]", "", str(key)).casefold()
