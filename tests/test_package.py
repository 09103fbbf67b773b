"""What the package promises as a whole: a light start, few public names, no pickle."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tabcouce

PACKAGE = Path(tabcouce.__file__).parent
HEAVY = {"torch", "lightgbm", "shap", "sklearn", "altair", "pandas"}


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import tabcouce",
        "from typer.testing import CliRunner\nfrom tabcouce.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['fit', '--help']).exit_code == 0",
    ],
)
def test_neither_import_nor_help_loads_a_heavy_package(code):
    assert not modules_after(code) & HEAVY


def test_the_public_names_are_these_and_all_exist():
    assert tabcouce.__all__ == [
        "Attribution",
        "CouceClassifier",
        "CouceDetector",
        "CouceRegressor",
        "Dataset",
        "Effort",
        "Finding",
        "Roles",
        "Split",
        "Study",
        "TabcouceError",
        "Table",
        "Verdict",
        "fit_study",
        "load_study",
        "open_inputs",
        "read_table",
        "save_study",
    ]
    for name in tabcouce.__all__:
        assert getattr(tabcouce, name) is not None


def test_no_module_loads_a_pickle_or_opens_a_connection():
    forbidden = {"pickle", "cloudpickle", "dill", "socket", "urllib", "http", "requests"}
    pickling = {("torch", "load"), ("joblib", "load"), ("joblib", "dump")}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
                assert not {(node.module, a.name) for a in node.names} & pickling, path
            assert not {name.split(".")[0] for name in names} & forbidden, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in pickling, path


def test_sockets_are_blocked_while_the_tests_run():
    import socket

    from pytest_socket import SocketBlockedError

    with pytest.raises(SocketBlockedError):
        socket.socket()


def test_the_repository_tracks_no_wheel_and_no_file_above_two_megabytes():
    """What is committed once stays in every clone."""
    root = PACKAGE.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout of the repository")
    tracked = [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    assert tracked
    assert not [path.name for path in tracked if path.suffix in {".whl", ".zip", ".gz"}]
    assert not [path.name for path in tracked if path.stat().st_size > 2_000_000]
