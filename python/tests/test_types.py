"""The committed stub agrees with the module, and the package, its tests and typical code type-check strictly."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")


def check(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=PYTHON, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_and_typical_code_type_check() -> None:
    check("mypy", "--strict", "src/setpoint", "tests/typing_cases.py")


def test_the_stub_agrees_with_the_module() -> None:
    check("mypy.stubtest", "setpoint", "--allowlist", "tests/stubtest_allowed.txt")


@pytest.mark.skipif(importlib.util.find_spec("maturin") is None, reason="maturin is not installed")
def test_the_stub_is_the_generated_one() -> None:
    """Builds the module to read its signatures, so it needs cargo; see tools/stubs.py."""
    done = subprocess.run([sys.executable, "tools/stubs.py", "--check"], cwd=PYTHON, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2_000:]
