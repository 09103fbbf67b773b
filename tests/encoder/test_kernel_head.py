"""The kernel head: a feature machine on the inputs and the network's own answer."""

import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.head_choice import chosen_head, ranking
from tabcouce.encoder.head_contexts import HeadContexts, context_code
from tabcouce.encoder.kernel_head import HeadInputs, KernelHead
from tabcouce.encoder.members import FoldRows
from tabcouce.encoder.shots import LeftOutRows
from tabcouce.models.contract import Rehearsal, State
from tabcouce.simulation import target_offset

FAST = {"members": 3, "epochs": 2, "width": 8, "embedding": 4, "threads": 1}


def lumpy(rows=120, contexts=6, seed=0):
    """A target of many lumps that two epochs cannot learn, with an offset per machine."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (rows, 2))
    machine = np.resize(np.arange(contexts), rows)
    y = np.sin(2 * x[:, 0]) * np.cos(1.5 * x[:, 1]) + 0.2 * rng.normal(size=contexts)[machine]
    X = pd.DataFrame(x, columns=["圧力", "b[%]"])
    X.iloc[::11, 1] = np.nan
    return X, y, pd.DataFrame({"machine": [f"M{k}" for k in machine]})


@pytest.fixture(scope="module")
def headed():
    X, y, context = lumpy()
    model = CouceRegressor(**FAST).fit(X, y, context)
    assert model.head_ is not None and model.head_.blind and model.head_.shots
    return model, X, y, context


def simple_head(answer=None):
    rng = np.random.default_rng(1)
    u = rng.normal(size=(40, 3))
    code = np.resize(np.arange(5), 40)[:, None]
    y = np.abs(u[:, 0]) + u[:, 1] + rng.normal(size=5)[code[:, 0]]
    answer = u[:, 1] + 0.1 * rng.normal(size=40) if answer is None else answer(y)
    head = KernelHead.of(
        u,
        answer,
        y,
        numeric=2,
        classes=0,
        moved=np.array([False, False, True]),
        code=code,
        blocks=code[:, 0] % 3,
        seed=0,
    )
    return head, u, answer, y, code[:, 0]


def test_blind_and_labelled_answers_are_those_of_the_mixed_model_written_out():
    """Plain kriging equations, row by row, with an intercept per context and one for the new one."""
    head, u, answer, y, code = simple_head()
    rng = np.random.default_rng(2)
    new, told = rng.normal(size=(6, 3)), rng.normal(size=6)
    labels = rng.normal(size=2) + 3.0
    Z, Q = head.columns(u, answer), head.columns(new, told)
    for mode, k in (("blind", 0), ("shots", 2)):
        own = head.machines[mode].setting
        mean = Q[:k].sum(axis=0) / (k + 5.0)
        means = np.array([Z[code == g].sum(axis=0) / ((code == g).sum() + 5.0) for g in range(5)])

        def seen(row, at, view=own.view):
            return row if view == "raw" else row - at if view == "within" else np.r_[row, row - at]

        rows = [seen(z, means[g]) for z, g in zip(Z, code, strict=True)] + [seen(q, mean) for q in Q]
        context = [*code, *[9] * 6]

        def smooth(a, b, own=own):
            d = np.sqrt((own.metric.weight * (a - b) ** 2).sum())
            line = (own.metric.weight * a * b).sum() / len(a)
            return np.exp(-d / own.metric.bandwidth) + own.metric.linear * line + 10.0

        seen_rows = [*range(40), *range(40, 40 + k)]
        A = np.array(
            [
                [
                    smooth(rows[i], rows[j]) + own.tau2 * (context[i] == context[j]) + own.ridge * (i == j)
                    for j in seen_rows
                ]
                for i in seen_rows
            ]
        )
        target = (np.r_[y, labels[:k]] - y.mean()) / y.std()
        alpha = np.linalg.solve(A, target)
        wanted = [
            sum(
                a * (smooth(rows[40 + i], rows[j]) + own.tau2 * (context[j] == 9))
                for a, j in zip(alpha, seen_rows, strict=True)
            )
            for i in range(k, 6)
        ]
        got = head.conditioned(new[:k], told[:k], labels)(new[k:], told[k:]) if k else head.blind(new, told)
        low, high = y.min() - 0.1 * np.ptp(y), y.max() + 0.1 * np.ptp(y)
        if not k:
            wanted = np.clip(y.mean() + y.std() * np.array(wanted), low, high)
        assert got == pytest.approx(np.asarray(wanted) if not k else y.mean() + y.std() * np.array(wanted))


@pytest.mark.parametrize("columns", [1, 2])
def test_the_answer_for_a_known_machine_is_that_of_the_mixed_model_written_out(columns):
    """Kriging with one intercept a level of each column; an unknown level has none, and no mean."""
    rng = np.random.default_rng(1)
    u, machine, lot = rng.normal(size=(40, 3)), np.resize(np.arange(5), 40), np.resize([0, 1, 2], 40)
    code = np.column_stack([machine, lot])[:, :columns]
    y = u[:, 1] + 2 * rng.normal(size=5)[machine] + rng.normal(size=3)[lot]
    answer = 0.5 * u[:, 1] + 0.3 * rng.normal(size=40)
    still, blocks = np.zeros(3, bool), machine % 3
    head = KernelHead.of(u, answer, y, numeric=3, classes=0, moved=still, code=code, blocks=blocks, seed=0)
    own = head.machines["known"].setting
    assert own.tau2 > 0
    new, told = rng.normal(size=(4, 3)), rng.normal(size=4)
    asked = np.array([[0, 2], [3, -1], [-1, 1], [-1, -1]])[:, :columns]
    Z, Q = head.columns(u, answer), head.columns(new, told)

    def place(level):
        mine = Z[machine == level]
        return mine.sum(axis=0) / (len(mine) + 5.0) if len(mine) else np.zeros(Z.shape[1])

    def seen(row, level):
        at = place(level)
        return row if own.view == "raw" else row - at if own.view == "within" else np.r_[row, row - at]

    def kernel(a, b):
        d = np.sqrt((own.metric.weight * (a - b) ** 2).sum())
        line = (own.metric.weight * a * b).sum() / len(a)
        return np.exp(-d / own.metric.bandwidth) + own.metric.linear * line + 10.0

    def shared(a, b):
        return own.tau2 * sum(s == t and s >= 0 for s, t in zip(a, b, strict=True))

    rows = [seen(z, g) for z, g in zip(Z, machine, strict=True)]
    A = np.array([[kernel(a, b) for b in rows] for a in rows]) + own.ridge * np.eye(40)
    A += np.array([[shared(a, b) for b in code] for a in code])
    alpha = np.linalg.solve(A, (y - y.mean()) / y.std())
    wanted = [
        sum(a * (kernel(seen(q, c[0]), r) + shared(c, d)) for a, r, d in zip(alpha, rows, code, strict=True))
        for q, c in zip(Q, asked, strict=True)
    ]
    low, high = y.min() - 0.1 * np.ptp(y), y.max() + 0.1 * np.ptp(y)
    wanted = np.clip(y.mean() + y.std() * np.array(wanted), low, high)
    assert head.known(new, told, asked) == pytest.approx(wanted)


def test_columns_that_interventions_move_are_not_compared():
    head, u, answer, _, _ = simple_head()
    assert head.inputs.reads.tolist() == [0, 1]
    moved = u.copy()
    moved[:, 2] += 100.0
    np.testing.assert_array_equal(head.blind(moved, answer), head.blind(u, answer))


def test_numbers_are_bent_and_of_variance_one_and_flags_stand_as_they_are():
    u = np.column_stack([np.linspace(-1, 5, 30), np.resize([0.0, 1.0], 30)])
    Z = HeadInputs.of(u, u[:, :1], 1, np.zeros(2, bool))(u, u[:, :1])
    assert Z[:, 0].std() == pytest.approx(1.0) and Z[:, 0].mean() == pytest.approx(0.0)
    np.testing.assert_array_equal(Z[:, 1], u[:, 1])
    assert Z[-1, 0] < Z[-1, 2]  # the answer is not bent


def test_a_network_that_already_knows_the_target_keeps_its_own_answer():
    X, y, context = lumpy()
    fold = FoldRows.of(X, y, context, classes=0, held_out=None, seed=0, members=3)
    still = np.zeros(fold.code.width, bool)
    assert chosen_head(fold, LeftOutRows(y, fold.unit, {"blind": y.copy()}), still, 0) is None
    nothing = LeftOutRows(y, fold.unit, {"blind": np.full(120, y.mean())})
    chosen = chosen_head(fold, nothing, still, 0)
    assert chosen is not None and chosen.blind and chosen.shots
    partly = LeftOutRows(y, fold.unit, {"blind": np.r_[np.nan, y[1:]]})
    assert chosen_head(fold, partly, still, 0) is None


def test_left_out_contexts_come_first_and_a_column_that_says_the_same_is_not_told_twice():
    X, y, context = lumpy()
    context["lot"] = np.resize(["a", "b"], 120)
    context["twin"] = context["machine"] + "!"
    fold = FoldRows.of(X, y, context, classes=0, held_out="machine", seed=0, members=3)
    code = context_code(fold)
    assert code.shape == (120, 2)
    np.testing.assert_array_equal(code[:, 0], fold.unit)
    assert len(np.unique(code[:, 1])) == 2


def test_levels_of_context_columns_are_numbered_as_the_head_numbers_them():
    X, y, context = lumpy()
    context["lot"] = np.resize(["a", "b"], 120)
    context = context[["lot", "machine"]]
    fold = FoldRows.of(X, y, context, classes=0, held_out="machine", seed=0, members=3)
    contexts = HeadContexts.of(context_code(fold), fold.index)
    np.testing.assert_array_equal(contexts(fold.index), context_code(fold))
    asked = pd.DataFrame({"lot": ["b", "never", "a"], "machine": ["never", "M2", "M0"]})
    code = contexts(fold.levels.index(asked))
    assert (code[0, 0], code[1, 1]) == (-1, -1)
    rows = [np.flatnonzero(context["machine"] == name)[0] for name in ("M2", "M0")]
    np.testing.assert_array_equal(code[1:, 0], context_code(fold)[rows, 0])
    lots = [np.flatnonzero(context["lot"] == name)[0] for name in ("b", "a")]
    np.testing.assert_array_equal(code[[0, 2], 1], context_code(fold)[lots, 1])


def test_a_held_out_column_without_levels_leaves_known_contexts_to_the_network():
    X, y, context = lumpy()
    fold = FoldRows.of(
        X, y, context, classes=0, held_out="machine", seed=0, members=3, graphs={"machine": "measurement"}
    )
    assert fold.index.shape[1] == 0 and context_code(fold).shape[1] == 1
    assert HeadContexts.of(context_code(fold), fold.index) is None


def test_rows_of_known_machines_are_answered_by_the_head_where_it_serves_labelled_contexts_better():
    X, y, context = lumpy(rows=180)
    model = CouceRegressor(**FAST).fit(X[:120], y[:120], context[:120])
    assert model.head_ is not None and model.head_.known is not None
    bare = copy.copy(model)
    bare.head_ = replace(model.head_, known=None)
    errors = [np.mean((m.predict(X[120:], context[120:]) - y[120:]) ** 2) for m in (bare, model)]
    assert errors[1] < 0.5 * errors[0]
    stranger = pd.DataFrame({"machine": ["never"] * 4})
    np.testing.assert_array_equal(model.predict(X[:4], stranger), model.predict(X[:4]))


def test_a_head_no_better_than_the_network_leaves_known_machines_to_it():
    process = target_offset(seed=0, rows=300, contexts=6)
    model = CouceRegressor(members=3, threads=1).fit(process.X, process.y, process.context)
    assert model.head_ is None or model.head_.known is None


def test_left_out_answers_of_the_head_come_from_fits_without_the_block():
    """The targets of one machine do not reach its own left-out answers, except through the choice."""
    head, u, answer, y, code = simple_head()
    far = y.copy()
    far[code == 0] += 50.0
    again = KernelHead.of(
        u,
        answer,
        far,
        numeric=2,
        classes=0,
        moved=np.array([False, False, True]),
        code=code[:, None],
        blocks=code % 3,
        seed=0,
    )
    assert np.abs(again.left_out[code == 0] - head.left_out[code == 0]).max() < 10
    assert again.blind(u, answer)[code == 0].mean() > head.blind(u, answer)[code == 0].mean()


def test_a_saved_headed_model_answers_the_same_bits(headed):
    model, X, y, context = headed
    state = model.state()
    again = CouceRegressor.from_state(State(json.loads(json.dumps(state.settings)), state.arrays))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.predict(X, context), model.predict(X, context))
    np.testing.assert_allclose(
        again.calibrate(X[:5], y[:5]).predict(X[5:]), model.calibrate(X[:5], y[:5]).predict(X[5:])
    )


def test_the_differentiable_map_is_the_headed_answer_and_its_gradient_is_right(headed):
    model, X, _, _ = headed
    u = torch.as_tensor(model.gradient_inputs(X)[:4] + 0.05).requires_grad_()
    network = model.network()
    network(u).sum().backward()
    estimate = model.network().network(u.detach()).numpy()[:, 0]
    np.testing.assert_allclose(
        network(u).detach().numpy()[:, 0], model.head_.head.blind(u.detach().numpy(), estimate)
    )
    for i in range(2):
        step = torch.zeros_like(u)
        step[:, i] = 1e-5
        with torch.no_grad():
            slope = (network(u + step) - network(u - step)).numpy()[:, 0] / 2e-5
        np.testing.assert_allclose(u.grad.numpy()[:, i], slope, rtol=1e-4, atol=1e-7)


def test_labels_of_a_new_machine_move_the_headed_model_to_its_level(headed):
    model, *_ = headed
    X, y, _ = lumpy(rows=60, contexts=1, seed=5)
    y = y + 3.0
    few, many = model.calibrate(X[:5], y[:5]), model.calibrate(X[:20], y[:20])
    errors = [np.mean((m.predict(X[20:]) - y[20:]) ** 2) for m in (model, few, many)]
    assert errors[0] > errors[1] > errors[2]
    assert model.predict(X) == pytest.approx(model.predict(X))  # the original is not moved


def test_a_rehearsal_of_a_headed_model_leaves_rows_that_were_thinned_away_empty():
    X, y, context = lumpy(rows=150)
    model = CouceRegressor(**FAST, max_rows=120).fit(X, y, context)
    assert model.head_ is not None and model.head_.shots
    mine = np.flatnonzero(context["machine"] == "M1")
    (told,) = model.rehearse(X, y, [Rehearsal(mine[:6], mine[6:])])
    kept = np.isin(mine[6:], model.kept_)
    np.testing.assert_array_equal(np.isfinite(told), kept)
    blind = model.left_out_[mine[6:]][kept]
    truth = y[mine[6:]][kept]
    assert np.mean((told[kept] - truth) ** 2) < np.mean((blind - truth) ** 2)


def test_classes_get_a_head_too_and_its_probabilities_sum_to_one():
    X, _, context = lumpy(rows=180)
    label = np.array(["low", "mid", "high"])[np.digitize(np.sin(2 * X.iloc[:, 0]), [-0.5, 0.5])]
    model = CouceClassifier(**FAST).fit(X, label, context)
    assert model.head_ is not None and model.head_.blind
    chance = model.predict_proba(X)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    again = CouceClassifier.from_state(model.state())
    np.testing.assert_array_equal(again.predict_proba(X), chance)
    logs = model.network()(torch.as_tensor(model.gradient_inputs(X))).numpy()
    np.testing.assert_allclose(np.exp(logs), chance, atol=1e-9)
    assert model.calibrate(X[:5], label[:5]).predict_proba(X).shape == chance.shape


def test_a_head_of_less_loss_that_ranks_a_rare_class_worse_is_not_believed(monkeypatch):
    """The network is too sure of itself, so its loss is high, but it knows the order."""
    X, _, context = lumpy(rows=180)
    rare = (np.random.default_rng(3).uniform(size=180) < 0.1).astype(float)
    fold = FoldRows.of(X, rare, context, classes=2, held_out=None, seed=0, members=3)
    still = np.zeros(fold.code.width, bool)
    chance = np.where(rare == 1, 0.9, 0.89)
    rows = LeftOutRows(rare, fold.unit, {"blind": np.column_stack([1 - chance, chance])})
    made = KernelHead.of

    def saying_the_same_of_all(*args, **settings):
        return replace(made(*args, **settings), left_out=np.tile([1 - rare.mean(), rare.mean()], (180, 1)))

    def the_same_after_labels(head, draws):
        return [head.left_out[draw.rest] for draw in draws]

    monkeypatch.setattr(KernelHead, "of", saying_the_same_of_all)
    after = chosen_head(fold, rows, still, 0)
    assert after is not None and (after.blind, after.shots) == (False, True)  # it reads the network's answer
    monkeypatch.setattr(KernelHead, "rehearsed", the_same_after_labels)
    assert chosen_head(fold, rows, still, 0) is None
    shuffled = rows.estimate["blind"][np.random.default_rng(5).permutation(180)]
    shuffled[rare == 1] = [0.11, 0.89]
    believed = chosen_head(fold, LeftOutRows(rare, fold.unit, {"blind": shuffled}), still, 0)
    assert believed is not None and believed.blind  # a network without an order has nothing to lose


def test_ranking_is_the_share_of_pairs_in_the_right_order_meant_over_classes():
    rng = np.random.default_rng(4)
    y, chance = np.resize([0, 1, 2, 2], 40), rng.dirichlet(np.ones(4), size=40)  # nobody is of class 3
    by_class = []
    for c in range(3):
        own, others = chance[y == c, c], chance[y != c, c]
        by_class.append(np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a in own for b in others]))
    assert ranking(y, chance) == pytest.approx(np.mean(by_class))


def test_the_head_can_be_switched_off():
    X, y, context = lumpy()
    model = CouceRegressor(**FAST, head="off").fit(X, y, context)
    assert model.head_ is None and model.answer_ == "blind"
    with pytest.raises(ValueError, match="head must be one of"):
        CouceRegressor(**FAST, head="on").fit(X, y, context)


def test_a_second_fit_forgets_the_head_of_the_first():
    X, y, context = lumpy()
    model = CouceRegressor(**FAST).fit(X, y, context)
    assert model.answer_ == "head"
    model.set_params(head="off").fit(X, y, context)
    assert model.answer_ == "blind" and model.head_ is None and "kernel-head" not in model.notes_
