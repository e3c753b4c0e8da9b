"""Reads the views of two demo tenants as granted logins, with the tools that BI teams use, and compares
with the graph: to the cent, at one position. Run by scripts/suites/bi-postgres."""

import json
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import graph
import readers

USER = f"suite{os.getpid()}"
checked = Counter()


def same(what, found, wanted):
    """An equality that must hold, key by key."""
    for key in found.keys() | wanted.keys():
        if found.get(key) != wanted.get(key):
            sys.exit(f"{what}: {key} is {found.get(key)} in SQL and {wanted.get(key)} in the graph")
    if not wanted:
        sys.exit(f"{what}: nothing to compare")
    checked[what] += len(wanted)


def entrepot(*arguments):
    run = subprocess.run([os.environ["ENTREPOT_BIN"], "bi", *arguments], check=True, capture_output=True, text=True)
    return run.stdout


def grant(tenant, role):
    granted = json.loads(entrepot("grant", "--tenant", tenant, "--user", f"{USER}_{role}", "--role", role, "--json"))
    return granted["url"].replace("@", f":{granted['password']}@", 1)


def sums(rows, key, width):
    """Adds up what follows the first `key` values, and counts the rows."""
    added = {}
    for row in rows:
        into = added.setdefault(tuple(map(str, row[:key])), [0] * (width + 1))
        into[0] += 1
        for place, value in enumerate(row[key:], 1):
            into[place] += int(value or 0)
    return {key: tuple(value) for key, value in added.items()}


def half_even(micros):
    whole, rest = divmod(micros, 1_000_000)
    up = rest > 500_000 or rest == 500_000 and whole % 2 == 1
    return whole + int(up)


def compare(tool, read, truth):
    counts, position = truth["counts"]
    standing = {row[0]: (row[1], row[2]) for row in read("freshness", ["view_name", "position", "lag_events"])}
    for view in standing:
        if standing[view] != (position, 0):
            sys.exit(f"{tool}: {view} stands at {standing[view]}, the graph at {position}")
    same(f"{tool}: rows", {view: len(read(view, ["tenant_id"])) for view in counts}, counts)

    money = ["gross_minor", "discount_minor", "net_minor", "shipping_minor", "total_minor", "canceled_minor"]
    orders = read("orders", ["placed_on", "channel", "currency", *money])
    same(f"{tool}: orders by day and channel", sums(orders, 3, 6), truth["orders"])
    by_currency = {key[0]: value for key, value in sums([(row[2], row[7]) for row in orders], 1, 1).items()}
    same(f"{tool}: orders", by_currency, truth["orders of all"])
    paid = read("payments", ["provider", "currency", "captured_minor", "refunded_minor"])
    paid = {key: value[1:] for key, value in sums(paid, 2, 2).items() if any(value[1:])}
    same(f"{tool}: money moved by provider", paid, {key: value for key, value in truth["captured"].items() if any(value)})

    margins = ["net_minor", "cogs_minor", "fee_minor", "shipping_cost_minor", "gross_margin_minor", "contribution_minor"]
    lines = sums(read("line_margins", ["booked_on", "channel", "currency", *margins]), 3, 6)
    same(f"{tool}: margins of lines", lines, {key: value[:7] for key, value in truth["margins"].items()})
    days = sums(read("daily_margins", ["day", "channel", "currency", "line_count", *margins, "unknown_cost_lines"]), 3, 8)
    same(f"{tool}: margins of days", {key: value[1:] for key, value in days.items()}, truth["margins"])

    value = {tuple(row[:2]): row[2] for row in read("inventory_values", ["sku", "warehouse", "value_minor"])}
    stock = read("inventory_positions", ["sku", "warehouse", "on_hand", "reserved", "available"])
    same(f"{tool}: stock", {tuple(row[:2]): (*row[2:], value[tuple(row[:2])]) for row in stock}, truth["stock"])

    moved = sums(read("mrr_movements", ["currency", "amount_micros"]), 1, 1)
    same(f"{tool}: MRR", {key[0]: half_even(value[1]) for key, value in moved.items()}, truth["mrr"])
    now = sums(read("recurring_revenue", ["currency", "mrr_micros"]), 1, 1)
    same(f"{tool}: MRR now", {key: value[1] for key, value in now.items()}, {key: value[1] for key, value in moved.items()})

    # The decimal beside the minor units is the same amount, and no float.
    exact = read("orders", ["order_id", "total_minor", "total"])
    for _, minor, unit in exact:
        if isinstance(unit, float) or Decimal(str(unit)) * 100 != minor:
            sys.exit(f"{tool}: {minor} minor units are shown as {unit!r}")
    checked[f"{tool}: decimals"] += len(exact)


def main():
    finance, support, neighbor = grant("north", "finance"), grant("north", "support"), grant("south", "finance")
    first = readers.with_duckdb(finance)
    keys = sorted({(str(day), channel) for day, channel in first("orders", ["placed_on", "channel"])})
    truth = {
        "counts": graph.counts(),
        "orders": graph.order_sums(keys),
        "orders of all": graph.order_sums_of_all(),
        "captured": graph.captured(),
        "margins": graph.margin_sums(),
        "stock": graph.stock(),
        "mrr": graph.mrr(),
    }
    for tool, reader in readers.ALL.items():
        read = reader(finance)
        compare(tool, read, truth)
        mine = {row[0] for row in read("orders", ["tenant_id"])}
        theirs = {row[0] for row in reader(neighbor)("orders", ["tenant_id"])}
        if len(mine) != 1 or len(theirs) != 1 or mine == theirs:
            sys.exit(f"{tool}: {finance} sees {mine}, its neighbor {theirs}")
        helper = reader(support)
        if not helper("orders", ["order_id"]):
            sys.exit(f"{tool}: support sees no orders")
        for costs in ("line_margins", "inventory_values", "payment_costs", "recurring_revenue"):
            try:
                helper(costs, ["tenant_id"])
            except Exception as refusal:  # Each tool has its own.
                if "permission denied" not in str(refusal) and "does not exist" not in str(refusal):
                    raise
            else:
                sys.exit(f"{tool}: support sees {costs}")
    _, position = graph.counts()
    if position != truth["counts"][1]:
        sys.exit("the demo moved on meanwhile: run again")
    for tenant, role in (("north", "finance"), ("north", "support"), ("south", "finance")):
        entrepot("revoke", "--tenant", tenant, "--user", f"{USER}_{role}")
    for what, number in checked.items():
        print(json.dumps({"suite": "bi-postgres", "equal": what, "checked": number, "position": position}))
    print(json.dumps({"suite": "bi-postgres", "figure": "equalities", "checked": checked.total(), "tools": len(readers.ALL)}))


main()
