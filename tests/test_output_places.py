"""Where results cannot be written, the command says so before it trains anything."""

from small_study import process, run


def data(tmp_path):
    path = tmp_path / "press.csv"
    process(4, 15).to_csv(path, index=False)
    return path


def test_an_output_folder_below_a_file_is_refused_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr("tabcouce.study.fit.fit_study", None)
    path = data(tmp_path)
    answer = run("fit", path, "--out", path / "report", "--quiet")
    assert answer.exit_code == 3
    assert "press.csv" in answer.stderr and "--out" in answer.stderr


def test_a_result_that_excel_keeps_open_is_refused_before_the_training(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.setattr("tabcouce.study.fit.fit_study", None)
    path, folder = data(tmp_path), tmp_path / "o"
    folder.mkdir()
    (folder / "results.xlsx").write_bytes(b"")
    whole = Path.open

    def locked(self, *arguments, **settings):
        if self.name == "results.xlsx":
            raise PermissionError(13, "Permission denied", str(self))
        return whole(self, *arguments, **settings)

    monkeypatch.setattr(Path, "open", locked)
    answer = run("fit", path, "--out", folder, "--quiet")
    assert answer.exit_code == 3
    assert "results.xlsx cannot be written" in answer.stderr and "Close it" in answer.stderr


def test_a_missing_folder_for_the_role_file_is_named(tmp_path):
    answer = run("init", data(tmp_path), "--out", tmp_path / "none" / "r.toml")
    assert answer.exit_code == 3
    assert "there is no such folder" in answer.stderr and ".tmp" not in answer.stderr


def test_a_device_that_is_none_is_refused_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    path = data(tmp_path)
    assert run("fit", path, "--device", "tpu").exit_code == 2
    for device in ("cuda", "mps"):
        answer = run("fit", path, "--device", device, "--out", tmp_path / "o", "--quiet")
        assert answer.exit_code == 3 and f"no {device.upper()} device" in answer.stderr


def test_the_data_are_never_overwritten_by_a_result(tmp_path):
    path = data(tmp_path)
    before = path.read_bytes()
    for call in (("init", path, "--out", path, "--force"), ("predict", tmp_path, path, "--out", path)):
        answer = run(*call)
        assert answer.exit_code == 2 and "never overwritten" in " ".join(answer.stderr.split())
    assert path.read_bytes() == before


def test_predictions_are_no_workbook_under_the_name_of_a_csv(tmp_path):
    answer = run("predict", tmp_path, data(tmp_path), "--out", tmp_path / "p.csv")
    assert answer.exit_code == 2 and ".xlsx" in answer.stderr
