"""A checkpoint of a tiny TabICL with random weights, as the package itself saves one."""

from __future__ import annotations

from pathlib import Path


def random_checkpoint(path: Path, *, classes: int, seed: int = 0) -> Path:
    """classes  0 for a regressor"""
    import torch
    from tabicl._model.tabicl import TabICL

    torch.manual_seed(seed)
    config = {
        "max_classes": classes,
        "num_quantiles": 9,
        "embed_dim": 8,
        "col_num_blocks": 1,
        "col_nhead": 2,
        "col_num_inds": 4,
        "row_num_blocks": 1,
        "row_nhead": 2,
        "row_num_cls": 2,
        "icl_num_blocks": 1,
        "icl_nhead": 2,
        "zero_init": False,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"config": config, "state_dict": TabICL(**config).state_dict()}, path)
    return path
