"""A prompt's versions: saved as drafts, tried, made live, and made live again. None ever changes."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from courses.errors import ChangedMeanwhile
from personalization.live_prompts import live_content, live_prompts, live_variables, version_name
from personalization.models import ConfigEntry, PromptVersion
from personalization.personal_prompt import LESSON_TEMPLATE, variables_json
from personalization.prompt_engine import PromptError
from personalization.secret_marks import secret_problem
from personalization.services.config_lock import lock_config
from personalization.services.prompt_effects import Effect, effect_on_descriptions, effect_on_texts
from personalization.services.prompt_sample import check_prompt
from personalization.services.runs import CLOCK
from personalization.shipped_config import FORMER_VERSION, PERSONALIZATION, former_prompt

LONGEST_NOTE = 500  # characters
NO_VERSION = 0  # of words that somebody entered with SQL, or of a prompt that is not there


def save_draft(
    *, key: str, content: str, note: str = "", author: AbstractBaseUser | None = None
) -> tuple[PromptVersion, bool]:
    """The version with these words, and whether it is new: the same words are the same version.

    Raises PromptError for words that cannot be used; nothing is stored then.
    """
    content = content.replace("\r\n", "\n")
    if "\0" in note or len(note) > LONGEST_NOTE:
        raise PromptError(_("The note is at most %(most)s characters of text.") % {"most": LONGEST_NOTE})
    check_prompt(key, content)
    if problem := secret_problem(content) or secret_problem(note):
        raise PromptError(problem)
    with transaction.atomic():
        _lock(key)
        of_key = PromptVersion.objects.filter(key=key)
        if same := of_key.filter(content=content).first():
            return same, False
        last = of_key.aggregate(last=Max("number"))["last"] or 0
        made = PromptVersion.objects.create(
            key=key,
            number=last + 1,
            content=content,
            note=note.strip(),
            author_id=author.pk if author else None,
            is_draft=True,
        )
    return made, True


def make_live(*, version: PromptVersion, seen: int, author: AbstractBaseUser | None = None) -> None:
    """What is written from now on is written with this version. Starts nothing.

    seen: number of the version that was live when the person decided. Raises ChangedMeanwhile where another
    is live by now, and PromptError where the words cannot be used any more, as a variable may be gone.
    """
    # The sample may take a while: nobody has to wait for it, and no transaction is idle meanwhile.
    variables = variables_json(live_variables())
    check_prompt(version.key, version.content)
    with transaction.atomic():
        # First: what the words name is still there when they are live, and nobody deletes it meanwhile.
        lock_config()
        if variables_json(live_variables()) != variables:
            check_prompt(version.key, version.content)
        if live_number(version.key) != seen:
            raise ChangedMeanwhile
        value = {"content": version.content}
        if not ConfigEntry.objects.filter(pk=version.key).update(value=value):
            ConfigEntry.objects.create(key=version.key, value=value)
        PromptVersion.objects.filter(pk=version.pk).update(
            is_draft=False, live_at=CLOCK, live_by_id=author.pk if author else None
        )


def live_number(key: str) -> int:
    """NO_VERSION for words of none."""
    content = live_content(key)
    found = PromptVersion.objects.filter(key=key, content=content).values_list("number", flat=True).first()
    return found or NO_VERSION


def effect_of(version: PromptVersion) -> Effect:
    """What its going live does: to standard descriptions where it asks for these, else to texts."""
    then = live_prompts(version)
    return effect_on_descriptions(then) if version.key == LESSON_TEMPLATE else effect_on_texts(then)


def written_by(version: PromptVersion) -> str:
    """How its texts name it: for the list of texts."""
    if version.key == PERSONALIZATION and version.content == former_prompt():
        return FORMER_VERSION
    return version_name(version.key, version.number)


def _lock(key: str) -> None:
    """Two people who save at once get two numbers; the transaction's end unlocks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"prompt {key}"])
