"""The numbers that a text says, in digits or in words: Russian in all cases, English."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import chain

type _Table = dict[str, set[Decimal]]

_DIGITS = re.compile(r"\d{1,3}(?:[ \xa0\u202f,]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:[ \xa0\u202f,]\d{3})+")
_WORD = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"\s+(?:and\s+)?|\s?-\s?")
_HALF_MORE = re.compile(r"\s+(?:с\s+половиной|and\s+a\s+half)\b")
# десятиминутный, двухкратно: the number's genitive in front
_OF_SOMETHING = re.compile(r"([а-я]+?[иха])(?:минутн|секундн|часов|дневн|кратн|недельн|месячн|разов)[а-я]+")

# What counts wherever it stands. The ends of tens and hundreds are put on below.
_COUNTS = {
    "ru": """
2 два две двух двум двумя двое двоих двоим дважды | 3 три трех трем тремя трое троих троим трижды
4 четыре четырех четырем четырьмя четверо четверых четырежды | 5 пять пяти пятью пятеро
6 шесть шести шестью шестеро | 7 семь семи | 8 восемь восьми восемью восьмью | 9 девять девяти девятью
40 сорок сорока | 80 восьмьюдесятью | 90 девяносто девяноста | 100 сто ста
200 двести двухсот двумстам двумястами двухстах | 300 триста трехсот тремстам тремястами трехстах
400 четыреста четырехсот четыремстам четырьмястами четырехстах | 1.5 полтора полторы полутора
1000 тысяча тысячи тысяч тысячу тысяче тысячей тысячам тысячами тысячах""",
    "en": """
2 two twice | 3 three thrice | 4 four | 5 five | 6 six | 7 seven | 8 eight | 9 nine | 10 ten | 11 eleven
12 twelve | 13 thirteen | 14 fourteen | 15 fifteen | 16 sixteen | 17 seventeen | 18 eighteen | 19 nineteen
20 twenty | 30 thirty | 40 forty | 50 fifty | 60 sixty | 70 seventy | 80 eighty | 90 ninety | 100 hundred
1000 thousand""",
}
_ONE = "1 один одна одно одну одни одного одной одному одним одном one"
# What a speaker may mean by other words: a lesson says a number with these, an answer does not claim one.
_MEANS = {
    "ru": """
1 один одна одно одного одному одним одном одной одну одни раз разок минута минуту секунда секунду час день
1 неделя неделю месяц | 2 оба обе обоих обеих обоим обеим обоими обеими пара пары пару паре парой вдвое вдвоем
3 третий третья третье третьего третьему третьим третьем третьей третью третьи третьих третьими втрое
10 десяток десятка | 12 дюжина дюжину дюжины | 0.5 половина половину половины половине половиной
0.5 полчаса получаса полминуты полуминуты | 30 полчаса получаса полминуты полуминуты
0.25 четверть четверти | 15 четверть четверти""",
    "en": """
1 one once first single minute hour day week month | 2 both pair couple second double | 3 third triple
4 fourth | 5 fifth | 6 sixth | 7 seventh | 8 eighth | 9 ninth | 10 tenth | 11 eleventh | 12 twelfth dozen
13 thirteenth | 14 fourteenth | 15 fifteenth | 16 sixteenth | 17 seventeenth | 18 eighteenth | 19 nineteenth
20 twentieth | 30 thirtieth | 40 fortieth | 50 fiftieth | 60 sixtieth | 70 seventieth | 80 eightieth
90 ninetieth | 0.5 half | 30 half | 0.25 quarter | 15 quarter""",
}
_RU_ORDINALS = """
1 перв | 2 втор | 4 четверт | 5 пят | 6 шест | 7 седьм | 8 восьм | 9 девят | 10 десят | 11 одиннадцат
12 двенадцат | 13 тринадцат | 14 четырнадцат | 15 пятнадцат | 16 шестнадцат | 17 семнадцат | 18 восемнадцат
19 девятнадцат | 20 двадцат | 30 тридцат | 40 сороков | 50 пятидесят | 60 шестидесят | 70 семидесят
80 восьмидесят | 90 девяност | 100 сот"""
_RU_ADJECTIVE = ("ый", "ой", "ая", "ое", "ого", "ому", "ым", "ом", "ую", "ою", "ые", "ых", "ыми")
_RU_SOFT = ("ь", "и", "ью")  # десять, десяти, десятью
_RU_FIFTY_UP = {5: ("пять", "пяти", "пятью"), 6: ("шесть", "шести", "шестью"), 7: ("семь", "семи", "семью")}
_RU_EIGHT_UP = {8: ("восемь", "восьми", "восемью"), 9: ("девять", "девяти", "девятью")}


def said_numbers(text: str, language: str) -> set[Decimal]:
    """All that a lesson may mean: in digits, in words that stand alone or together, by ordinals and pairs."""
    text = _plain(text)
    counts, means = _counts(language), _means(language)
    found = set(_in_digits(text))
    for word in set(_WORD.findall(text)):
        found |= counts.get(word, set()) | means.get(word, set())
    return found.union(_in_words(text, counts))


def claimed_numbers(text: str, language: str) -> list[Decimal]:
    """The numbers that an answer says. “One”, ordinals, pairs and halves are no claim."""
    text = _plain(text)
    return list(dict.fromkeys(chain(_in_digits(text), _in_words(text, _counts(language)))))


def spoken_amounts(text: str) -> Iterator[tuple[str, int]]:
    """Each number that is said in words, Russian or English, as digits (25, 2.5, 10-15), with its end.

    `text`: in small letters, without ё. One is a number here too: what it counts is looked at by the caller.
    """
    for run, end in _runs(text, _all_counts()):
        half = _HALF_MORE.match(text, end)
        numbers = _together(run, half=bool(half))
        yield "-".join(f"{number.normalize():f}" for number in numbers), half.end() if half else end


def _plain(text: str) -> str:
    text = text.lower().replace("ё", "е")
    # The number of десятиминутный becomes a word of its own.
    return _OF_SOMETHING.sub(r"\1 \g<0>", text)


def _in_digits(text: str) -> Iterator[Decimal]:
    """10 000, 10,000 and 10000 are one number, and so are 1.5 and 1,50."""
    for said in _DIGITS.findall(text):
        grouped = _GROUPED.fullmatch(said)
        yield Decimal(re.sub(r"\D", "", said) if grouped else said.replace(",", "."))


def _in_words(text: str, counts: _Table) -> Iterator[Decimal]:
    """What number words in a row say: twenty five is one number, ten fifteen are two."""
    for run, end in _runs(text, counts):
        yield from _together(run, half=bool(_HALF_MORE.match(text, end)))


def _runs(text: str, counts: _Table) -> Iterator[tuple[list[Decimal], int]]:
    """The values of number words that stand in a row, with the end of the last one."""
    run: list[Decimal] = []
    end = -1
    for word in _WORD.finditer(text):
        values = counts.get(word[0])
        if values is None:
            continue
        if run and not _GAP.fullmatch(text, end, word.start()):
            yield run, end
            run = []
        run += values
        end = word.end()
    if run:
        yield run, end


def _together(run: list[Decimal], *, half: bool) -> Iterator[Decimal]:
    thousands, below, last = Decimal(0), Decimal(0), Decimal(0)
    for value in run:
        if value == 1000:
            thousands, below = thousands + (below or 1) * value, Decimal(0)
        elif value == 100 and 0 < below < 10:
            below *= value  # two hundred
        elif not below or (last >= 100 and value < 100) or (20 <= last < 100 and value < 10):
            below += value
        else:
            yield thousands + below
            thousands, below = Decimal(0), value
        last = value
    if thousands or below:
        yield thousands + below + (Decimal("0.5") if half else 0)


@cache
def _all_counts() -> _Table:
    return _counts("ru") | _counts("en") | _table(_ONE)


@cache
def _counts(language: str) -> _Table:
    table = _table(_COUNTS[language])
    if language == "ru":
        for stem, value in _table(_RU_ORDINALS).items():
            if value & set(map(Decimal, (*range(10, 20), 20, 30))):
                table |= {stem + end: value for end in _RU_SOFT}
        for number, forms in (_RU_FIFTY_UP | _RU_EIGHT_UP).items():
            if number < 9:
                ends = ("десят", "десяти", "десятью")
                tens = {form + end for form, end in zip(forms, ends, strict=True)}
                table |= {word: {Decimal(number * 10)} for word in tens}
            hundreds = (forms[0] + "сот", *(forms[1] + end for end in ("сот", "стах", "стам")))
            table |= {word: {Decimal(number * 100)} for word in (*hundreds, forms[2] + "стами")}
    return table


@cache
def _means(language: str) -> _Table:
    table = _table(_MEANS[language])
    if language == "ru":
        for stem, value in _table(_RU_ORDINALS).items():
            table |= {stem + end: value for end in _RU_ADJECTIVE}
    return table


def _table(rows: str) -> _Table:
    """Word → numbers, of rows that begin with a number."""
    table: _Table = {}
    for row in rows.replace("\n", " | ").split("|"):
        number, *words = row.split() or [""]
        for word in words:
            table.setdefault(word, set()).add(Decimal(number))
    return table
