"""Attentive grouping: formulas in plain loops, G1, G2 and the context query on a small process."""

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder.attentive_grouping import (
    AttentiveGrouping,
    GroupedEncoder,
    GroupingSettings,
    diversity,
)
from tabcouce.models.scaling import CLIP

SMALL = GroupingSettings(steps=150, batch=128, width=8, embedding=8)


def process(seed=0, rows=600):
    """Three mechanisms of two columns; a machine moves a proxy and the target; one level, one blank."""
    rng = np.random.default_rng(seed)
    machine = np.arange(rows) % 4
    s = rng.normal(size=(rows, 3))
    X = pd.DataFrame(np.repeat(s, 2, axis=1) + 0.3 * rng.normal(size=(rows, 6)), columns=list("abcdef"))
    X["proxy"] = machine + 0.2 * rng.normal(size=rows)
    X["grade"] = pd.Categorical(rng.choice(["x", "y"], rows))
    X.loc[::17, "b"] = np.nan
    y = s[:, 0] + 0.7 * s[:, 1] + 0.5 * s[:, 0] * s[:, 2] + 0.4 * machine + 0.2 * rng.normal(size=rows)
    return X, y, machine


@pytest.fixture(scope="module")
def fitted():
    X, y, machine = process()
    return X, y, machine, GroupedEncoder.fit(X, y, SMALL)


def test_attention_and_embedding_are_those_of_plain_loops():
    torch.manual_seed(0)
    owner = np.array([0, 1, 2, 2])
    net = AttentiveGrouping(owner, GroupingSettings(groups=2, width=4, embedding=3)).double()
    u = torch.randn(5, 4, dtype=torch.float64) / 10
    found = net.attend(net.tokens(u))
    for b in range(5):
        z = [v / torch.sqrt(1 + (v / CLIP) ** 2) for v in u[b]]
        tokens = []
        for j in range(3):
            raw = net.identity[j] + sum(z[q] * net.value[q] for q in range(4) if owner[q] == j)
            tokens.append(net.body(raw))
        for g in range(2):
            score = torch.stack([net.key(t) @ net.query[g] for t in tokens])
            weight = torch.exp(score) / torch.exp(score).sum()
            mixed = sum(w * net.read(t) for w, t in zip(weight, tokens, strict=True))
            torch.testing.assert_close(found.attention[b, g], weight)
            torch.testing.assert_close(found.embedding[b, g], mixed / mixed.norm())


def test_the_diversity_term_is_the_written_sum_over_pairs_of_groups():
    torch.manual_seed(1)
    e = torch.nn.functional.normalize(torch.randn(4, 3, 5, dtype=torch.float64), dim=-1)
    written = 0.0
    for i in range(3):
        for j in range(i + 1, 3):
            written += np.mean([np.log1p(np.exp(50 * (float(e[b, i] @ e[b, j]) - 0.5))) for b in range(4)])
    assert float(diversity(e)) == pytest.approx(written / 2)


def test_the_order_of_the_columns_does_not_matter(fitted):  # G1
    X, _, _, model = fitted
    u = torch.as_tensor(model.code(X), dtype=torch.float32)
    tokens = model.net.tokens(u)
    order = torch.randperm(tokens.shape[1], generator=torch.Generator().manual_seed(0))
    plain, turned = model.net.attend(tokens), model.net.attend(tokens[:, order])
    assert float((plain.embedding - turned.embedding).abs().max()) < 1e-5
    torch.testing.assert_close(plain.attention[:, :, order], turned.attention)


def test_it_predicts_rows_it_has_not_seen_and_diversity_parts_the_groups(fitted):  # G2
    X, y, _, model = fitted
    fresh, truth, _ = process(seed=1)
    assert np.mean((model.predict(fresh) - truth) ** 2) < 0.4 * truth.var()
    alike = GroupedEncoder.fit(X, y, GroupingSettings(**{**vars(SMALL), "diversity": 0.0}))

    def cosine(one):
        e = one.grouped(fresh).embedding
        return float((e[:, 0] * e[:, 1]).sum(-1).mean())

    assert cosine(model) < cosine(alike) - 0.1


def test_a_hidden_column_gets_no_attention_and_changes_nothing(fitted):
    X, _, _, model = fitted
    hidden = np.array([c == "a" for c in X.columns])
    found = model.grouped(X, hidden)
    assert float(found.attention[:, :, 0].abs().max()) == 0.0
    torch.testing.assert_close(found.attention.sum(-1), torch.ones(len(X), 3))
    np.testing.assert_allclose(model.predict(X.assign(a=5.0), hidden), model.predict(X, hidden), atol=1e-6)


def test_a_context_query_reads_the_proxy_and_predicts_nothing():
    X, y, machine = process()
    settings = GroupingSettings(**{**vars(SMALL), "context_query": True})
    model = GroupedEncoder.fit(X, y, settings, machine)
    attention = model.column_attention(X)
    assert attention[0].argmax() == list(X.columns).index("proxy")
    assert model.predict_groups(X).shape == (2, len(X))
    with pytest.raises(ValueError, match="context"):
        GroupedEncoder.fit(X, y, settings)
