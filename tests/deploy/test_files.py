"""Files of deploy/: each is accepted by the program that reads it, and says what docs/operations.md and Tracker say."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conventions.pages import blocks
from tests.conventions.sources import ROOT
from tests.deploy.containerfile import CONTAINERFILE, stages, words_of
from tests.processes import find_program
from tracker.config import SETTINGS

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "tracker.service"
COMPOSE = ("compose.yaml", "compose.mariadb.yaml")
KNOWN = {row.name for row in SETTINGS}
#: Exposure that `systemd-analyze security` finds, in tenths: below 2.0 is its "OK".
MAX_EXPOSURE = 19


def run(*command: str, **settings: str) -> str:
    done = subprocess.run(command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **settings}, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def environment_of(services: dict[str, Any]) -> dict[str, str]:
    """What Tracker reads, of all files."""
    return dict(services["tracker"].get("environment", {}))


@pytest.fixture(scope="module")
def filled_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ with the example of settings, as somebody has filled it in."""
    folder = shutil.copytree(DEPLOY, tmp_path_factory.mktemp("checkout") / "deploy")
    text = (DEPLOY / "tracker.env.example").read_text()
    (folder / ".env").write_text(re.sub(r"(?m)^#(\w+=)", r"\1", re.sub(r"(?m)=$", "=s3cret", text)))
    return folder


@pytest.mark.parametrize("files", [COMPOSE[:1], COMPOSE])
def test_compose_reads_its_files(files: tuple[str, ...], filled_in: Path) -> None:
    options = [word for name in files for word in ("-f", str(filled_in / name))]
    said = run(
        find_program("docker-compose", "docker-compose"),
        "--env-file",
        str(filled_in / ".env"),
        *options,
        "config",
    )
    services = yaml.safe_load(said)["services"]
    environment = environment_of(services)
    assert {name for name in environment if name.startswith("TRACKER_")} <= KNOWN, "others stop the start"
    assert environment["TRACKER_PUBLIC_URL"] == "https://events.example.com"
    assert environment["TRACKER_BACKUP_FOLDER"] == "/var/lib/tracker/backups"
    assert environment["TRACKER_SMTP_URL"].startswith("smtp://")
    assert services["tracker"]["volumes"] == ["data:/var/lib/tracker:rw"]
    for name, service in services.items():
        image = service.get("image", "")
        assert (
            ("build" in service)
            if name == "tracker"
            else re.fullmatch(r"docker\.io/library/\w+:[\d.]+", image)
        ), name
        assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_says_which_setting_is_missing(name: str) -> None:
    text = (DEPLOY / name).read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked == set(re.findall(r"\$\{(\w+):\?see deploy/tracker\.env\.example\}", text))
    assert asked <= set(re.findall(r"(?m)^(\w+)=", (DEPLOY / "tracker.env.example").read_text()))


def test_the_container_keeps_what_compose_mounts() -> None:
    *_, last = stages(CONTAINERFILE.read_text())
    environment = last.environment()
    assert {name for name in environment if name != "PATH"} <= KNOWN
    [volume], [command] = last.only("VOLUME"), last.only("CMD")
    assert environment["TRACKER_DATABASE_URL"].startswith(f"sqlite:///{volume}/")
    assert words_of(command) == ["tracker", "serve"]
    assert last.only("USER") == ["tracker"]


def test_what_is_copied_into_the_container_is_there() -> None:
    first, *_ = stages(CONTAINERFILE.read_text())
    copied = {name for argument in first.only("COPY") for name in argument.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    let_in = {
        line[1:]
        for line in (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == let_in, "what Containerfile.dockerignore lets in is what is copied"


def test_caddy_reads_its_file_and_it_is_that_of_the_page() -> None:
    path = DEPLOY / "Caddyfile"
    caddy = find_program("caddy", "caddy")
    run(
        caddy,
        "validate",
        "--adapter",
        "caddyfile",
        "--config",
        str(path),
        DOMAIN="events.example.com",
        HOME="/nonexistent",
    )
    [sample] = blocks(ROOT / "docs/operations.md", "caddy")
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#"))
    assert (
        text.replace("{$DOMAIN}", "events.example.com").replace("tracker:8000", "127.0.0.1:8000")
        == sample.text
    )


def test_systemd_reads_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    analyze = find_program("systemd-analyze", "systemd")
    unit = tmp_path / UNIT.name  # with a program that this machine has
    unit.write_text(
        UNIT.read_text().replace("/opt/tracker/bin/tracker", str(Path(sys.prefix, "bin/tracker")))
    )
    assert run(analyze, "verify", str(unit)) == ""
    run(analyze, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", "--no-pager", str(UNIT))


def test_the_unit_names_settings_that_exist_and_waits_for_a_stop() -> None:
    lines = [line.partition("=")[::2] for line in UNIT.read_text().splitlines() if "=" in line]
    settings = [
        each.partition("=")[0] for name, value in lines if name == "Environment" for each in value.split()
    ]
    assert settings
    assert set(settings) <= KNOWN
    [grace] = re.findall(r"(?m)^graceful_timeout = (\d+)$", (ROOT / "tracker/gunicorn_conf.py").read_text())
    assert int(dict(lines)["TimeoutStopSec"]) > int(grace)
    folder = dict(lines)["ReadWritePaths"].removeprefix("-")
    page = (ROOT / "docs/operations.md").read_text()
    assert f"install -d -o tracker -g tracker -m 700 {folder}\n" in page, (
        "the folder of backups that it can write to"
    )
