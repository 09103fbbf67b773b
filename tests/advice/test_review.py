"""Reviews of several engineers become roles and constraints; disputes change nothing."""

from tabcouce.advice.review import Entry, Review, reviewed_roles
from tabcouce.roles.role import ColumnRole, Roles


def test_what_all_reviewers_say_is_agreed_and_the_rest_is_disputed():
    review = Review(
        (
            Entry("temp", "Sato", expected="increases", decision="monotone"),
            Entry("temp", "Ito", expected="increases"),
            Entry("flow", "Sato", expected="increases", decision="monotone"),
            Entry("flow", "Ito", expected="decreases"),
            Entry("room", "Ito", expected="unknown", decision="exclude"),
        )
    )
    assert review.agreed("expected") == {"temp": "increases"}
    (dispute,) = review.disagreements()
    assert (dispute.factor, dict(dispute.said)) == ("flow", {"Sato": "increases", "Ito": "decreases"})
    assert review.monotone == {"temp": 1} and review.open_monotone == ("flow",)
    assert review.excluded == ("room",)


def test_agreed_directions_and_exclusions_enter_the_roles_and_nothing_else_changes():
    roles = Roles(
        (ColumnRole("temp", "condition", unit="K"), ColumnRole("room", "sensor"), ColumnRole("y", "target")),
        ("y",),
    )
    review = Review(
        (
            Entry("temp", expected="decreases", basis="physics"),
            Entry("room", decision="exclude"),
        )
    )
    made = reviewed_roles(roles, review)
    assert (made.of("temp").expected, made.of("temp").basis, made.of("temp").unit) == (
        "decreases",
        "physics",
        "K",
    )
    assert made.of("room").kind == "ignored" and made.of("y") == roles.of("y")
