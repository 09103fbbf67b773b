"""Training-path attribution against closed forms (X1), order (X2), spacing (X3) and variants."""

from dataclasses import dataclass

import numpy as np
import pytest

from tabcouce.explanation.training_path import path_attribution


@dataclass(frozen=True)
class Linear:
    """y = sum w_j x_j + b."""

    w: np.ndarray
    b: float

    def tokens(self, x):
        return (x * self.w)[:, :, None]

    def answer(self, total):
        return total[..., 0] + self.b

    def slope(self, total):
        return np.ones_like(total)


@dataclass(frozen=True)
class Net:
    """tanh network with one hidden layer; W (p, H) belongs to the columns, v (H,) is shared."""

    W: np.ndarray
    v: np.ndarray

    def tokens(self, x):
        return x[:, :, None] * self.W[None]

    def answer(self, total):
        return np.tanh(total) @ self.v

    def slope(self, total):
        return (1 - np.tanh(total) ** 2) * self.v


def descended(steps=400, p=6, hidden=12, seed=0, rate=0.05):
    """Checkpoints of plain gradient descent on a target of two columns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, p))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1]
    W, v = 0.3 * rng.normal(size=(p, hidden)), 0.3 * rng.normal(size=hidden)
    path = [Net(W.copy(), v.copy())]
    for _ in range(steps):
        a = np.tanh(x @ W)
        error = (a @ v - y) / len(y)
        W, v = W - rate * x.T @ (np.outer(error, v) * (1 - a**2)), v - rate * a.T @ error
        path.append(Net(W.copy(), v.copy()))
    return path, x, y


def test_on_a_linear_model_from_zero_each_column_gets_its_own_term():  # X1
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=80)
    w, path = np.zeros(4), [Linear(np.zeros(4), 0.0)]
    for _ in range(50):
        w = w - 0.1 * x.T @ (x @ w - y) / 80
        path.append(Linear(w.copy(), 0.3))
    for order in ("symmetric", "one-sided", "first"):
        found = path_attribution(path, x, order=order)
        np.testing.assert_allclose(found.values, w * x, atol=1e-8)
        np.testing.assert_allclose(found.shared, 0.3)


def test_a_step_is_the_written_difference_of_resetting_each_column():
    (old, new), x = descended(steps=1)[0], descended()[1][:5]
    found = path_attribution([old, new], x)
    for i in range(5):
        for j in range(6):
            back, ahead = new.W.copy(), old.W.copy()
            back[j], ahead[j] = old.W[j], new.W[j]
            down = np.tanh(x[i] @ new.W) @ new.v - np.tanh(x[i] @ back) @ new.v
            up = np.tanh(x[i] @ ahead) @ old.v - np.tanh(x[i] @ old.W) @ old.v
            assert found.values[i, j] == pytest.approx((down + up) / 2)
    shared = (np.tanh(x @ new.W) + np.tanh(x @ old.W)) @ (new.v - old.v) / 2
    np.testing.assert_allclose(found.shared, shared)


def test_symmetric_steps_leave_a_much_smaller_gap_than_one_sided_ones():  # X2
    path, x, _ = descended()
    gap = {
        order: np.abs(path_attribution(path, x, every=10, order=order).gap).mean()
        for order in ("symmetric", "one-sided")
    }
    assert gap["one-sided"] >= 3 * gap["symmetric"]


def test_longer_steps_and_first_order_agree_with_every_step():  # X3
    path, x, _ = descended()
    full = path_attribution(path, x).values.ravel()
    for every, least in ((10, 0.99), (100, 0.95)):
        assert np.corrcoef(full, path_attribution(path, x, every=every).values.ravel())[0, 1] >= least
    first = path_attribution(path, x, every=10, order="first").values.ravel()
    assert np.corrcoef(full, first)[0, 1] >= 0.99


def test_evidence_forms_on_the_columns_that_matter_and_the_remainder_is_open():
    path, x, _ = descended()
    found = path_attribution(path, x, every=10)
    assert found.proxy_share([0, 1])[-1] > 0.5  # of six columns
    assert found.proxy_share(range(6)) == pytest.approx(1.0)
    assert 0 < found.shared_share < 2
    np.testing.assert_allclose(found.end - found.start, found.values.sum(1) + found.shared - found.gap)


def test_focused_variants_keep_only_what_raised_the_answer():
    path, x, _ = descended(steps=60)
    plain, positive = path_attribution(path, x), path_attribution(path, x, focus="positive")
    step = path_attribution(path, x, focus="step")
    assert (positive.values >= 0).all() and (positive.values >= plain.values - 1e-12).all()
    rising = np.array([n.answer(n.tokens(x).sum(1)) for n in path])
    always_up = (np.diff(rising, axis=0) > 0).all(axis=0)
    never_up = (np.diff(rising, axis=0) <= 0).all(axis=0)
    np.testing.assert_allclose(step.values[always_up], plain.values[always_up])
    np.testing.assert_allclose(step.values[never_up], 0)
    assert np.isnan(step.gap).all()


def test_one_checkpoint_is_no_path():
    with pytest.raises(ValueError, match="two checkpoints"):
        path_attribution([Linear(np.ones(2), 0.0)], np.ones((3, 2)))
