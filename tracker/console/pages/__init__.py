"""Pages of the console: each is a module with its ROUTES."""

from types import ModuleType

from tracker.console.pages import (
    alerts,
    audit,
    events,
    explore,
    forget,
    funnels,
    goals,
    health,
    keys,
    links,
    lists,
    live,
    mail_server,
    mails,
    names,
    notes,
    overview,
    paths,
    people,
    products,
    report_csv,
    retention,
    revenue,
    saved,
    segments,
    settings,
    setup,
    sign_in,
    subscriber,
    tiles,
    tracking,
    triggers,
    who,
)

PAGES: tuple[ModuleType, ...] = (
    sign_in, lists, overview, explore, funnels, retention, paths, revenue, products, who, report_csv, saved, tiles, links, mails, mail_server, health, notes, goals,
    segments, setup, tracking, live, events, names, people, subscriber, forget, settings, triggers, alerts, keys, audit,
)  # fmt: skip
