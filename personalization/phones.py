"""Phone numbers and numbers of documents among other numbers: by the forms in which people write them.

Digits and blanks in a row are no form: pulses, dates, weights, repetitions and sums of money have those too.
What is no form of such a number stays, for the writer needs it. Where both may be meant it is removed.
"""

import re

# What may stand between two digits of one number: blanks, brackets, dots, slashes and every dash.
BETWEEN = r"\s()./\-\u2010-\u2015\u2212"
_GAP = rf"[{BETWEEN}]{{0,5}}"
_APART = rf"[{BETWEEN}]{{1,5}}"
_ANY = rf"[{BETWEEN}]*+"  # only behind a plus: no second search begins within it
# Area codes begin with 2 to 9. Not a class: digits need not be ASCII.
_CODE = r"(?![01])\d"

# How many digits each country has: what follows is another number. A nought between is said at home only.
_LENGTHS = {
    10: "1|7|20|30|44|52|57|63|90|91|92",
    9: "27|31|33|34|41|48|51|56|60|61|62|66|84|213|351|353|375|380|385|420|421|593|966|976|99[24568]",
    8: "45|47|65|216|35[67]|37[0134]|386|852|974|993",
    11: "86",
}
_NATIONAL = "|".join(
    rf"(?:{codes})(?:{_ANY}0)?+(?:{_ANY}\d){{{count}}}(?!\d)" for count, codes in _LENGTHS.items()
)
# A row of rounded numbers is a row of weights, a pressure stands between two others: 65 120 80 75.
_ROUND = r"\d\d0\s\d\d0\s(?:\d0\s\d0|\d{3}0)(?!\d)"
_PRESSURE = r"\d{2,3}\s1\d0\s[5-9]0\s"
_FIVES = rf"(?:\d?\d[05]{_APART}){{3}}"

_LOCAL = rf"(?:\d{{3}}{_GAP}\d\d{_GAP}\d\d|\d{{3}}{_GAP}\d{{3,4}}|\d\d{_GAP}\d\d{_GAP}\d\d)"

_ABROAD = (
    # +375 29 123-45-67, 0044 20 7946 0958. Of a country that is not listed: all digits that follow.
    rf"(?:[+\uff0b]{_ANY}|00\s?(?=[2-9]\d)|00(?=[1-9]))(?:{_NATIONAL}|\d(?:{_ANY}\d){{8,29}})",
    # 375 29 123 45 67, 972 50 123 4567, 371 29 123 456, 374 91 12 34 56: without the plus.
    rf"(?:37[0-5]|380|97[12]|99[2-8]){_GAP}\d\d{_GAP}{_LOCAL}",
    rf"996{_GAP}(?!000)\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{3}}",
    # 44 7911 123456, 44 20 7946 0958, 90 532 123 45 67, 49 151 12345678
    rf"44{_GAP}(?:7\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{3}}|20{_GAP}[37-9]\d{{3}}{_GAP}\d{{4}}|1\d{{3}}{_GAP}\d{{6}})",
    rf"90{_GAP}5\d\d{_GAP}\d{{3}}{_GAP}\d\d{_GAP}\d\d",
    rf"49{_GAP}1[5-7]\d{_GAP}\d{{7,8}}",
)
_RUSSIAN = (
    # 8 (916) 123 45 67, 8-4922-32-45-67, 89161234567: 11 digits, the code in one piece.
    rf"(?!8\s[3-7]\d0\s\d\d0\s\d0\s\d0(?!\d))[78]{_GAP}(?![0-2])\d\d{{2}}(?:{_GAP}\d){{7}}",
    # 8 9 1 6 1 2 3 4 5 6 7, and not who counts down; 8-91-61-23-45-67
    rf"(?!8{_APART}7{_APART}6|7{_APART}6{_APART}5)[78](?:{_APART}\d){{10}}",
    rf"[78]{_APART}(?!{_FIVES})9\d(?:{_APART}\d\d){{4}}",
)
_AT_HOME = (
    # (495) 123-45-67, (4922) 32 45 67, (555) 123-4567
    rf"\(\d{{3,5}}\)\s?\d{{1,3}}(?:{_GAP}\d){{4,6}}",
    # 916 123 45 67, 916.123.4567, 212-555-1234
    rf"(?:1{_APART})?(?!{_ROUND}|{_PRESSURE}|\d{{3}}\s000){_CODE}\d\d{_APART}\d{{3}}{_APART}\d\d{_GAP}\d\d",
    rf"{_CODE}\d\d{_APART}\d{{7}}",
    rf"(?!{_FIVES}){_CODE}\d\d{_APART}\d\d{_APART}\d\d{_APART}\d{{3}}",
    # 29 123 45 67: of Belarus and of Ukraine; 67 123-45-67
    rf"(?!\d\d\s\d\d0\s(?:\d0\s\d|\d\d00)|{_PRESSURE})(?:25|29|33|44){_APART}\d{{3}}{_GAP}\d\d{_GAP}\d\d",
    rf"(?!\d\d\s(?:\d\d0|1\d\d\s[5-9]\d)\s)(?:39|50|6[3678]|73|9[1-9]){_APART}\d{{3}}{_APART}\d\d{_APART}\d\d",
    rf"{_CODE}\d{_APART}\d{{3}}[\-\u2010-\u2015\u2212]\d\d[\-\u2010-\u2015\u2212]\d\d",
    # The code begins with a nought: 050 123 45 67, 8 (029) 123-45-67
    rf"(?:8{_GAP})?0\d\d{_GAP}\d{{3}}{_GAP}\d\d{_GAP}\d\d",
    # 020 7946 0958, 07911 123456, 030 12345678; 1 050 123 456 is a sum.
    rf"0(?!0)\d\d{_APART}\d{{3,4}}{_GAP}\d{{4}}",
    rf"(?<!\d\s)0(?!0)\d\d{_APART}\d{{3}}{_GAP}\d{{3}}",
    rf"0(?!0)\d{{3,4}}{_APART}\d{{3,4}}{_GAP}\d{{3,4}}",
    # 07 911 123 456, 09-123-4567, 02 8765 4321
    rf"0[1-9]{_APART}\d{{3}}{_APART}(?:\d{{3,4}}{_GAP}\d{{3}}|\d{{4}})",
    rf"0[1-9]{_APART}(?!19|20)\d{{4}}{_APART}\d{{4}}",
    # 06 12 34 56 78; not hours, minutes or the beginning of a longer row.
    r"(?!(?:\d[05]\D){4}|(?:[01]\d\D){4})0[1-9](?P<gap>[\s.\-])(?:\d\d(?P=gap)){3}\d\d(?!(?P=gap)\d)",
    # 0 800 123 456, 0 532 123 45 67
    rf"0{_APART}[89]00{_APART}(?:\d{{3}}{_GAP}\d{{3}}|\d\d{_APART}\d\d{_APART}\d\d)",
    rf"0{_APART}(?!{_ROUND})[3-9]\d\d{_APART}\d{{3}}{_APART}\d\d{_GAP}\d\d",
)
_DOCUMENTS = (
    # A card's: four by four, and neither four years nor four rounded numbers.
    r"(?!(?:(?:19|20)\d\d[\s\-]){3}|(?:\d{3}0[\s\-]){3}\d{3}0)\d{4}(?:[\s\-]\d{4}){3}",
    # Of an insurance: 123-456-789 01. Passports: 12 34 567890, 1234 567890, 75 1234567; not 2024 150000.
    r"(?!(?:\d\d0-){2})\d{3}-\d{3}-\d{3}[\s\-]\d\d",
    r"(?!(?:19|20)\d\d\s\d{3}000)\d\d\s?\d\d\s{1,3}(?!\d\d0000)\d{6}",
    r"\d\d\s{1,3}(?!\d{3}0000)\d{7}",
    # In one piece: 9161234567, an identifier, an account. Not 1000000000, which is a sum.
    r"(?!\d{1,9}0{6,}(?!\d))\d{9,}",
)
# With the extension behind it, and a number of the same town.
PHONE = re.compile(
    rf"(?<!\d)(?<!\d[.,])(?:{'|'.join((*_ABROAD, *_RUSSIAN, *_AT_HOME, *_DOCUMENTS))})(?!\d)"
    r"(?:,?\s?(?:доб|ext|вн|x|#)\.?\s?\d{1,6}(?!\w))?"
    r"(?:\s?[/,;]\s?\d{2,3}-\d\d-\d\d(?![\d-]))?",
    re.IGNORECASE,
)
# Behind such a word too these are none: a day, a count, rounded numbers.
_NO_NUMBER = (
    r"(?:0?[1-9]|[12]\d|3[01])[./\-](?:0?[1-9]|1[0-2])[./\-](?:19|20)\d\d(?!\d)"
    r"|(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)"
    r"|1\s2\s3\s|(?:\d?[05]\s){2,}\d?[05](?!\d)|(?:\d{1,2}00\s)+\d{1,2}00(?!\d)"
)
# A number of a town, 123-45-67, looks like a row of three: a word in front says which it is.
NAMED = re.compile(
    r"(?P<word>(?<!\w)(?:тел(?:ефон\w{0,3})?|моб(?:ильн\w{2,3})?|ват?[тс]ап|вайбер|phone|tel|mobile|cell"
    r"|whats\s?app|viber|call\s+me\s+(?:at|on)|снилс|паспорт\w{0,3}|passport"
    r"|сери[яи](?=\W{0,3}\d\d\s?\d\d[№\s]{1,3}\d{6}))[\s.:№#—–-]{0,4})"
    rf"(?!{_NO_NUMBER})\+?\(?\d(?:[{BETWEEN}№]{{0,5}}\d){{4,29}}(?!\d)",
    re.IGNORECASE,
)
# What each of them has, the first and the second: so many digits and what stands between them. Digits that
# are not ASCII stand behind U+0660: a range is searched for more quickly than the class of digits.
LONG_NUMBER = re.compile(rf"[0-9\u0660-\U0010ffff][\d{BETWEEN}]{{8}}")
NUMBER = re.compile(rf"[0-9\u0660-\U0010ffff][\d{BETWEEN}]{{4}}")
