"""Ctrl-C at every stage: what is finished is kept, and the message tells the truth."""

import json

import pytest
from small_study import ROLES, process, run

from tabcouce.study.interruption import finish


def interrupted(*arguments, **settings):
    raise KeyboardInterrupt


@pytest.fixture
def press(tmp_path, monkeypatch):
    """A file, and a panel of the two quickest models."""
    from tabcouce.study import panel

    whole = panel.panel
    monkeypatch.setattr("tabcouce.study.fit.panel", lambda *a, **k: whole(*a, **k)[:2])
    path = tmp_path / "press.csv"
    process(4, 15).to_csv(path, index=False)
    (tmp_path / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    return path


def fitted(press, *more):
    answer = run("fit", press, "--out", press.parent / "o", "--effort", "quick", "--quiet", *more)
    return answer, press.parent / "o"


def test_a_short_step_is_begun_again_once():
    calls = []

    def step():
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return "done"

    assert finish(step) == ("done", True)
    assert finish(step) == ("done", False)
    with pytest.raises(KeyboardInterrupt):
        finish(interrupted)


def test_during_the_factors_the_study_is_kept_without_them(press, monkeypatch):
    monkeypatch.setattr("tabcouce.study.fit.explain", interrupted)
    answer, folder = fitted(press)
    assert answer.exit_code == 130, answer.output
    document = json.loads((folder / "result.json").read_text("utf-8"))
    assert set(document["splits"]["shuffled"]["models"]) == {"constant", "linear"}
    assert document["factors"] == [] and document["environment"]["interrupted"] is True
    assert (folder / "report.html").exists()
    assert run("predict", folder, press, "--out", folder / "p.xlsx").exit_code == 0


def test_during_the_second_target_the_first_is_kept(press, monkeypatch):
    from tabcouce.study import fit

    whole, done = fit.fit_target, []

    def first_only(*arguments, **settings):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return whole(*arguments, **settings)

    monkeypatch.setattr("tabcouce.study.fit.fit_target", first_only)
    answer, folder = fitted(press, "--target", "強度", "--target", "流量, L/min")
    assert answer.exit_code == 130, answer.output
    document = json.loads((folder / "result.json").read_text("utf-8"))
    assert document["study"]["targets"][0] == "強度"
    assert document["environment"]["interrupted"] is True


def test_the_cheap_models_do_not_count_as_much_as_the_dear_ones(press, monkeypatch):
    """Else half the work seems done after a second, and 'about 1 s left' stands there for a minute."""
    from tabcouce.study.interruption import DEAREST, cost

    answer = run("fit", press, "--out", press.parent / "o", "--effort", "quick")
    assert answer.exit_code == 0
    assert cost("constant") < cost("linear") < cost("lightgbm") < cost("couce") == DEAREST
    shares = [
        int(line.split("(")[-1].split("%")[0])
        for line in answer.stderr.splitlines()
        if "models: constant" in line
    ]
    assert max(shares) <= 10
