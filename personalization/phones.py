"""Phone numbers among other numbers: by the forms in which people write them.

Digits and blanks in a row are no form: pulses, dates, weights, repetitions and sums of money have those too.
What is no form of a phone number stays, for the writer needs it. Where both may be meant it is removed.
"""

import re

# What may stand between two digits of one number: blanks, brackets, dots, slashes and every dash.
BETWEEN = r"\s()./\-\u2010-\u2015\u2212"
_GAP = rf"[{BETWEEN}]{{0,3}}"
_APART = rf"[{BETWEEN}]{{1,3}}"
# Area codes begin with 3 to 9. Not a class: digits need not be ASCII.
_CODE = r"(?![0-2])\d"

_FORMS = (
    # +7 916 123-45-67, 00 44 20 7946 0958: whatever the groups are, 9 to 15 digits.
    rf"(?:\+\s?|(?<!\d)00(?=[1-9]))\(?\d(?:{_GAP}\d){{8,14}}",
    # 8 (916) 123 45 67, 8-4922-32-45-67, 89161234567: 11 digits, the code in one piece.
    rf"[78]{_GAP}{_CODE}\d{{2}}(?:{_GAP}\d){{7}}",
    # 8 9 1 6 1 2 3 4 5 6 7 and 8-91-61-23-45-67
    rf"[78](?:{_APART}\d){{10}}",
    r"8[\-\u2010-\u2015\u2212.]9\d(?:[\-\u2010-\u2015\u2212.]\d\d){4}",
    # (495) 123-45-67, (4922) 32 45 67, (555) 123-4567
    rf"\(\d{{3,5}}\)\s?\d{{1,3}}(?:{_GAP}\d){{4,6}}",
    # 916 123 45 67, 916.123.4567, 916-1234567; round weights such as 300 400 50 60 are none.
    rf"(?!\d\d0\s\d\d0\s(?:\d0\s\d0|\d{{3}}0)(?!\d)){_CODE}\d\d{_APART}\d{{3}}{_APART}\d\d{_GAP}\d\d",
    rf"{_CODE}\d\d{_APART}\d{{7}}",
    rf"{_CODE}\d\d{_APART}\d\d{_APART}\d\d{_APART}\d{{3}}",
    # 020 7946 0958, 07911 123456, 030 12345678: the code begins with a nought.
    rf"(?<!\d\s)0(?!0)\d{{2,4}}{_APART}\d{{3,4}}{_GAP}\d{{3,4}}",
    # A card's: four by four, and not four years.
    r"(?!(?:(?:19|20)\d\d[\s\-]){3})\d{4}(?:[\s\-]\d{4}){3}",
    # In one piece: 9161234567, an identifier, an account. Not 1000000000, which is a sum.
    r"(?!\d{1,9}0{6,}(?!\d))\d{9,}",
)
# With the extension behind it.
PHONE = re.compile(
    rf"(?<!\d)(?<!\d[.,])(?:{'|'.join(_FORMS)})(?!\d)"
    r"(?:,?\s?(?:доб|ext|вн|x|#)\.?\s?\d{1,6}(?!\w))?",
    re.IGNORECASE,
)
# A number of a town, 123-45-67, looks like a row of three: a word in front says which it is.
NAMED = re.compile(
    r"(?P<word>(?<!\w)(?:тел(?:ефон\w{0,3})?|моб(?:ильн\w{2,3})?|ват?[тс]ап|вайбер|phone|tel|mobile|cell"
    r"|whats\s?app|viber|call\s+me\s+(?:at|on))[\s.:№#—–-]{0,4})"
    rf"\+?\(?\d(?:{_GAP}\d){{4,14}}(?!\d)",
    re.IGNORECASE,
)
# What each of them has, the first and the second: so many digits and what stands between them. Digits that
# are not ASCII stand behind U+0660: a range is searched for more quickly than the class of digits.
LONG_NUMBER = re.compile(rf"[0-9\u0660-\U0010ffff][\d{BETWEEN}]{{8}}")
NUMBER = re.compile(rf"[0-9\u0660-\U0010ffff][\d{BETWEEN}]{{4}}")
