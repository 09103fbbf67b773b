"""A fit that the system kills, for real, and `fit --resume` after it."""

import os
import sys
import time

import pytest
from kill_fit import Fit, kept_folds, result
from small_study import ROLES, process

QUICK = """
import sys
from tabcouce.study import fit, panel
whole = panel.panel
fit.panel = lambda *a, **k: whole(*a, **k)[:2]
from tabcouce.cli import app
app(["fit", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_fit_killed_among_its_folds_resumes_to_the_result_of_one_without_a_break(tmp_path):
    data = tmp_path / "press.csv"
    process(4, 15).to_csv(data, index=False)
    (tmp_path / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    fit = Fit([sys.executable, "-c", QUICK], data)
    whole = fit.start(tmp_path / "whole")
    dying = fit.start(tmp_path / "killed")
    while kept_folds(tmp_path / "killed") < 3 and dying.poll() is None:
        time.sleep(0.002)
    dying.kill()
    assert dying.wait() == -9
    kept = kept_folds(tmp_path / "killed")
    assert kept >= 3 and not (tmp_path / "killed" / "result.json").exists()
    assert fit.finished(tmp_path / "killed") == "resumed"
    assert whole.wait() == 0
    assert result(tmp_path / "killed") == result(tmp_path / "whole")
    assert kept_folds(tmp_path / "killed") == 0
