"""Which prompts a run writes with: the live ones, or a version that is tried before it goes live."""

from personalization.errors import RunBlocked
from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models import GenerationRun, PromptVersion

TRIED = "prompt_version"  # in a run's options: the id of the version that it tries


class BatchPrompts:
    """For one batch of items: whatever goes live meanwhile, all of them are written with the same."""

    def __init__(self) -> None:
        self._kept: dict[int | None, LivePrompts] = {}

    def of(self, run: GenerationRun) -> LivePrompts:
        """Raises RunBlocked where the version that the run tries is gone."""
        tried = run.options.get(TRIED)
        if tried not in self._kept:
            self._kept[tried] = prompts_of(tried)
        return self._kept[tried]


def prompts_of(tried: int | None) -> LivePrompts:
    """With the version of this id in the place of its live one. Raises RunBlocked where it is gone."""
    version = PromptVersion.objects.filter(pk=tried).first() if tried is not None else None
    if tried is not None and version is None:
        raise RunBlocked("prompt", "the version of the prompt that this run tries is gone: cancel the run")
    return live_prompts(version)
