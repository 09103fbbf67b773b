"""Attentive grouping: formulas in plain loops, and the encoder with groups on a small process."""

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.attentive_grouping import TOKEN, AttentiveGrouping, Grouped, diversity
from tabcouce.errors import FitError

SMALL = {"groups": 3, "epochs": 12, "members": 2, "frequencies": 0, "embedding": 24, "threads": 1}


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
    return X, y, pd.DataFrame({"machine": machine.astype(str)})


@pytest.fixture(scope="module")
def fitted():
    X, y, machine = process()
    return X, y, machine, CouceRegressor(**SMALL).fit(X, y, machine)


def pack(seeds=(0, 1), **sizes):
    sizes = {"columns": 3, "inputs": 4, "groups": 2, "embedding": 3, **sizes}
    return AttentiveGrouping(seeds, **sizes).double().requires_grad_(False)


def test_attention_and_embedding_are_those_of_plain_loops():
    net, owner = pack(), torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]])
    a = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = net(a, owner)
    for m in range(2):
        for b in range(5):
            tokens = []
            for j in range(3):
                raw = net.identity[m, j] + sum(
                    a[m, b, f] * net.value[m, f] for f in range(4) if owner[m, f] == j
                )
                inner = torch.nn.functional.silu(raw @ net.w0[m] + net.b0[m])
                tokens.append(inner @ net.w1[m] + net.b1[m])
            for g in range(2):
                score = torch.stack([(t @ net.key[m]) @ net.query[m, g] for t in tokens])
                weight = torch.exp(score) / torch.exp(score).sum()
                mixed = sum(w * (t @ net.read[m]) for w, t in zip(weight, tokens, strict=True))
                torch.testing.assert_close(found.attention[m, b, g], weight)
                torch.testing.assert_close(found.embedding[m, b, g], mixed / mixed.norm())


def test_a_member_in_a_pack_is_drawn_as_it_is_alone_with_ramps_at_zero_weight():
    alone, both = pack((7,)), pack((3, 7), inputs=6, late=2)
    torch.testing.assert_close(both.query[1], alone.query[0])
    torch.testing.assert_close(both.value[1, :4], alone.value[0])
    assert alone.value.shape == (1, 4, TOKEN)
    assert float(both.value[:, 4:].abs().max()) == 0.0


def test_the_diversity_term_is_the_written_sum_over_pairs_of_groups():
    torch.manual_seed(1)
    e = torch.nn.functional.normalize(torch.randn(2, 4, 3, 5, dtype=torch.float64), dim=-1)
    for m in range(2):
        written = 0.0
        for i in range(3):
            for j in range(i + 1, 3):
                pairs = [float(e[m, b, i] @ e[m, b, j]) for b in range(4)]
                written += np.mean([np.log1p(np.exp(50 * (c - 0.5))) for c in pairs])
        assert float(diversity(e)[m]) == pytest.approx(written / 2)


def test_the_context_query_is_taught_the_levels_of_its_own_fold_only():
    net = pack(context=3)
    net.own_level[0, 2] = 0.0
    grouped = net(torch.ones(2, 1, 4, dtype=torch.float64), torch.tensor([[0, 1, 2, 2]] * 2))
    found = net.penalty(grouped, torch.tensor([[[1]], [[1]]]), 0.0)
    for m, levels in ((0, 2), (1, 3)):
        e = grouped.embedding[m, 0, 0]
        cosine = torch.stack([e @ net.place[m, k] / net.place[m, k].norm() for k in range(levels)])
        torch.testing.assert_close(found[m], -torch.log_softmax(18 * cosine, 0)[1])
    assert net.predicting(grouped).shape == (2, 1, 3)  # one of the two groups predicts


def test_the_order_of_the_columns_does_not_matter(fitted):  # G1
    X, _, _, model = fitted
    net = model.blind_.net
    u = torch.as_tensor(model.gradient_inputs(X)).expand(net.members, -1, -1)
    z = net.scaled(u)
    tokens = net.grouping.tokens(torch.cat([z, net.on_ramps(z)], dim=-1), net.first_owner)
    order = torch.randperm(tokens.shape[2], generator=torch.Generator().manual_seed(0))
    plain, turned = net.grouping.attend(tokens), net.grouping.attend(tokens[:, :, order])
    assert float((plain.embedding - turned.embedding).abs().max()) < 1e-5
    torch.testing.assert_close(plain.attention[..., order], turned.attention)
    assert isinstance(plain, Grouped)


def test_it_predicts_rows_it_has_not_seen_and_diversity_parts_the_groups(fitted):  # G2
    X, y, machine, model = fitted
    fresh, truth, _ = process(seed=1)
    assert np.mean((model.predict(fresh) - truth) ** 2) < 0.4 * truth.var()
    apart = CouceRegressor(**SMALL, group_diversity=1.0).fit(X, y, machine)

    def cosine(one):
        e = one.by_group(fresh).embedding
        return float((e[:, :, 0] * e[:, :, 1]).sum(-1).mean())

    assert cosine(apart) < cosine(model) - 0.1


def test_a_hidden_column_gets_no_attention_and_changes_no_group(fitted):
    X, _, _, model = fitted
    hidden = np.array([c == "a" for c in X.columns])
    found = model.by_group(X, hidden)
    assert np.abs(found.attention[..., 0]).max() == 0.0
    np.testing.assert_allclose(found.attention.sum(-1), 1.0)
    np.testing.assert_allclose(model.by_group(X.assign(a=5.0), hidden).said, found.said, atol=1e-9)


def test_logits_are_the_mean_cosine_of_the_groups_with_their_parts_of_the_proxies(fitted):
    X, _, _, model = fitted
    net = model.blind_.net
    encoded = model.blind_._encode(torch.as_tensor(model.gradient_inputs(X[:7])))
    found = net.logits(encoded)
    for m in range(net.members):
        for i in range(7):
            written = torch.zeros(net.shape.proxies, dtype=torch.float64)
            for g in range(3):
                e, own = encoded.grouped.embedding[m, i, g], net.proxy[m, :, 8 * g : 8 * g + 8]
                written += torch.stack([18 * (e @ p) / p.norm() / 3 for p in own])
            torch.testing.assert_close(found[m, i], written)


def test_a_context_query_reads_the_proxy_and_says_nothing_of_the_target():
    X, y, machine = process()
    model = CouceRegressor(**{**SMALL, "epochs": 24}, context_query=True).fit(X, y, machine)
    answers = model.by_group(X)
    proxy = list(X.columns).index("proxy")
    assert (answers.attention.mean(axis=1)[:, 0].argmax(axis=1) == proxy).all()
    assert answers.embedding.shape[2] == 4
    assert answers.said.shape[:2] == (len(answers.embedding), 3)


def test_a_model_with_groups_is_kept_and_read_back(fitted):
    X, _, _, model = fitted
    again = CouceRegressor.from_state(model.state())
    np.testing.assert_allclose(again.predict(X), model.predict(X))
    np.testing.assert_allclose(again.by_group(X).attention, model.by_group(X).attention)


def test_classes_have_groups_too():
    X, y, machine = process()
    label = np.where(y > np.median(y), "high", "low")
    model = CouceClassifier(**{**SMALL, "epochs": 6}).fit(X, label, machine)
    said = model.by_group(X).said
    assert said.shape[1:] == (3, len(X), 2)
    np.testing.assert_allclose(said.sum(-1), 1.0)
    assert (model.predict(X) == label).mean() > 0.75


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"groups": 99}, "groups"),
        ({"groups": 2, "checkpoints": 5}, "training path"),
        ({"context_query": True}, "context_query"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong, says):
    X, y, machine = process(rows=60)
    with pytest.raises(ValueError, match=says):
        CouceRegressor(**wrong).fit(X, y, machine)


def test_an_encoder_without_groups_says_so():
    X, y, machine = process(rows=60)
    model = CouceRegressor(epochs=1, members=1, threads=1).fit(X, y, machine)
    with pytest.raises(FitError, match="groups"):
        model.by_group(X)
