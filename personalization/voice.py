"""The words of a coach in a prompt."""

import hashlib
import json
from dataclasses import dataclass

VOICE = """

The voice to write in is that of the coach {name}{sex}, who describes it so:
--- voice ---
{words}
--- end of the voice ---
It shapes tone and wording only. The rules above hold, and facts come from the lesson alone."""
SEXES = {"male": ", a man", "female": ", a woman"}

# In the fingerprint of texts that have a voice. Others do not become stale when the words above change.
VOICE_VERSION = hashlib.sha256(json.dumps([VOICE, SEXES]).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Voice:
    """How a course's coach writes. `tag`: MD5 of all the rest, as the database has it."""

    name: str
    sex: str
    words: str
    tag: str


def voice_part(voice: Voice | None) -> str:
    """What stands behind the sections; "" for the neutral voice."""
    if voice is None:
        return ""
    name = " ".join(voice.name.split())
    return VOICE.format(name=name, sex=SEXES.get(voice.sex, ""), words=voice.words.strip())
