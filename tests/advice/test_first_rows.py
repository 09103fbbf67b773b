"""Which rows of a new machine to measure first."""

import numpy as np

from tabcouce.advice.first_rows import first_rows
from tabcouce.advice.posterior import Posterior, Runs, choose_shape, membership


def past(seed: int = 0) -> Runs:
    """Three machines of different mean."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(36, 2))
    machine = np.repeat([0, 1, 2], 12)
    y = np.sin(2 * Z[:, 0]) + np.array([0.0, 4.0, -3.0])[machine] + 0.1 * rng.normal(size=36)
    return Runs(Z, y, membership(machine[:, None]))


def test_the_left_uncertainty_is_that_of_the_whole_mixed_model_written_out() -> None:
    runs, Z = past(), np.random.default_rng(1).normal(size=(9, 2))
    found = first_rows(runs, Z, 3, seed=0)
    shape = choose_shape(runs)

    def variance(measured: list[int]) -> float:
        """Trace over the new machine's rows given all past rows and those measured, by one big solve."""
        rows = np.vstack([runs.Z, Z[measured]])
        machine = np.append(np.repeat([0, 1, 2], 12), [9] * len(measured))
        same = (machine[:, None] == machine[None]).astype(float)
        cover = shape.metric.kernel(rows, rows) + shape.tau2 * same + shape.ridge * np.eye(len(rows))
        near = shape.metric.kernel(Z, rows) + shape.tau2 * (machine == 9)[None]
        own = np.diag(shape.metric.kernel(Z, Z)) + shape.tau2
        return float((own - np.einsum("ij,ij->i", near, np.linalg.solve(cover, near.T).T)).sum())

    before = variance([])
    for k in (1, 2, 3):
        told = np.sqrt(variance(found.position[:k].tolist()) / before)
        np.testing.assert_allclose(found.left[k - 1], told, rtol=1e-6)


def test_no_other_first_row_would_leave_less() -> None:
    runs, Z = past(2), np.random.default_rng(3).normal(size=(12, 2))
    posterior = Posterior.of(runs, choose_shape(runs))
    cover, noise = posterior.new_context(Z), posterior.shape.ridge
    left = [np.trace(cover - np.outer(c, c) / (c[i] + noise)) for i, c in enumerate(cover)]
    assert first_rows(runs, Z, 1, seed=0).position[0] == int(np.argmin(left))


def test_rows_are_never_asked_for_twice_and_never_more_than_there_are() -> None:
    found = first_rows(past(), np.zeros((4, 2)), 9, seed=0)
    assert sorted(found.position.tolist()) == [0, 1, 2, 3]
    assert (np.diff(found.left) <= 1e-12).all()
