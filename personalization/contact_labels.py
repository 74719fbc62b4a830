"""Whether a question asks who somebody is, or how they are reached: by the words in which it is asked.

“Ваше имя” does, and “Телефон для связи”. “Сколько часов вы проводите в телефоне?” does not: it says more than
words that go with a contact. What such a question is answered with never leaves, whatever its key is.
"""

import re
from functools import lru_cache

LONGEST_LABEL = 200  # characters; a longer text is no question of a form

_CONTACT = re.compile(
    r"имя|имени|имен|фамили[яиюей]+|отчеств\w+|фио|инициал\w*|ник|никнейм\w*|логин\w*"
    r"|тел|телефон\w*|мобильн(?:ый|ого|ому|ым|ом)|почт[аыуе]|почтой|почтов\w+|[еи]?-?м[еэ]йл\w*|адрес\w*"
    r"|контакт\w*|телеграм+\w*|в[ао][тц]с?ап+\w*|вайбер\w*|инстаграм+\w*|вк|вконтакте|скайп\w*|мессенджер\w*"
    r"|соцсет\w*"
    r"|e?-?mails?|name|names|surname|firstname|lastname|fullname|nickname|username|login|initials"
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
    r"|паспорт\w*|аккаунт\w*|профил\w*|ссылк\w*|страниц\w*|код\w*|стран[аыуе]|город[ау]?|лучше|если|есть"
    r"|your|my|you|us|we|i|can|please|enter|type|write|leave|tell|give|share|is|what|whats|s|which|for|to|of"
    r"|and|or|with|at|in|on|the|a|an|full|first|last|given|family|middle|real|preferred|best|number|no|id"
    r"|student|participant|learner|certificate|access|account|link|profile|handle|personal|work|home|code"
    r"|country|if|any|where|reach|as|send|details?|info"
)
_ASKED_OTHERWISE = re.compile(
    r"как\s+(?:вас|тебя)\s+(?:зовут|звать|называть|величать)"
    r"|как\s+(?:к\s+)?(?:вам|тебе)\s+(?:\w+\s+)?обращаться"
    r"|как\s+(?:\w+\s+)?с\s+(?:вами|тобой)\s+связаться"
    r"|(?:how|what)\s+(?:\w+\s+)?(?:we|i)\s+(?:call|address|reach|contact)\s+you"
    r"|how\s+to\s+(?:call|address|reach|contact)\s+you|who\s+are\s+you\b"
)


@lru_cache(maxsize=4096)
def asks_who(label: str) -> bool:
    """Whether the label, Russian or English, asks for a name, an address, a phone number or the like."""
    if len(label) > LONGEST_LABEL:
        return False
    plain = label.casefold().replace("ё", "е")
    if _ASKED_OTHERWISE.search(plain):
        return True
    words = re.findall(r"e-?mails?|[еи]-м[еэ]йл\w*|[^\W\d_]+", plain)
    contacts = [word for word in words if _CONTACT.fullmatch(word)]
    others = [word for word in words if not _CONTACT.fullmatch(word) and not _BESIDE.fullmatch(word)]
    return bool(contacts) and not others
