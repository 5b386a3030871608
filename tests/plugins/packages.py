"""How is a real package built and installed where only one test finds it?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

EXAMPLES = Path(__file__).parent / "examples"
#: pip builds with the setuptools of the tests: nothing is downloaded.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def install_package(source: Path, folder: Path) -> Path:
    """Build the package and install it into a folder, which is to be put on PYTHONPATH; gives that folder."""
    copy = Path(shutil.copytree(source, folder / "source"))  # a build leaves files beside what it builds
    installed = folder / "installed"
    command = [sys.executable, "-m", "pip", "install", "--no-deps", f"--target={installed}", str(copy)]
    done = subprocess.run(
        command, env=os.environ | OFFLINE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return installed


def make_environment(folder: Path) -> Path:
    """A virtual environment in which everything of the tests' own is there, with `tracker` and `pip`; gives its `bin`."""
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "tests_own.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    for name, module in (("tracker", "tracker.cli"), ("pip", "pip"), ("pytest", "pytest")):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -m {module} "$@"\n')
        script.chmod(0o755)
    return folder / "bin"
