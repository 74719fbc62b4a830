"""What an editor reads about an item or a run. The stored English words stay for operators and terminals."""

from django.utils.translation import gettext, gettext_lazy

_BUSY = gettext_lazy("the endpoint was busy or had a fault")
_ELSEWHERE = gettext_lazy(
    "the endpoint does not know the model or the path: check OPENAI_MODEL and OPENAI_BASE_URL"
)
_UNREADABLE = gettext_lazy("the endpoint's answer could not be read")
# By error code; a code of HTTP that is not named goes by its first digit.
EXPLANATIONS = {
    "locked": gettext_lazy("an editor changed the text; it is left as it is"),
    "no_survey": gettext_lazy("the learner has answered nothing"),
    "no_source": gettext_lazy("the lesson has no transcript, or one of a few words"),
    "no_template": gettext_lazy("the lesson has no standard description, or one of a few words"),
    "not_condensed": gettext_lazy("the lesson is too long for the model, and could not be condensed"),
    "condensing": gettext_lazy("waits until its lesson is condensed for the model"),
    "prompt_too_long": gettext_lazy(
        "the request is longer than the model reads: shorten the prompt, or choose a model with a larger "
        "window"
    ),
    "better_text": gettext_lazy("the simple writer replaces only texts of its own"),
    "budget": gettext_lazy("what is left of the run's budget is not enough for it"),
    "pilot": gettext_lazy("written, and waits for a look"),
    "timeout": gettext_lazy("the endpoint did not answer in time"),
    "connection": gettext_lazy("the endpoint is not reachable or broke off: check OPENAI_BASE_URL"),
    "garbage": _UNREADABLE,
    "bad_json": _UNREADABLE,
    "too_large": gettext_lazy("the endpoint's answer was too long to be one: check OPENAI_BASE_URL"),
    "empty": gettext_lazy("the answer has no content"),
    "cut": gettext_lazy("the answer was cut at the model's length limit"),
    "invalid_answer": gettext_lazy("the answer breaks a rule for texts"),
    "wrong_language": gettext_lazy("the answer is not in the course's language"),
    "refusal": gettext_lazy("the model refused to answer"),
    "content_filter": gettext_lazy("the provider's content filter stopped the answer"),
    "rate_limit": gettext_lazy("the provider asked for a slower pace"),
    "quota": gettext_lazy("the provider's quota is used up: raise it, then resume the run"),
    "prompt": gettext_lazy(
        "the prompt cannot be used: repair it or make another version live, then resume the run"
    ),
    "not_filled_in": gettext_lazy(
        "the prompt cannot be filled in with what the lesson or the learner says: repair it, or change what "
        "they say, then retry"
    ),
    "unpriced": gettext_lazy(
        "the model has no price any more, so that the run's budget cannot be kept: add it to MODEL_PRICES, "
        "then resume the run"
    ),
    "http_401": gettext_lazy("the endpoint refused the key: check OPENAI_API_KEY"),
    "http_403": gettext_lazy("the endpoint refused access: check the key's rights and the model's name"),
    "http_404": _ELSEWHERE,
    "http_405": _ELSEWHERE,
    "http_3": _ELSEWHERE,
    "http_408": _BUSY,
    "http_409": _BUSY,
    "http_4": gettext_lazy("the endpoint refused the request"),
    "http_5": _BUSY,
    "lease_lost": gettext_lazy("the worker died or lost touch"),
    "unsent": gettext_lazy("the call was not made: it was not its turn yet, or the worker stopped"),
    "stopped": gettext_lazy("the worker was stopped"),
    "not_storable": gettext_lazy("the database refused the text"),
    "store_file": gettext_lazy("the description is saved, but its file in the store is not"),
    "internal": gettext_lazy("an error of this software: the worker's log says more"),
}
# Their words name the section and the rule, what a prompt must be changed for; and the file.
DETAILED = {"invalid_answer", "not_filled_in", "prompt", "store_file"}


def explanation(code: str, message: str) -> str:
    """What happened to an item; the stored words where the code is not known."""
    known = EXPLANATIONS.get(code, EXPLANATIONS.get(code[: len("http_4")]))
    if known is None:
        return translated(message)
    return f"{known} ({message})" if code in DETAILED and message else str(known)


def translated(stored: str) -> str:
    """A stored note in the reader's language, where it was marked for translation."""
    return gettext(stored) if stored else ""
