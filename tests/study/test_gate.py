"""Gates as a pipeline writes them."""

import pytest

from tabcouce.study.gate import parse_gate


@pytest.mark.parametrize(
    ("text", "good", "bad"), [("r2>=0.5", 0.5, 0.49), ("rmse <= 2", 2.0, 2.1), ("auc>=.9", 0.95, 0.2)]
)
def test_a_gate_lets_good_scores_through_and_no_undefined_one(text: str, good: float, bad: float) -> None:
    gate = parse_gate(text)
    assert gate.holds(good) and not gate.holds(bad) and not gate.holds(None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("r2", "form"),
        ("r2>=much", "form"),
        ("rsq>=0.5", "r2, auc"),
        ("rmse>=2", "rmse<=2"),
        ("r2<=1", "r2>=1"),
    ],
)
def test_a_gate_that_cannot_be_meant_is_refused_before_the_training(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_gate(text)
