"""A fit that the system kills, for real, and `fit --resume` after it."""

import os
import signal
import sys
import time

import pytest
from kill_fit import Fit, kept_folds, result
from small_study import ROLES, process, run

from tabcouce.study import panel

TWO_MODELS = """
import sys
from tabcouce.study import fit, panel
whole = panel.panel
fit.panel = lambda *a, **k: whole(*a, **k)[:2]
from tabcouce.cli import app
app(["fit", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_fit_killed_among_its_folds_resumes_to_the_result_of_one_without_a_break(tmp_path, monkeypatch):
    data = tmp_path / "press.csv"
    process(4, 15).to_csv(data, index=False)
    (tmp_path / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    killed = tmp_path / "killed"
    dying = Fit([sys.executable, "-c", TWO_MODELS], data).start(killed)
    while kept_folds(killed) < 3 and dying.poll() is None:
        time.sleep(0.002)
    dying.kill()
    assert dying.wait() == -signal.SIGKILL
    assert kept_folds(killed) >= 3 and not (killed / "result.json").exists()
    every = panel.panel
    monkeypatch.setattr("tabcouce.study.fit.panel", lambda *a, **k: every(*a, **k)[:2])
    for folder, more in ((killed, ["--resume"]), (tmp_path / "whole", [])):
        answer = run("fit", data, "--out", folder, "--effort", "quick", "--quiet", *more)
        assert answer.exit_code == 0, answer.output
    assert result(killed) == result(tmp_path / "whole")
    assert kept_folds(killed) == 0
