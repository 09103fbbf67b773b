"""`Study` <-> folder: JSON, LightGBM text, safetensors, treelite and checksums; no pickle.

<folder>/report.html, results.xlsx, result.json
<folder>/study/manifest.json            names, roles, promise and the checksum of every file
<folder>/study/summary.json             what the report is rendered from
<folder>/study/targets/1-name/...       models and out-of-fold predictions
"""

from tabcouce.bundle.model_files import dump_json, model_files, restore_model
from tabcouce.bundle.outputs import check_writable, render, save_study, write_outputs
from tabcouce.bundle.study_folder import load_study, load_summary, read_checked

__all__ = [
    "check_writable",
    "dump_json",
    "load_study",
    "load_summary",
    "model_files",
    "read_checked",
    "render",
    "restore_model",
    "save_study",
    "write_outputs",
]
