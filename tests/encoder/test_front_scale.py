"""The front scale begins where a feature machine leans, and is a scale of what the first layer reads."""

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.front_scale import LEAST, MOST, front_start
from tabcouce.encoder.packed_net import NetShape, PackedNet

SMALL = {"epochs": 3, "width": 16, "embedding": 8, "threads": 1}
SHAPE = NetShape(
    numeric=2,
    inputs=3,
    outputs=1,
    proxies=4,
    levels=0,
    width=5,
    depth=1,
    embedding=4,
    frequencies=2,
    ramps=1,
    front=True,
)


def test_it_starts_high_on_causes_and_low_on_noise_and_constant_columns():
    rng = np.random.default_rng(0)
    Z = np.column_stack([rng.standard_normal((500, 4)), np.full(500, 2.0)])
    y = np.sin(2 * Z[:, :1]) + Z[:, 1:2]
    start = front_start(Z, y, None, seed=0)
    assert start[:2].min() > 1.0
    assert start[2:4].max() < 0.5
    assert start[4] == LEAST
    assert start.max() <= MOST


def test_a_column_that_only_tells_contexts_apart_gains_nothing_within_them():
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1, 2, 3], 80)[:, None]
    Z = rng.standard_normal((320, 3))
    y = Z[:, :1] + 3.0 * group
    Z[:, 2] = group[:, 0] + 0.01 * rng.standard_normal(320)
    pooled = front_start(Z, y, None, seed=0)
    inside = front_start(Z, y, group, seed=0)
    assert pooled[2] > pooled[0]
    assert inside[2] < inside[0]


def test_codes_and_ramps_start_at_the_scale_of_their_number():
    net = PackedNet(SHAPE, [0, 1])
    net.ramp_column[1, 0] = 1
    with torch.no_grad():
        net.start_front(1, torch.tensor([0.5, 2.0, 3.0]))
    assert net.front[0].tolist() == [1.0] * 10
    assert net.front[1].tolist() == [0.5, 2.0, 3.0] + [0.5] * 3 + [2.0] * 3 + [2.0]


def test_it_equals_the_same_scale_on_the_rows_of_the_first_weights():
    scaled, plain = PackedNet(SHAPE, [0]), PackedNet(SHAPE, [0])
    u = torch.randn(1, 6, 3, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        scaled.ramp_steep += 1.0
        plain.ramp_steep += 1.0
        scaled.start_front(0, torch.tensor([0.5, 2.0, 3.0]))
        plain.w0.mul_(scaled.front[..., None])
        assert not torch.allclose(scaled.encode(u).h, PackedNet(SHAPE, [0]).encode(u).h)
        torch.testing.assert_close(scaled.encode(u).h, plain.encode(u).h)


@pytest.mark.parametrize("front", ["even", "feature_machine"])
def test_a_model_with_it_is_kept_and_reopened(front):
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.standard_normal((90, 3)), columns=["a", "b", "c"])
    group = pd.DataFrame({"machine": np.repeat(["M1", "M2", "M3"], 30)})
    y = X["a"].to_numpy() + np.repeat([0.0, 2.0, 4.0], 30)
    model = CouceRegressor(front=front, **SMALL).fit(X, y, group)
    again = CouceRegressor.from_state(model.state())
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_it_is_refused_where_its_training_path_would_have_no_attribution():
    X = np.random.default_rng(5).standard_normal((40, 2))
    with pytest.raises(ValueError, match="front"):
        CouceRegressor(front="even", checkpoints=5, **SMALL).fit(X, X[:, 0])
