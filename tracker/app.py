"""Application wiring: joins all parts into one WSGI application. No other module knows them all."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from flask import Blueprint, Flask

from tracker import browser
from tracker.analytics.reports_client import ReportsClient
from tracker.api.alert_messages import alert_body
from tracker.api.alert_readings import REPORT, read_alert
from tracker.api.event_responses import rendered_received
from tracker.api.instance_metrics import metrics_text
from tracker.api.segment_moves import SegmentFollower
from tracker.api.trigger_messages import judge_of, message_body, move_body, named_people, rendered_events
from tracker.auth.authenticator import Authenticator
from tracker.auth.login import LoginService
from tracker.auth.mail_access import MailAccess
from tracker.auth.share_access import READS, ShareAccess
from tracker.call import Call
from tracker.caller import Caller, parse_permissions
from tracker.config import ConfigError, Settings, token_in
from tracker.console import (
    NumbersLater,
    NumbersRefused,
    alert_mail,
    console,
    report_mail,
    share_pages,
    unsubscribe_pages,
)
from tracker.delivery.alert_worker import ALERT_LINKS, AlertParts, AlertWorker
from tracker.delivery.mail_worker import CannotBeMailed, MailWorker, NotYet, Rendered, unsubscribe_token
from tracker.delivery.trigger_parts import TriggerParts
from tracker.delivery.trigger_worker import TriggerWorker
from tracker.dispatch import NOTES_HEADER, Dispatcher
from tracker.domain.alert_rule import AlertReading
from tracker.errors import StorageUnavailable
from tracker.formats.credentials import is_public_id
from tracker.http.collect_endpoint import CollectEndpoint
from tracker.http.docs_page import docs
from tracker.http.message.json_log import log_failure
from tracker.http.metrics_endpoint import MetricsEndpoint
from tracker.http.middleware import Door
from tracker.http.routes import build_blueprint
from tracker.http.sdk_door import SdkDoor
from tracker.http.static_files import script_files
from tracker.http.throttle import Throttle
from tracker.inbox.collector import Inbox
from tracker.inbox.noticing import NOTICED, Notices
from tracker.ingest.service import Ingest
from tracker.jobs.kinds import JOB_KINDS
from tracker.jobs.nightly_backup import NightlyBackup
from tracker.jobs.runner import Jobs
from tracker.live.hub import SubscriptionHub
from tracker.mail import MailSender
from tracker.metrics import MEDIA_TYPE, MetricsRecorder, WorkerSample
from tracker.openapi import describe
from tracker.outgoing import AllowedTargets, Poster
from tracker.plugins import load_adapters, load_commands
from tracker.questions import days_before
from tracker.rate_limits import Limiter, build_limiter, declared_limits, overridden_limits, parse_overrides
from tracker.registry import Registry
from tracker.reports import Reports
from tracker.reports_wiring import reports_client
from tracker.sdks import Adapters
from tracker.services import Services, Stores
from tracker.storage.accounts import (
    Annotations,
    Audit,
    DueMail,
    Goals,
    Keys,
    ListNames,
    Lists,
    ListSettingsStore,
    MailedRows,
    SavedReports,
    Schedules,
    Segments,
    Sessions,
    Shares,
    Users,
)
from tracker.storage.alerts import Alerts, DueAlert
from tracker.storage.engine import Database, DaySecrets, IncompatibleDatabase, Readiness
from tracker.storage.recovery import BackupFolder
from tracker.storage.schema import own_database
from tracker.storage.subscribers import CustomFields, Subscribers
from tracker.storage.triggers import Triggers

#: The command that browsers may call: the collect endpoint leads to it and to no other.
PUBLIC_COMMAND = "event.collect"
#: Seconds that one look at an alert may take.
ALERT_SECONDS = 10.0
#: The command line that makes a backup now. -P: a folder called tracker in the working directory is not the package.
BACKUP = (sys.executable, "-P", "-m", "tracker.cli", "db", "backup")


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application. Opens nothing. Raises ConfigError or PluginError with one line."""
    settings = settings or Settings.from_environ()
    registry, adapters = load_commands(settings.plugins_folder), load_adapters()
    database = open_database(settings, registry)
    app = Flask("tracker", static_folder=None)
    limiter = _limiter(settings, registry, app)
    services = build_services(settings, database, limiter, registry)
    notices = Notices(services.inbox, NOTES_HEADER)
    authenticator = Authenticator(services.stores.keys, services.stores.sessions, services.stores.lists)
    dispatcher = Dispatcher(
        registry,
        authenticator,
        limiter,
        declared_limits(registry),
        services,
        _report_failure,
        on_answer=dict.fromkeys(NOTICED, notices.answered),
    )
    throttle = Throttle()
    collect = _collect_endpoint(settings, dispatcher, throttle, services.stores, notices)
    sdks = _sdk_door(settings, dispatcher, throttle, services, adapters, authenticator)
    readiness = Readiness(database, partial(_report, None))
    doors = (collect, sdks)
    app.register_blueprint(_endpoints(settings, dispatcher, throttle, doors, services, readiness))
    app.register_blueprint(_script_files(settings.script_path))
    limits = declared_limits(registry) | parse_overrides(settings.limits)
    documented = {entry.command.name: limits[entry.limited_as] for entry in registry}
    app.register_blueprint(docs(describe(registry, documented, adapters, settings.sdk_path)))
    if settings.has_console:
        app.register_blueprint(console(dispatcher, settings, adapters))
        app.register_blueprint(share_pages(ShareAccess(services.stores.shares, limiter, now_ms)))
        _let_mail(app, services, settings.public_url)
    app.extensions["tracker"], app.extensions["tracker.readiness"] = services, readiness
    return app


def _endpoints(
    settings: Settings,
    dispatcher: Dispatcher,
    throttle: Throttle,
    doors: Sequence[Door],
    services: Services,
    readiness: Readiness,
) -> Blueprint:
    count_nodes = services.ingest.watch.writer_nodes
    proxies, has_fast_path = settings.trusted_proxies, settings.has_fast_path
    return build_blueprint(
        dispatcher, readiness.look, throttle, doors, proxies, has_fast_path, count_nodes,
        _metrics_endpoint(settings, services), services.metrics.answered,
    )  # fmt: skip


def _metrics_endpoint(settings: Settings, services: Services) -> MetricsEndpoint | None:
    """Return what answers at `/metrics`; None: nobody may read it, and there is no such path."""
    networks, file = settings.metrics_for, settings.metrics_token_file
    if not networks and file is None:
        return None
    token = partial(token_in, file) if file is not None else None
    return MetricsEndpoint(partial(metrics_text, services), MEDIA_TYPE, networks, token)


def _composed(app: Flask, url: str, mail: DueMail, due: int) -> Rendered:
    """Return what renders a schedule's mails: its numbers are asked as those of a share link are, with what the list's owner may see."""
    caller = _owner(mail)
    first, last = days_before(mail.every, mail.zone, due)
    try:
        return report_mail(app, mail, caller, mail.every, first.isoformat(), last.isoformat(), url)
    except NumbersLater:
        raise NotYet from None
    except NumbersRefused as refused:
        raise CannotBeMailed(str(refused)) from None


def _owner(due: DueMail | DueAlert) -> Caller:
    """Return the caller that asks numbers of a list by itself: as that of a share link, with what the list's owner may see."""
    permissions = parse_permissions(due.permissions)
    may = READS if "*" in permissions else READS & permissions
    return Caller(due.user_id, may, list_id=due.list_id, share_id=0)


def _read_alert(services: Services, alert: DueAlert, now: int) -> AlertReading:
    """Return what an alert looks at now, by the report that numbers are read from."""
    entry = services.registry.find(REPORT)
    if entry is None:
        return AlertReading(None, trouble="there is no report to ask")
    deadline = time.monotonic() + ALERT_SECONDS
    return read_alert(
        entry.command(_owner(alert), services, now, deadline=deadline), alert.list_id, alert.rule
    )


def _let_mail(app: Flask, services: Services, url: str) -> None:
    """Give the work of mails what renders them, and their readers the page that ends them."""
    rows: dict[str, MailedRows[Any]] = {"": services.stores.schedules, ALERT_LINKS: services.stores.alerts}
    app.register_blueprint(unsubscribe_pages(MailAccess(rows, unsubscribe_token)))
    services.mails.compose = partial(_composed, app, url)
    services.alerts.mail = partial(alert_mail, app)


def _script_files(path: str) -> Blueprint:
    pinned = {browser.pinned_path(path, script): script.body for script in browser.scripts().values()}
    return script_files(path, browser.current().body, {browser.debug_path(path): browser.DEBUG}, pinned)


def _collect_endpoint(
    settings: Settings, dispatcher: Dispatcher, throttle: Throttle, stores: Stores, notices: Notices
) -> CollectEndpoint:
    prefix, proxies = f"{settings.collect_path}/", settings.trusted_proxies
    allowed = partial(_allowed_origins, stores)
    return CollectEndpoint(dispatcher, throttle, PUBLIC_COMMAND, allowed, prefix, proxies, notices.preflight)


def _sdk_door(
    settings: Settings,
    dispatcher: Dispatcher,
    throttle: Throttle,
    services: Services,
    adapters: Adapters,
    authenticator: Authenticator,
) -> SdkDoor:
    allowed, days = (
        partial(_allowed_origins, services.stores),
        DaySecrets(services.storage, "visitors of SDKs"),
    )
    prefix, proxies = f"{settings.sdk_path}/", settings.trusted_proxies
    return SdkDoor(dispatcher, throttle, adapters, allowed, authenticator.knows, days.of, prefix, proxies)


def _allowed_origins(stores: Stores, tracker_id: str, deadline: float) -> Sequence[str]:
    """Return the list's allowed origins. While storage is unavailable none are set: such an answer holds nothing to hide."""
    try:
        found = stores.lists.public(tracker_id, deadline) if is_public_id(tracker_id) else None
        return stores.list_settings.of(found.id, deadline).allowed_origins if found else ()
    except StorageUnavailable:
        return ()


def open_database(settings: Settings, registry: Registry) -> Database:
    """Return the database of the settings, with the migrations of every plugin that has tables. Opens nothing.

    Raises ConfigError.
    """
    histories = {}
    for entry in registry:
        if entry.command.tables is not None:
            histories[entry.command.tables.owner] = entry.command.tables.migrations
    try:
        return own_database(
            settings.database_url, histories, settings.has_weak_durability_accepted, settings.shards
        )
    except ValueError as failure:
        raise ConfigError(str(failure)) from None


def build_services(
    settings: Settings, database: Database, limiter: Limiter | None = None, registry: Registry | None = None
) -> Services:
    """Return the services that commands use. Without a `limiter`, one that counts as those of a served Tracker do. Opens nothing."""
    limiter = limiter or build_limiter(settings.ratelimit_url, settings.limits_file, settings.workers)
    fields = CustomFields(database, now_ms)
    ingest = Ingest(database, fields)
    stores = _stores(settings, database, fields, ingest)
    logins = LoginService(database, stores.users, stores.keys, stores.sessions, limiter, now_ms)
    jobs = Jobs(database, JOB_KINDS, ingest.new_id, now_ms)
    inbox = Inbox(database, stores.lists, stores.list_settings, ingest.new_id, now_ms)
    reports, hub = Reports(database), SubscriptionHub(database, now_ms, rendered_received)
    analytics = reports_client(settings)
    triggers = TriggerWorker(trigger_parts(settings, database, ingest, analytics, stores))
    sender, url = mail_sender(settings), settings.public_url
    mails = MailWorker(database, now_ms, sender, url)
    parts = AlertParts(ingest.new_id, triggers.poster, alert_body, sender, url)
    alerts = AlertWorker(database, now_ms, parts)
    backups = NightlyBackup(database, now_ms, backup_folder(settings), BACKUP)
    services = Services(
        ingest, reports, analytics, hub, stores, logins, jobs, backups, triggers, mails, alerts, Audit(database, now_ms), inbox,
        _recorder(settings, database, limiter, ingest, registry or Registry()), database, settings, registry or Registry(),
    )  # fmt: skip
    alerts.read = partial(_read_alert, services)
    return services


def _recorder(
    settings: Settings, database: Database, limiter: Limiter, ingest: Ingest, registry: Registry
) -> MetricsRecorder:
    """Return what counts in this process, and have the database and the write path tell it."""
    codes = {entry.command.name: {error.code for error in entry.command.errors} for entry in registry}
    recorder = MetricsRecorder(settings.metrics_file, codes)
    recorder.sample = lambda: WorkerSample(*database.queue_length(), limiter.is_alone)
    database.on_commit, ingest.on_tracked = recorder.committed, recorder.tracked
    return recorder


def _stores(settings: Settings, database: Database, fields: CustomFields, ingest: Ingest) -> Stores:
    return Stores(
        Users(database, now_ms),
        Keys(database, now_ms),
        Sessions(database, settings.session_seconds, now_ms),
        Lists(database, now_ms),
        fields,
        Subscribers(database, now_ms, ingest.new_id),
        ListSettingsStore(database),
        Goals(database, now_ms),
        SavedReports(database, now_ms),
        Annotations(database, now_ms),
        Shares(database, now_ms),
        ListNames(database, now_ms),
        Segments(database, now_ms),
        Triggers(database, now_ms),
        Schedules(database, now_ms),
        Alerts(database, now_ms),
    )


def trigger_parts(
    settings: Settings, database: Database, ingest: Ingest, analytics: ReportsClient, stores: Stores
) -> TriggerParts:
    """Return what triggers need of other rooms. Raises ConfigError."""
    try:
        allowed = AllowedTargets.parse(settings.outgoing_allow)
    except ValueError as failure:
        raise ConfigError(str(failure)) from None
    follow = SegmentFollower(
        analytics, stores.segments, stores.fields, stores.list_settings, stores.names, now_ms
    )
    return TriggerParts(
        database, ingest.new_id, now_ms, Poster(allowed), rendered_events, message_body, judge_of(analytics),
        named_people, move_body, follow,
    )  # fmt: skip


def mail_sender(settings: Settings) -> MailSender | None:
    """Return what sends mails; None if no server is set. Raises ConfigError."""
    try:
        return MailSender.of(settings.smtp_url, settings.mail_from)
    except ValueError as failure:
        raise ConfigError(str(failure)) from None


def backup_folder(settings: Settings) -> BackupFolder | None:
    """Return the folder of nightly backups; None if none are made."""
    folder = settings.backup_folder
    return None if folder is None else BackupFolder(folder.absolute(), settings.backups_kept)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def _limiter(settings: Settings, registry: Registry, app: Flask) -> Limiter:
    try:
        overrides = overridden_limits(registry, settings.limits)
        path, workers = settings.limits_file, settings.workers
        return build_limiter(settings.ratelimit_url, path, workers, overrides, app=app)
    except ValueError as failure:
        raise ConfigError(str(failure)) from None


def _report_failure(call: Call, failure: BaseException) -> None:
    _report(call.request_id, failure)


def _report(request_id: str | None, failure: BaseException) -> None:
    if isinstance(failure, IncompatibleDatabase):
        _log_once(str(failure))
    else:
        log_failure(request_id, failure)


@lru_cache(maxsize=16)
def _log_once(line: str) -> None:
    """Log a fault that an operator has to mend: once for each process, not for each request."""
    logging.getLogger("tracker").error("%s", line)
