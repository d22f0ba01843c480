"""Generate the stub of the compiled module, or check the committed one against it.

    python python/tools/stubs.py            write python/src/setpoint/_setpoint.pyi
    python python/tools/stubs.py --check    fail if it would change

Needs maturin and cargo; it reads the signatures out of a build of the module.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON = Path(__file__).resolve().parent.parent
STUB = PYTHON / "src" / "setpoint" / "_setpoint.pyi"


def generated() -> str:
    """Build the module and answer its stub."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "maturin", "generate-stubs", "--profile", "dev"]
        manifest = PYTHON.parent / "crates" / "setpoint-python" / "Cargo.toml"
        subprocess.run(
            [*command, "--manifest-path", str(manifest), "--interpreter", sys.executable, "--out", out], check=True
        )
        return (Path(out) / "_setpoint" / "__init__.pyi").read_text(encoding="utf-8")


def main() -> int:
    """Write or check the stub."""
    new = generated()
    if "--check" not in sys.argv[1:]:
        STUB.write_text(new, encoding="utf-8")
        return 0
    old = STUB.read_text(encoding="utf-8") if STUB.exists() else ""
    sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "committed", "generated"))
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
