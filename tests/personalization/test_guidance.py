"""What a cluster asks the writer for: emphasis and depth, without a word about the learner."""

import pytest

from personalization.supervisor import BALANCED, CLUSTERS, guidance, guidance_tags
from personalization.supervisor.guidance import DEFAULT_GUIDANCE


def test_every_cluster_has_guidance_in_both_languages_except_balanced() -> None:
    assert set(DEFAULT_GUIDANCE) == {f"prompt_cluster_{name}" for name in CLUSTERS}
    texts = [guidance(name, language) for name in CLUSTERS if name != BALANCED for language in ("ru", "en")]
    assert len(set(texts)) == 12
    assert min(map(len, texts)) > 200
    assert guidance(BALANCED, "ru") == guidance(BALANCED, "en") == guidance("no such", "ru") == ""
    assert set(guidance_tags()) == set(CLUSTERS) - {BALANCED}


@pytest.mark.parametrize("name", CLUSTERS)
def test_guidance_claims_nothing_about_the_learner_and_knows_no_jargon(name: str) -> None:
    texts = f"{guidance(name, 'en')} {guidance(name, 'ru')}".casefold()
    for word in (
        "learner",
        "visual",
        "auditory",
        "kinesthetic",
        "style",
        "cluster",
        "survey",
        "quiz",
        "score",
    ):
        assert word not in texts
    for word in ("учени", "визуал", "аудиал", "кинестет", "стиль", "кластер", "анкет", "опрос", "балл"):
        assert word not in texts
