"""Wiring of reports: by the settings a client that keeps copies or asks the instance that does, and the gateway that serves them."""

from __future__ import annotations

from importlib.util import find_spec

from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.copy.truth_reader import KnownSource
from tracker.analytics.gateway.gateway_connection import GatewayConnection, tls_context
from tracker.analytics.gateway.gateway_secret import make_secret, read_secret
from tracker.analytics.gateway.gateway_url import GatewayURL, is_gateway
from tracker.analytics.process.reports_setup import ReportsSetup
from tracker.analytics.reports_asker import ReportsAsker
from tracker.analytics.reports_client import ReportsClient
from tracker.analytics.reports_gateway import ReportsGateway
from tracker.config import ConfigError, Settings
from tracker.questions import encode


def reports_client(settings: Settings) -> ReportsClient:
    """Return the client that asks for reports. Raises ConfigError."""
    setup = reports_setup(settings)
    if not is_gateway(settings.reports_url):
        return ReportsClient(setup, encode)
    return ReportsAsker(setup, _connection(settings), encode)


def reports_setup(settings: Settings) -> ReportsSetup:
    """Return what the reports process needs to know. The folder is absolute: the process may outlive a working directory."""
    folder, memory_mb = str(settings.reports_folder.absolute()), settings.reports_memory_mb
    if settings.reports_url and not is_gateway(settings.reports_url):
        try:
            ClickHouseURL.parse(settings.reports_url)
        except ValueError as failure:
            raise ConfigError(f"TRACKER_REPORTS_URL {failure}") from None
    return ReportsSetup(
        settings.database_url, folder, memory_mb, settings.has_weak_durability_accepted, settings.reports_url
    )


def create_gateway(settings: Settings) -> ReportsGateway:
    """Return what serves reports to other instances; it opens nothing before it is asked. Raises ConfigError."""
    setup = _serving_setup(settings)
    files, source = CopyFiles(setup.path), KnownSource(setup.open_database)
    return ReportsGateway(ReportsClient(setup), files, _secret(settings), source)


def _serving_setup(settings: Settings) -> ReportsSetup:
    if is_gateway(settings.reports_url):
        raise ConfigError(
            "TRACKER_REPORTS_URL names the instance that serves reports: one that asks cannot serve, so leave it empty here"
        )
    return reports_setup(settings)


def prepare_gateway(settings: Settings) -> bool:
    """Check what serves reports, and make its secret if there is no file; return whether it was made. Raises ConfigError."""
    if find_spec("duckdb") is None:
        raise ConfigError(
            "reports are answered with DuckDB, which is not installed: pip install 'tracker[reports]'"
        )
    _serving_setup(settings)
    file = settings.reports_secret_file
    try:
        is_new = file is not None and make_secret(file)
    except OSError as failure:
        raise ConfigError(
            f"TRACKER_REPORTS_SECRET_FILE names {file}, which cannot be made: {failure.strerror}"
        ) from None
    _secret(settings)
    return is_new


def _connection(settings: Settings) -> GatewayConnection:
    try:
        url = GatewayURL.parse(settings.reports_url)
    except ValueError as failure:
        raise ConfigError(f"TRACKER_REPORTS_URL {failure}") from None
    try:
        context = tls_context(url, settings.reports_ca_file)
    except ValueError as failure:
        raise ConfigError(f"TRACKER_REPORTS_CA_FILE {failure}") from None
    return GatewayConnection(url, _secret(settings), context)


def _secret(settings: Settings) -> str:
    file = settings.reports_secret_file
    if file is None:
        raise ConfigError(
            "TRACKER_REPORTS_SECRET_FILE must name the file with the secret that instances ask for reports with"
        )
    try:
        return read_secret(file)
    except ValueError as failure:
        raise ConfigError(f"TRACKER_REPORTS_SECRET_FILE {failure}") from None
