"""Similar-lot cards: each lot's five nearest others by means, and what differed."""

from dataclasses import replace

import numpy as np
from fake_study import HOSTILE, INPUTS, fake_study, fake_target

from tabcouce.report import summarize
from tabcouce.report.catalogue import words
from tabcouce.report.lot_cards import lot_cards
from tabcouce.report.lot_view import lot_cards_view
from tabcouce.report.naming import natural_order
from tabcouce.report.page import render_page


def test_each_lot_has_the_five_lots_whose_mean_places_are_nearest(regression):
    target = regression.targets[0]
    past = target.advice.past
    level = past.contexts["号機"].to_numpy()
    mean = {name: past.embedding[level == name].mean(axis=0) for name in set(level)}

    cards = lot_cards(target)

    assert cards.by == "号機" and {one.label for one in cards.found} == set(level)
    for one in cards.found:
        far = {name: np.linalg.norm(mean[name] - mean[one.label]) for name in mean if name != one.label}
        nearest = [near.context["号機"] for near in one.neighbours if near.context["号機"] != one.label]
        assert nearest[:5] == sorted(far, key=far.get)[:5]


def test_a_card_says_what_came_out_and_what_was_different(regression_summary):
    target = regression_summary.targets[0]
    view = lot_cards_view(target, words("en"))
    card = next(card for card in view.cards if card.level == "1号機")
    assert card.say.startswith("1号機:") and "MPa in the mean of 40 rows" in card.say
    assert len(card.table.rows) == 5
    assert all(row[2].text.endswith("MPa") for row in card.table.rows)
    assert any(INPUTS[0] in row[3].text and "instead of" in row[3].text for row in card.table.rows)


def test_without_a_context_of_three_levels_there_are_no_cards(regression):
    target = regression.targets[0]
    dataset = replace(target.dataset, contexts=target.dataset.contexts[[]])
    plan = replace(target.plan, headline="shuffled")
    assert lot_cards(replace(target, dataset=dataset, plan=plan)) is None


def test_levels_of_category_inputs_survive_the_stored_form(regression_summary):
    again = type(regression_summary).from_json(regression_summary.to_json())
    assert again.targets[0].lots == regression_summary.targets[0].lots


def test_names_from_the_file_are_escaped_in_the_cards():
    page = render_page(summarize(fake_study(fake_target())), "en")
    assert HOSTILE not in page.split('class="card"', 1)[1].split('<script id="library">')[0]


def test_numbers_in_names_of_lots_count_as_numbers():
    assert sorted(["lot 10", "lot 2", "A"], key=natural_order) == ["A", "lot 2", "lot 10"]
    assert sorted(["10", "9", "x"], key=natural_order) == ["9", "10", "x"]
