"""One small study, fitted once through the command line, that many tests look at."""

from __future__ import annotations

import pytest
from small_study import ROLES, FittedStudy, process, run


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> FittedStudy:
    folder = tmp_path_factory.mktemp("study")
    data = folder / "press.csv"
    data.write_bytes(process().to_csv(index=False).encode("cp932"))
    (folder / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    result = run("fit", data, "--out", folder / "out", "--effort", "quick", "--seed", "1")
    assert result.exit_code == 0, result.output
    return FittedStudy(data, folder / "out", result.stdout, result.stderr)
