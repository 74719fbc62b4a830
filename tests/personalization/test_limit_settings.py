"""MODEL_LIMITS: easy to write, and what cannot be read is named, all of it at once."""

import pytest

from personalization.writers.limits.config import Limit, read_model_limits


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", Limit()),
        ("m=500rpm", Limit(requests=500)),
        ("m = 500 rpm, 200000 tpm", Limit(500, 200_000)),
        (" other = 5 rpm ;; m = 2.5K TPM; ", Limit(tokens=2_500)),
        ("m = 1_000 rpm, 2m tpm", Limit(1_000, 2_000_000)),
        ("* = 60 rpm", Limit(60)),
        ("* = 60 rpm; m = 5 tpm", Limit(tokens=5)),
        ("M = 60 rpm", Limit()),
    ],
)
def test_what_a_model_may(text: str, limit: Limit) -> None:
    read = read_model_limits(text)
    assert (read.of("m"), read.problems) == (limit, ())


def test_a_models_name_may_hold_any_sign() -> None:
    assert read_model_limits("ft:gpt=x:org/y = 5 rpm").of("ft:gpt=x:org/y") == Limit(5)


def test_all_that_cannot_be_read_is_named_and_the_rest_holds() -> None:
    read = read_model_limits(
        "m 5 rpm; = 5 rpm; a = 5; b = 5 rpm, fast; c = 0 rpm; d = 5 rpm, 6 rpm; "
        "e = 9 rpm; e = 8 rpm; f = 2000m tpm"
    )
    assert [problem.split(":")[0] for problem in read.problems] == [
        "'m 5 rpm'",
        "'= 5 rpm'",
        "'a'",
        "'b'",
        "'c'",
        "'d'",
        "'e' is named twice",
        "'f'",
    ]
    assert (read.of("e"), read.of("b"), read.of("a")) == (Limit(9), Limit(5), Limit())
