"""The settings of the encoder's estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator

from tabcouce.encoder.nuisance import Nuisance
from tabcouce.encoder.packed_net import FIRST_LAYER


class CouceSettings(BaseEstimator):
    """What may be set. Constructors only store; `fit` checks (`plan.check_settings`).

    proxy_columns  inputs that give the context away; O4 swaps them between contexts
    tolerances     sensor -> (offset in its unit, gain as a share); O1 recalibrates within it
    nuisance       declared blocks, waveforms, repeatability, drift (`Nuisance`): operators O2 to O8
    graphs         context column -> 'assignment' or 'common_cause' (summed over), 'measurement' (has
                   no effect of its own, only moves readings) or 'modifier' (own slopes too)
    members        networks per variant, each holds out another block of training contexts: with
                   three or more, every context is held out by one; None: by the number of rows
    piecewise      whether columns also enter as ramps at the target's thresholds (300 rows or more)
    epochs, batch  None: by the number of rows
    view           'auto', 'pooled' or 'do': what `predict` without context uses
    interventions  'auto', 'on' or 'off'; 'auto' keeps them unless left-out contexts speak against it
    host           'proxy_nca', 'proxy_anchor' or 'soft_triple'
    neighbour_weight  of the soft-nearest-neighbour term
    orthogonality  weight of the detector dictionary's soft orthogonality; variance_gate: whether
                   its atoms close for noise (G1)
    threshold_margin  'off', 'fixed' or 'adaptive': TCM, which asks that one similarity threshold
                   fits all contexts; off: it has not yet earned its place (benchmarks/threshold_claims.py)
    within         whether to train also what `adapt` needs; about half as much work again
    held_out       context column whose levels members hold out; None: the first with 3 levels
    max_rows       training rows beyond are thinned, each context in its share (`rows_used_`)
    head           'auto': a kernel on the inputs and the network's answer (`kernel_head`) where it
                   predicts left-out contexts better, each for new, labelled and known ones; 'off'.
                   Needs three members
    groups         groups of columns that make the embedding by attention, in place of the layers of
                   `width` and `depth` (`attentive_grouping`); 0: off. group_diversity: weight that
                   holds them apart; context_query: one more group, which names the context
    checkpoints    steps between two recorded sets of weights (`path_`); 0: none. Of `fit` only
    first_layer    start of the first layer, as a share of the usual scale
    front          'off', 'even' or 'feature_machine': a learned scale before the first layer, which
                   begins at one or at what a feature machine leans on (`front_scale`)
    refit          whether members are trained once more, on all rows, up to the pass that their
                   held-out contexts chose; where these have fewer than 40 rows no pass was chosen
    classes        all class labels, where a training set may lack some
    device         'auto' (a CUDA GPU if there is one), 'cpu', 'cuda' or 'mps'; the last has never been run
    cuda_graph     whether a CUDA GPU replays the training step (`cuda_graph`); off: never yet run on one
    """

    def __init__(
        self,
        *,
        proxy_columns: Sequence[str] = (),
        tolerances: Mapping[str, tuple[float, float]] | None = None,
        nuisance: Nuisance | None = None,
        graphs: Mapping[str, str] | None = None,
        members: int | None = None,
        epochs: int | None = None,
        batch: int | None = None,
        width: int = 128,
        depth: int = 2,
        embedding: int = 32,
        frequencies: int = 8,
        piecewise: bool = True,
        learning_rate: float = 1e-2,
        proxy_weight: float = 0.1,
        invariance_weight: float = 1.0,
        host: str = "proxy_nca",
        neighbour_weight: float = 0.0,
        orthogonality: float = 0.0,
        variance_gate: bool = True,
        view: str = "auto",
        interventions: str = "auto",
        within: bool = False,
        threshold_margin: str = "off",
        held_out: str | None = None,
        head: str = "auto",
        groups: int = 0,
        group_diversity: float = 0.02,
        context_query: bool = False,
        max_rows: int = 10_000,
        checkpoints: int = 0,
        first_layer: float = FIRST_LAYER,
        front: str = "off",
        refit: bool = False,
        classes: Sequence[Any] | None = None,
        device: str = "auto",
        cuda_graph: bool = False,
        threads: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.proxy_columns = proxy_columns
        self.tolerances = tolerances
        self.nuisance = nuisance
        self.graphs = graphs
        self.members = members
        self.epochs = epochs
        self.batch = batch
        self.width = width
        self.depth = depth
        self.embedding = embedding
        self.frequencies = frequencies
        self.piecewise = piecewise
        self.learning_rate = learning_rate
        self.proxy_weight = proxy_weight
        self.invariance_weight = invariance_weight
        self.host = host
        self.neighbour_weight = neighbour_weight
        self.orthogonality = orthogonality
        self.variance_gate = variance_gate
        self.view = view
        self.interventions = interventions
        self.within = within
        self.threshold_margin = threshold_margin
        self.held_out = held_out
        self.head = head
        self.groups = groups
        self.group_diversity = group_diversity
        self.context_query = context_query
        self.max_rows = max_rows
        self.checkpoints = checkpoints
        self.first_layer = first_layer
        self.front = front
        self.refit = refit
        self.classes = classes
        self.device = device
        self.cuda_graph = cuda_graph
        self.threads = threads
        self.random_state = random_state
