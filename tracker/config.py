"""Settings: the table of environment variables, and their values, read and checked. Nothing else reads the environment."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracker.formats.client_ip import network_text
from tracker.formats.credentials import bearer_token
from tracker.formats.database_url import DatabaseURL
from tracker.formats.server_url import host_and_port


class ConfigError(Exception):
    """A setting cannot be used. The text is one line that names the setting."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the settings table: environment name, default as text, meaning in one line."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("TRACKER_DATABASE_URL", "sqlite:///var/tracker.db", "where everything is kept: sqlite:///FILE or mysql://user:pw@host:port/db"),
    Setting("TRACKER_RATELIMIT_URL", "", "where calls are counted: empty = a file shared by this instance's workers, or redis://host:port/db"),
    Setting("TRACKER_LIMITS", "", "other rate limits for single commands: event.track=50000/60,list.get=10/1"),
    Setting("TRACKER_SESSION_SECONDS", "86400", "how long a session from user.login is good, in seconds"),
    Setting("TRACKER_PLUGINS_FOLDER", "", "a folder of plugin modules"),
    Setting("TRACKER_ACCEPT_WEAK_DURABILITY", "0", "1 = start although the MySQL server may lose committed events in a crash"),
    Setting("TRACKER_SHARDS", "1", "how many databases the tables of lists are spread over, by list; needs an engine that spreads them"),
    Setting("TRACKER_HOST", "127.0.0.1", "the address to listen on"),
    Setting("PORT", "8000", "the port to listen on"),
    Setting("TRACKER_TRUSTED_PROXIES", "0", "how many proxies in front append to X-Forwarded-For; that many entries of it are believed"),
    Setting("TRACKER_PUBLIC_URL", "", "where browsers reach Tracker: https://events.example.com; empty = the address it listens on"),
    Setting("TRACKER_SCRIPT_PATH", "/tracker.js", "the path of the browser script; blockers know common names"),
    Setting("TRACKER_COLLECT_PATH", "/t", "the path below which browsers send events"),
    Setting("TRACKER_SDK_PATH", "/sdk", "the path below which other trackers' SDKs send events"),
    Setting("TRACKER_DEMO_SHOP_PORT", "8001", "the port of the demo shop (`make demo`)"),
    Setting("TRACKER_CONSOLE", "1", "0 = no pages at /, only the API"),
    Setting("TRACKER_FAST_PATH", "1", "0 = commands are answered by gunicorn's and Flask's general ways: slower, the same answers"),
    Setting("TRACKER_REPORTS_MEMORY_MB", "512", "the memory that the reports process may use for its questions, in MB"),
    Setting("TRACKER_REPORTS_URL", "", "where the copies for reports lie: empty = files of this instance, clickhouse://USER:PASSWORD@HOST:8123/DATABASE (clickhouses:// for TLS), or with the instance that serves them at unix:/PATH or https://HOST"),
    Setting("TRACKER_REPORTS_SECRET_FILE", "", "the file with the secret of instances that ask another one for reports, and of the one that serves them"),
    Setting("TRACKER_REPORTS_CA_FILE", "", "the certificates of the authorities that are trusted for that https:// address; empty = the system's"),
    Setting("TRACKER_OUTGOING_ALLOW", "public", "what triggers may call: public addresses, or a list such as public,10.1.0.0/16,hooks.internal; none = nothing"),
    Setting("TRACKER_SMTP_URL", "", "the server that sends mails: smtp://USER:PASSWORD@HOST:587 or smtps://…:465; empty = no mails"),
    Setting("TRACKER_MAIL_FROM", "", "the sender of mails: tracker@example.com, or Tracker <tracker@example.com>"),
    Setting("TRACKER_DRAIN_SECONDS", "0", "for how many seconds a stop serves on while /ready says 503, so that a proxy looks away first"),
    Setting("TRACKER_METRICS_FOR", "", "who may read /metrics: addresses and networks, such as 127.0.0.1,10.1.0.0/16; see also the next one"),
    Setting("TRACKER_METRICS_TOKEN_FILE", "", "a file with the bearer token that /metrics asks for; without this one and the one before it is off"),
    Setting("TRACKER_BACKUP_FOLDER", "", "a folder of nightly backups of the SQLite file, best on another disk; empty = none"),
    Setting("TRACKER_BACKUPS_KEPT", "7", "how many of them are kept"),
    Setting("WEB_CONCURRENCY", "", "worker processes; empty = number of cores"),
)  # fmt: skip
_URL = re.compile(r"(https?://[A-Za-z0-9.:\[\]_-]+/?)?")
#: A path that is not below one of Tracker's own.
_PATH = re.compile(
    r"(?!/(?:api|health|ready|metrics|console|lists|keys|audit|sign-in|sign-out|s|u)\b)(/[A-Za-z0-9_-]+)+"
)
_SCRIPT_PATH = re.compile(_PATH.pattern + r"\.js")
#: Characters of a token in a file.
_LEAST_TOKEN, _MAX_TOKEN = 16, 4096
PLUGIN_PREFIX = "TRACKER_PLUGIN_"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, read and checked."""

    database_url: str
    ratelimit_url: str | None
    limits: str
    session_seconds: int
    plugins_folder: Path | None
    has_weak_durability_accepted: bool
    shards: int
    host: str
    port: int
    workers: int
    trusted_proxies: int = 0
    own_url: str = ""
    script_path: str = "/tracker.js"
    collect_path: str = "/t"
    sdk_path: str = "/sdk"
    shop_port: int = 8001
    has_console: bool = True
    has_fast_path: bool = True
    reports_memory_mb: int = 512
    reports_url: str = field(default="", repr=False)
    reports_secret_file: Path | None = field(default=None, repr=False)
    reports_ca_file: str = ""
    outgoing_allow: str = "public"
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    drain_seconds: int = 0
    metrics_for: tuple[str, ...] = ()
    metrics_token_file: Path | None = None
    backup_folder: Path | None = None
    backups_kept: int = 7
    plugins: Mapping[str, str] = field(default_factory=dict)

    @property
    def limits_file(self) -> Path:
        """The file of the embedded rate-limit store: beside the database file, or where that would be."""
        url = DatabaseURL.parse(self.database_url)
        return (url.path if url.kind == "sqlite" else Path("var/tracker")).with_suffix(".limits")

    @property
    def metrics_file(self) -> Path:
        """The file of what workers count for `/metrics` and the Health page: beside that of rate limits."""
        return self.limits_file.with_suffix(".metrics")

    @property
    def reports_folder(self) -> Path:
        """The folder of the derived copies for reports: beside the database file, or for a server's database in ./var/reports."""
        url = DatabaseURL.parse(self.database_url)
        if url.kind == "sqlite":
            return url.path.with_name(f"{url.path.name}-reports")
        server = f"{url.host}:{url.port}/{url.name}"
        return Path("var/reports") / hashlib.sha256(server.encode()).hexdigest()[:16]

    @property
    def instance(self) -> str:
        """The name of this instance among all that share a database: the machine's, and the port."""
        return f"{socket.gethostname()}:{self.port}"

    @property
    def address(self) -> str:
        """Where the server listens."""
        return host_and_port(self.host, self.port)

    @property
    def listening_url(self) -> str:
        """The URL at which the server is reached from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{host_and_port(host, self.port)}"

    @property
    def public_url(self) -> str:
        """The URL at which browsers reach the server, without a slash at its end."""
        return self.own_url or self.listening_url

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises ConfigError for an unknown TRACKER_* name or a value that cannot be used."""
        environ = os.environ if environ is None else environ
        _refuse_unknown(environ)
        value = {row.name: environ.get(row.name, "").strip() or row.default for row in SETTINGS}
        return cls(
            database_url=value["TRACKER_DATABASE_URL"],
            ratelimit_url=value["TRACKER_RATELIMIT_URL"] or None,
            limits=value["TRACKER_LIMITS"],
            session_seconds=_whole("TRACKER_SESSION_SECONDS", value, least=1),
            plugins_folder=_path(value["TRACKER_PLUGINS_FOLDER"]),
            has_weak_durability_accepted=_switch("TRACKER_ACCEPT_WEAK_DURABILITY", value),
            shards=_whole("TRACKER_SHARDS", value, least=1, most=64),
            host=value["TRACKER_HOST"],
            port=_whole("PORT", value, least=0, most=65535),
            workers=_workers(value),
            trusted_proxies=_whole("TRACKER_TRUSTED_PROXIES", value, least=0, most=16),
            own_url=_matching("TRACKER_PUBLIC_URL", value, _URL, "a URL without path").rstrip("/"),
            script_path=_matching("TRACKER_SCRIPT_PATH", value, _SCRIPT_PATH, "a path such as /tracker.js"),
            collect_path=_matching("TRACKER_COLLECT_PATH", value, _PATH, "a path such as /t"),
            sdk_path=_sdk_path(value),
            shop_port=_whole("TRACKER_DEMO_SHOP_PORT", value, least=1, most=65535),
            has_console=_switch("TRACKER_CONSOLE", value),
            has_fast_path=_switch("TRACKER_FAST_PATH", value),
            reports_memory_mb=_whole("TRACKER_REPORTS_MEMORY_MB", value, least=128, most=2**20),
            reports_url=value["TRACKER_REPORTS_URL"],
            reports_secret_file=_path(value["TRACKER_REPORTS_SECRET_FILE"]),
            reports_ca_file=value["TRACKER_REPORTS_CA_FILE"],
            outgoing_allow=value["TRACKER_OUTGOING_ALLOW"],
            smtp_url=value["TRACKER_SMTP_URL"],
            mail_from=value["TRACKER_MAIL_FROM"],
            drain_seconds=_whole("TRACKER_DRAIN_SECONDS", value, least=0, most=600),
            metrics_for=_networks("TRACKER_METRICS_FOR", value),
            metrics_token_file=_token_file("TRACKER_METRICS_TOKEN_FILE", value),
            backup_folder=_backup_folder(value),
            backups_kept=_whole("TRACKER_BACKUPS_KEPT", value, least=1, most=1000),
            plugins={k: v for k, v in environ.items() if k.startswith(PLUGIN_PREFIX)},
        )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {row.name for row in SETTINGS}
    for name in sorted(environ):
        if name.startswith("TRACKER_") and not name.startswith(PLUGIN_PREFIX) and name not in known:
            raise ConfigError(f"unknown setting {name}: see the settings table in docs/operations.md")


def _whole(name: str, value: Mapping[str, str], least: int, most: int = 2**31) -> int:
    text = value[name]
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ConfigError(f"{name} must be a whole number from {least} to {most}, not '{text}'")
    return int(text)


def _matching(name: str, value: Mapping[str, str], pattern: re.Pattern[str], form: str) -> str:
    if pattern.fullmatch(value[name]) is None:
        raise ConfigError(f"{name} must be {form}, not '{value[name]}'")
    return value[name]


def _sdk_path(value: Mapping[str, str]) -> str:
    path = _matching("TRACKER_SDK_PATH", value, _PATH, "a path such as /sdk")
    other = value["TRACKER_COLLECT_PATH"]
    if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
        raise ConfigError("TRACKER_SDK_PATH and TRACKER_COLLECT_PATH must not be below each other")
    return path


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _backup_folder(value: Mapping[str, str]) -> Path | None:
    folder = value["TRACKER_BACKUP_FOLDER"]
    if folder and not value["TRACKER_DATABASE_URL"].startswith("sqlite:"):
        raise ConfigError(
            "TRACKER_BACKUP_FOLDER is for an SQLite file: 'tracker db backup FILE' names the tool that copies a server's"
            " database, for cron or a timer"
        )
    return _path(folder)


def _networks(name: str, value: Mapping[str, str]) -> tuple[str, ...]:
    named = [part.strip() for part in value[name].split(",") if part.strip()]
    found = [network_text(part) for part in named]
    for part, network in zip(named, found, strict=True):
        if network is None:
            raise ConfigError(f"{name} must be addresses or networks, not '{part}'")
    return tuple(network for network in found if network is not None)


def _token_file(name: str, value: Mapping[str, str]) -> Path | None:
    path = Path(value[name])
    if not value[name]:
        return None
    if token_in(path) is None:
        raise ConfigError(
            f"{name} must be a file that Tracker can read, with a token of 16 characters or more"
        )
    return path.absolute()


def token_in(path: Path) -> str | None:
    """Return the token of 16 characters or more that a file holds, as it may stand in a header; None: it holds none."""
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(_MAX_TOKEN + 1).strip()
    except (OSError, UnicodeError):
        return None
    return (
        text if _LEAST_TOKEN <= len(text) <= _MAX_TOKEN and bearer_token(f"Bearer {text}") == text else None
    )


def _switch(name: str, value: Mapping[str, str]) -> bool:
    if value[name] not in ("0", "1"):
        raise ConfigError(f"{name} must be 0 or 1, not '{value[name]}'")
    return value[name] == "1"


def _workers(value: Mapping[str, str]) -> int:
    if not value["WEB_CONCURRENCY"]:
        return len(os.sched_getaffinity(0))
    return _whole("WEB_CONCURRENCY", value, least=1, most=1024)
