"""The words of a coach, as a prompt has them."""

from dataclasses import dataclass

# In the fingerprint of texts that have a voice, from when the words around it were in the code. They are the
# prompt's now, and in its version; this stays what it was, or those texts would be stale for nothing.
VOICE_VERSION = "440815c48492"


@dataclass(frozen=True, slots=True)
class Voice:
    """How a course's coach writes. `tag`: MD5 of all the rest, as the database has it."""

    name: str
    sex: str
    words: str
    tag: str


def voice_values(voice: Voice | None) -> dict[str, str]:
    """What a prompt may name of the coach; empty for the neutral voice."""
    if voice is None:
        return {"name": "", "sex": "", "voice": ""}
    return {"name": " ".join(voice.name.split()), "sex": voice.sex, "voice": voice.words.strip()}
