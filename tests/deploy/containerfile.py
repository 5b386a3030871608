"""Containerfile: its instructions, stage by stage, and what they leave, run step by step in a clean Debian root.

What a machine without a registry of images can run of it: the base image is the same release of Debian, made by
mmdebstrap, and each step runs in it by chroot. As root.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conventions.sources import ROOT
from tests.processes import find_program

CONTAINERFILE = ROOT / "deploy/Containerfile"
BASE = re.compile(r"docker\.io/library/debian:(\w+)-slim")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: How this machine reaches names, certificates and packages, which its containers would be told, too.
REACHES = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "/usr/local/share/ca-certificates", "/etc/pip.conf",
           "/etc/apt/apt.conf.d", "/etc/xdg/pip")  # fmt: skip


@dataclass(slots=True)
class Stage:
    """One stage: its name, the release of Debian it begins with, and its steps as (instruction, argument)."""

    name: str
    release: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def only(self, instruction: str) -> list[str]:
        return [argument for word, argument in self.steps if word == instruction]

    def environment(self) -> dict[str, str]:
        return {"PATH": PATH} | dict(pair.split("=", 1) for pair in self.only("ENV"))


def stages(text: str) -> list[Stage]:
    """Return the stages of a Containerfile. Raises AssertionError for a base that is not Debian's."""
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, argument = line.partition(" ")
        if word == "FROM":
            image, _, name = argument.partition(" AS ")
            base = BASE.fullmatch(image)
            assert base is not None, line
            found.append(Stage(name, base[1]))
        elif word and word != "#":
            found[-1].steps.append((word, argument))
    return found


class CleanRoot:
    """A folder with a clean Debian in which the steps of a stage have run."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder, self.stage = folder, stage
        self._where, self._user, self._environment = "/", "root", {"PATH": PATH}

    def make(self, before: dict[str, CleanRoot]) -> CleanRoot:
        """Run all steps; `before` are the stages that COPY takes from."""
        _say("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", self.stage.release,
             str(self.folder))  # fmt: skip
        for word, argument in self.stage.steps:
            if word == "RUN":
                with mounted(self.folder):
                    _say(*self.command(["sh", "-ec", argument]))
            elif word == "COPY":
                self._copy(argument, before)
            elif word == "WORKDIR":
                self._where = argument
                self._inside(argument).mkdir(parents=True, exist_ok=True)
            elif word == "ENV":
                name, _, value = argument.partition("=")
                self._environment[name] = value
            elif word == "USER":
                self._user = argument
        return self

    def command(self, words: list[str], **settings: str) -> list[str]:
        """Return the command line that runs `words` inside, as the stage's user, in its folder, with its environment."""
        environment = self._environment | {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
        pairs = [f"{name}={value}" for name, value in {**environment, **settings}.items()]
        inside = f"cd {shlex.quote(self._where)} && exec {shlex.join(words)}"
        user = [f"--userspec={self._user}"] if self._user != "root" else []
        return [
            "env",
            "-i",
            *pairs,
            find_program("chroot", "coreutils"),
            *user,
            str(self.folder),
            "/bin/sh",
            "-c",
            inside,
        ]

    def _inside(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def _copy(self, argument: str, before: dict[str, CleanRoot]) -> None:
        words = argument.split()
        is_from = words[0].startswith("--from=")
        source = before[words.pop(0).removeprefix("--from=")].folder if is_from else ROOT
        *names, target = words
        for name in names:
            place = source / name.lstrip("/")
            into = self._inside(target if target.startswith("/") else f"{self._where}/{target}")
            if place.is_dir():
                shutil.copytree(place, into, symlinks=True, dirs_exist_ok=True, ignore=_IGNORED)
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(place, into)


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    """Give a root /proc, /dev, and what leads out of this machine."""
    done: list[Path] = []
    try:
        for place in map(Path, dict.fromkeys(["/proc", "/dev", *REACHES, *_packages_here()])):
            if place.exists():
                target = root / place.relative_to("/")
                (target if place.is_dir() else target.parent).mkdir(parents=True, exist_ok=True)
                if not place.is_dir():
                    target.touch()
                _say("mount", "--rbind" if place == Path("/dev") else "--bind", str(place), str(target))
                done.append(target)
        yield
    finally:
        for target in reversed(done):
            _say("umount", "--recursive", "--lazy", str(target))


#: What Containerfile.dockerignore keeps out.
_IGNORED = shutil.ignore_patterns("__pycache__", "node_modules")


def words_of(argument: str) -> list[str]:
    """The words of a CMD in its exec form."""
    words = json.loads(argument)
    assert isinstance(words, list)
    return words


def _packages_here() -> list[str]:
    """Folders of this machine that pip is told to take packages from."""
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    return [path for path in re.findall(r"(?:file://)?(/[\w./-]+)", told) if Path(path).is_dir()]


def _say(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
