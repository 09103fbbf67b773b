"""Kill, full disk and damage: what was saved before is never lost, and nothing is left half done."""

import contextlib
import os
import random
import resource
import shutil
from pathlib import Path

import pytest
from small_study import ROLES, FittedStudy, process, run

from tabcouce.bundle import load_summary, read_checked, write_outputs
from tabcouce.report.atomic import FINISHED, install

forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A study of the two quickest models: what is saved matters here, not what it says."""
    from tabcouce.study import panel

    whole = panel.panel
    data = tmp_path_factory.mktemp("killed") / "press.csv"
    process(4, 15).to_csv(data, index=False)
    data.with_name("press.roles.toml").write_text(ROLES, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tabcouce.study.fit.panel", lambda *a, **k: whole(*a, **k)[:2])
        answer = run("fit", data, "--out", data.parent / "o", "--effort", "quick", "--quiet")
    assert answer.exit_code == 0, answer.output
    return FittedStudy(data, data.parent / "o", answer.stdout, answer.stderr)


@forking
def test_a_kill_while_saving_leaves_the_old_study_or_the_new_one(saved, tmp_path):
    from kill_loop import left_after_kill

    rng = random.Random(1)
    left = [left_after_kill(saved.folder, tmp_path / "o", rng) for _ in range(3)]
    assert set(left) <= {"A", "B"}, left


def outputs(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class KilledError(Exception):
    """Stands for SIGKILL: whatever comes after does not happen."""


@pytest.mark.parametrize("step", range(12))
def test_a_kill_after_any_single_move_is_mended_when_the_study_is_opened(step, tmp_path, monkeypatch):
    from tabcouce.report import atomic

    folder = tmp_path / "o"

    def save(mark: str, names: tuple[str, ...]) -> dict[str, str]:
        fresh = folder / ".writing-x" / "outputs"
        for name in names:
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(mark)
        install(fresh, folder, whole="study")
        return dict.fromkeys(sorted(names), mark)

    old = save("old", ("result.json", "study/manifest.json", "study/targets/1/gone.txt"))
    assert outputs(folder) == old
    count = 0

    def once_more(whole):
        def moved(*arguments, **settings):
            nonlocal count
            if count == step:
                raise KilledError
            count += 1
            return whole(*arguments, **settings)

        return moved

    new = dict.fromkeys(("result.json", "study/manifest.json", "study/targets/2/new.txt"), "new")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", once_more(Path.replace))
        patch.setattr(shutil, "rmtree", once_more(shutil.rmtree))
        with contextlib.suppress(KilledError):
            save("new", tuple(new))
    atomic.complete(folder, whole="study")
    shutil.rmtree(folder / ".writing-x", ignore_errors=True)
    assert outputs(folder) == (old if step == 0 else new)
    assert not (folder / FINISHED).exists()


@forking
def test_a_full_disk_leaves_the_old_outputs_and_says_what_to_do(saved, tmp_path):
    """The largest file a process may write stands for the disk: the write itself fails in the kernel."""
    folder = tmp_path / "o"
    shutil.copytree(saved.folder, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError):
            write_outputs(
                read_checked(folder)[1], load_summary(folder)[0], load_summary(folder)[1], folder, lang="en"
            )
        answer = run("report", folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.exit_code == 3 and "cannot be written" in answer.stderr and "Make room" in answer.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_study_of_another_version_says_what_to_do(saved, tmp_path):
    shutil.copytree(saved.folder, tmp_path / "o")
    manifest = tmp_path / "o" / "study" / "manifest.json"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace('"schema_version": 1', '"schema_version": 0'), "utf-8")
    answer = run("report", tmp_path / "o")
    assert answer.exit_code == 3 and "schema version 0" in answer.stderr and "fit" in answer.stderr
    manifest.write_text(text[: len(text) // 2], "utf-8")
    answer = run("report", tmp_path / "o")
    assert answer.exit_code == 3 and "damaged" in answer.stderr


@pytest.mark.parametrize("name", ["summary.json", "targets"])
def test_a_truncated_file_is_refused_by_its_checksum(name, saved, tmp_path):
    shutil.copytree(saved.folder, tmp_path / "o")
    place = tmp_path / "o" / "study" / name
    path = place if place.is_file() else next(place.rglob("*.settings.json"))
    path.write_bytes(path.read_bytes()[:-10])
    answer = run("predict", tmp_path / "o", saved.data)
    assert answer.exit_code == 3 and "altered or cut off" in answer.stderr


def test_a_manifest_that_names_a_file_outside_the_study_is_refused(saved, tmp_path):
    shutil.copytree(saved.folder, tmp_path / "o")
    manifest = tmp_path / "o" / "study" / "manifest.json"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace('"summary.json"', '"../result.json"'), "utf-8")
    assert run("report", tmp_path / "o").exit_code == 3
