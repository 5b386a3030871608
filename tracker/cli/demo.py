"""Demo commands: `tracker demo` stores made-up traffic, `tracker demo serve` serves a web shop that Tracker tracks."""

from __future__ import annotations

import time

import click

from tracker.cli.context import check_own_list, find_user, open_services
from tracker.cli.output import INTERRUPTED, progress, say
from tracker.config import Settings
from tracker.demo.account import EMAIL, demo_list, make_demo
from tracker.demo.seeding import Filled, Filling
from tracker.demo.shop_server import run_shop
from tracker.demo.traffic.made_events import traffic
from tracker.services import Services

#: Events made up by default: enough to fill every page, done in seconds; over how many days, and with which seed.
EVENTS, DAYS, SEED = 5_000, 30, 1
#: Names of events in the summary.
_MAX_NAMES = 6


@click.group("demo", invoke_without_command=True)
@click.option(
    "--events",
    default=EVENTS,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="Make this many events.",
)
@click.option("--email", default=EMAIL, show_default=True, metavar="EMAIL", help="Store them for this user.")
@click.option(
    "--list",
    "list_id",
    type=int,
    metavar="ID",
    help="Store them in this list.  [default: the one named Demo, made at need]",
)
@click.option(
    "--days",
    default=DAYS,
    show_default=True,
    type=click.IntRange(1, 3_650),
    help="Spread them over this many days until now.",
)
@click.option(
    "--seed",
    default=SEED,
    show_default=True,
    type=click.IntRange(0, 10**9),
    help="Change it to make other traffic.",
)
@click.pass_context
def make_traffic(
    context: click.Context, events: int, email: str, list_id: int | None, days: int, seed: int
) -> None:
    """Make up the traffic of a web shop and store it, to see Tracker with data.

    People look, search, fill baskets and sometimes pay, on several devices; robots and back ends come too. If there is
    no user at all the demo account is made, and its password printed once. A seed's events are stored once: to run it
    again stores nothing, with more --events only those that are new.
    """
    if context.invoked_subcommand is not None:
        return
    with open_services() as services:
        if email == EMAIL and (demo := make_demo(services.stores)) is not None:
            click.echo(demo.text(services.settings.public_url))
        if email == EMAIL and services.stores.users.find(email) is None:
            raise click.ClickException("there is no demo account in this database: name a user with --email")
        owner = find_user(services, email)
        fill(services, owner.id, _list(services, owner.id, email, list_id), events, days, seed)


@make_traffic.command("serve")
def serve_shop() -> None:
    """Serve Tracker and a small web shop that it tracks, with a demo account, until Ctrl-C.

    If the demo account's list is empty, traffic is made up for it. PORT and TRACKER_DEMO_SHOP_PORT set the ports.
    """
    run_shop(
        Settings.from_environ(),
        click.echo,
        lambda services, user_id, list_id: fill(services, user_id, list_id),
    )


def fill(
    services: Services, user_id: int, list_id: int, events: int = EVENTS, days: int = DAYS, seed: int = SEED
) -> None:
    """Make events up, store them, and print a summary."""
    filling = Filling(services, user_id, list_id, say)
    filling.make_fields()
    made = traffic(seed, events, days, time.time_ns() // 1_000_000)
    filled = Filled()
    with progress(events, "Making traffic") as at:
        try:
            for filled in filling.run(made):
                at(filled.stored + filled.were_there)
        except KeyboardInterrupt:
            say(f"Interrupted after {filled.stored:,} events. Run the same again to go on.")
            raise SystemExit(INTERRUPTED) from None
    click.echo(_summary(filled, list_id, days, seed))


def _list(services: Services, user_id: int, email: str, list_id: int | None) -> int:
    if list_id is None:
        return demo_list(services.stores, user_id)
    check_own_list(services, email, user_id, list_id)
    return list_id


def _summary(filled: Filled, list_id: int, days: int, seed: int) -> str:
    if not filled.stored:
        return (
            f"Nothing new: the traffic of seed {seed} is stored already. Another --seed makes other traffic."
        )
    of_all = "In all" if filled.were_there else "Most of them"
    names = ", ".join(f"{count:,} {name}" for name, count in filled.by_name.most_common(_MAX_NAMES))
    there = f" {filled.were_there:,} were there already." if filled.were_there else ""
    return f"Stored {filled.stored:,} events of the last {days} days in list {list_id}.{there}\n{of_all}: {names}."
