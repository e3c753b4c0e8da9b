"""Reads every exported view with other people's readers and holds their numbers to the graph's."""

import io
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import duckdb
import duckdb_extensions
import pandas
import polars
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

URL = os.environ["ENTREPOT_URL"]
TOKEN = os.environ["ENTREPOT_TOKEN_OPERATOR"]
FORMATS = ["parquet", "csv", "arrow"]
checked = 0
read = 0


class Moved(Exception):
    """The log grew between two answers: begin again."""


def request(path, body=None):
    headers = {"authorization": f"Bearer {TOKEN}", "accept-encoding": "identity"}
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers)) as answer:
        return answer.headers, answer.read()


def graph(query, position=None, **variables):
    answer = json.loads(request("/graphql", {"query": query, "variables": variables})[1])
    assert "errors" not in answer, answer
    if position is not None and answer["extensions"]["consistency"]["asOf"] != position:
        raise Moved
    return answer["data"]


def equal(what, here, there):
    global checked
    assert here == there, f"{what}: {here} in the file, {there} in the graph"
    checked += 1


def cents(value):
    """An amount of a currency with two digits, as minor units."""
    minor = Decimal(value) * 100
    assert minor == minor.to_integral_value(), value
    return int(minor)


def download(views, folder):
    """Every view in every format, all of one position."""
    positions = set()
    for view in views:
        for format in FORMATS:
            headers, body = request(f"/bi/{view}.{format}")
            positions |= {headers["entrepot-position-core"], headers["entrepot-position-bi"]}
            (folder / f"{view}.{format}").write_bytes(body)
    if len(positions) != 1:
        raise Moved
    return positions.pop()


def pages(query, field, position):
    after = None
    while True:
        page = graph(query, position, after=after)[field]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def by(rows, keys, values):
    """Sums of columns, by other columns."""
    sums = defaultdict(lambda: [0] * (len(values) + 1))
    for row in rows:
        entry = sums[tuple(str(row[key]) for key in keys)]
        entry[0] += 1
        for index, value in enumerate(values):
            entry[index + 1] += row[value] or 0
    return dict(sums)


def orders(tables, position):
    """Orders of each day and channel, by orderSums; all of them, by orders."""
    minor = ["gross_minor", "discount_minor", "net_minor", "shipping_minor", "total_minor"]
    query = """query($channel: String, $day: Date) { orderSums(filter: { channel: $channel, from: $day, to: $day }) {
        orders gross { amountMinor } discount { amountMinor } net { amountMinor } shipping { amountMinor } total { amountMinor } } }"""
    for (day, channel), sums in by(tables["orders"], ["placed_on", "channel"], minor).items():
        told = graph(query, position, channel=channel, day=day)["orderSums"]
        assert len(told) == 1, told
        names = ["gross", "discount", "net", "shipping", "total"]
        there = [int(told[0]["orders"])] + [int(told[0][name]["amountMinor"]) for name in names]
        equal(f"orders of {day} in {channel}", sums, there)
    query = """query($after: String) { orders(first: 250, after: $after) { pageInfo { hasNextPage endCursor }
        nodes { id status totals { total { amount } captured { amount } refunded { amount } } lines { net { amount } } } } }"""
    known = {row["order_id"]: row for row in tables["orders"]}
    lines = defaultdict(int)
    for line in tables["order_lines"]:
        lines[line["order_id"]] += line["net_minor"]
    told = list(pages(query, "orders", position))
    equal("orders", len(known), len(told))
    for order in told:
        row = known[order["id"].rsplit("/", 1)[1]]
        here = [row[name] for name in ["total", "captured", "refunded"]]
        equal(order["id"], here, [Decimal(order["totals"][name]["amount"]) for name in ["total", "captured", "refunded"]])
        equal(order["id"], lines[row["order_id"]], sum(cents(line["net"]["amount"]) for line in order["lines"]))


def margins(tables, position):
    """Margins of each day, channel and SKU, by marginSums: from days, and from lines."""
    names = ["net", "cogs", "shippingRevenue", "fee", "shippingCost", "knownNet", "grossMargin", "contribution"]
    columns = ["net", "cogs", "shipping", "fee", "shipping_cost", "known_net", "gross_margin", "contribution"]
    fields = " ".join(f"{name} {{ amountMinor }}" for name in names)
    query = f"{{ marginSums(groupBy: [DAY, CHANNEL, SKU]) {{ day channel sku lineCount quantity unknownCostLines {fields} }} }}"
    told = {(group["day"], group["channel"], group["sku"]): group for group in graph(query, position)["marginSums"]}
    days = {(str(row["day"]), row["channel"], row["sku"]): row for row in tables["daily_margins"]}
    equal("margin groups", set(days), set(told))
    for key, row in days.items():
        group = told[key]
        for name, column in zip(names, columns):
            there = None if group[name] is None else int(group[name]["amountMinor"])
            if there is not None:
                equal(f"{name} of {key}", row[f"{column}_minor"], there)
        equal(f"quantity of {key}", row["quantity"], int(group["quantity"]))
        equal(f"unknown costs of {key}", row["unknown_cost_lines"], int(group["unknownCostLines"]))
    for key, sums in by(tables["line_margins"], ["booked_on", "channel", "sku"], ["net_minor", "fee_minor"]).items():
        equal(f"lines of {key}", sums, [int(told[key]["lineCount"]), int(told[key]["net"]["amountMinor"]), int(told[key]["fee"]["amountMinor"])])


def stock(tables, position):
    query = """query($after: String) { inventory(first: 250, after: $after) { pageInfo { hasNextPage endCursor }
        nodes { sku warehouse onHand reserved available value { amountMinor amount } } } }"""
    positions = {(row["sku"], row["warehouse"]): row for row in tables["inventory_positions"]}
    values = {(row["sku"], row["warehouse"]): row for row in tables["inventory_values"]}
    told = list(pages(query, "inventory", position))
    equal("stock positions", len(positions), len(told))
    for node in told:
        key = (node["sku"], node["warehouse"])
        here = [positions[key][name] for name in ["on_hand", "reserved", "available"]]
        equal(f"stock of {key}", here, [int(node[name]) for name in ["onHand", "reserved", "available"]])
        here = [values[key]["value_minor"], values[key]["value"]]
        equal(f"value of {key}", here, [int(node["value"]["amountMinor"]), Decimal(node["value"]["amount"])])


def recurring(tables, position):
    told = graph("{ mrrSums { currency mrr { amountMinor } } }", position)["mrrSums"]
    for view, column in [("recurring_revenue", "mrr"), ("mrr_movements", "amount")]:
        for group in told:
            rows = [row for row in tables[view] if row["currency"] == group["currency"]]
            micros = sum(row[f"{column}_micros"] for row in rows)
            minor = (Decimal(micros) / 1_000_000).quantize(Decimal(1), ROUND_HALF_EVEN)
            equal(f"MRR by {view}", int(minor), int(group["mrr"]["amountMinor"]))
            equal(f"MRR by {view}", sum(row[column] for row in rows), Decimal(micros).scaleb(-8))


def same_in_every_reader(views, folder):
    """The exact sums that each reader finds in each format are the same."""
    global read
    for view in views:
        table = pyarrow.parquet.read_table(folder / f"{view}.parquet")
        known = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
        assert known["entrepot.view"] == view and known["entrepot.tenant"] == "north", known
        assert all(field.metadata[b"description"] for field in table.schema)
        numbers = [field.name for field in table.schema if str(field.type) == "int64"]
        amounts = [field.name for field in table.schema if str(field.type).startswith("decimal128")]
        rows = table.num_rows
        exact = {name: sum(value for value in table[name].to_pylist() if value is not None) for name in numbers + amounts}

        def agree(reader, length, sums):
            global read
            equal(f"{view} by {reader}: rows", length, rows)
            for name, value in sums.items():
                equal(f"{view} by {reader}: {name}", Decimal(str(value)) if value is not None else Decimal(0), Decimal(exact[name]))
            read += 1

        stream = pyarrow.ipc.open_stream(folder / f"{view}.arrow").read_all()
        assert stream.schema.equals(table.schema), view
        agree("pyarrow, arrow", stream.num_rows, {name: sum(v for v in stream[name].to_pylist() if v is not None) for name in exact})
        types = {name: pyarrow.decimal128(38, 10) for name in amounts}
        types |= {field.name: field.type for field in table.schema if field.name not in types}
        text = pyarrow.csv.read_csv(folder / f"{view}.csv", convert_options=pyarrow.csv.ConvertOptions(column_types=types))
        agree("pyarrow, csv", text.num_rows, {name: sum(v for v in text[name].to_pylist() if v is not None) for name in exact})

        for reader, frame in [
            ("pandas, parquet", pandas.read_parquet(folder / f"{view}.parquet", dtype_backend="pyarrow")),
            ("pandas, csv", pandas.read_csv(folder / f"{view}.csv", dtype={name: "string" for name in amounts}, keep_default_na=True)),
        ]:
            sums = {}
            for name in exact:
                values = [value for value in frame[name].dropna().tolist()]
                sums[name] = sum((Decimal(str(value)) for value in values), Decimal(0))
            agree(reader, len(frame), sums)
        for reader, frame in [
            ("polars, parquet", polars.read_parquet(folder / f"{view}.parquet")),
            ("polars, arrow", polars.read_ipc_stream(folder / f"{view}.arrow")),
            ("polars, csv", polars.read_csv(folder / f"{view}.csv", schema_overrides={name: polars.Decimal(38, 10) for name in amounts}, infer_schema_length=None)),
        ]:
            agree(reader, frame.height, {name: sum(v for v in frame[name].to_list() if v is not None) for name in exact})

        with duckdb.connect() as db:
            columns = ", ".join(f"sum({name})" for name in exact) or "1"
            for reader, source in [
                ("duckdb, parquet", f"'{folder}/{view}.parquet'"),
                ("duckdb, csv", f"read_csv('{folder}/{view}.csv', types = {{{', '.join(f'{name!r}: {chr(39)}DECIMAL(38, 10){chr(39)}' for name in amounts)}}})" if amounts else f"read_csv('{folder}/{view}.csv')"),
            ]:
                found = db.sql(f"SELECT count(*), {columns} FROM {source}").fetchone()
                agree(reader, found[0], dict(zip(exact, found[1:])))


def in_the_database(views, tables):
    """DuckDB's scanner on the SQLite file itself, while the server works on it."""
    global read
    duckdb_extensions.import_extension("sqlite_scanner")
    with duckdb.connect() as db:
        db.sql("LOAD sqlite_scanner")
        path = Path(os.environ["ENTREPOT_DATA_DIR"]) / "entrepot.db"
        db.sql(f"ATTACH '{path}' AS entrepot (TYPE sqlite, READ_ONLY)")
        (tenant,) = db.sql("SELECT tenant_id FROM entrepot.tenant WHERE slug = 'north'").fetchone()
        for view in views:
            minor = [name for name in tables[view][0] if name.endswith(("_minor", "_micros"))] if tables[view] else []
            # SQLite does not say the type of what a view computes: the scanner takes it for text.
            columns = "".join(f", sum(CAST({name} AS BIGINT))" for name in minor)
            found = db.sql(f"SELECT count(*){columns} FROM entrepot.bi_{view} WHERE tenant_id = {tenant}").fetchone()
            here = [len(tables[view])] + [sum(row[name] or 0 for row in tables[view]) for name in minor]
            equal(f"bi_{view} in the file", here, [int(value or 0) for value in found])
            read += 1


def by_the_command_line(views, tables, position):
    """`entrepot bi export`: the same rows, and a manifest that is true."""
    with tempfile.TemporaryDirectory() as folder:
        for format in FORMATS:
            command = [os.environ["ENTREPOT_BIN"], "bi", "export", "--tenant", "north", "--format", format, "--out", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            manifest = json.loads(Path(folder, "manifest.json").read_text())
            if str(manifest["position_core"]) != position or str(manifest["position_bi"]) != position:
                raise Moved
            equal("views in the manifest", [entry["view"] for entry in manifest["files"]], views)
            for entry in manifest["files"]:
                if entry["view"] != "freshness":
                    equal(f"rows of {entry['file']}", len(tables[entry["view"]]), entry["rows"])


def once(folder):
    listed = json.loads(request("/bi/")[1])
    views = [view["name"] for view in listed["views"]]
    position = download(views, folder)
    tables = {view: pyarrow.parquet.read_table(folder / f"{view}.parquet").to_pylist() for view in views}
    lasting = [view for view in views if view != "freshness"]
    assert all(tables[view] for view in lasting), "a view is empty"
    orders(tables, position)
    margins(tables, position)
    stock(tables, position)
    recurring(tables, position)
    same_in_every_reader(lasting, folder)
    in_the_database(lasting, tables)
    by_the_command_line(views, tables, position)
    return views


def main():
    global checked, read
    for _ in range(5):
        checked = read = 0
        with tempfile.TemporaryDirectory() as folder:
            try:
                views = once(Path(folder))
                break
            except Moved:
                time.sleep(1)
    else:
        raise SystemExit("the log grew during every try")
    for figure, value in [
        ("views", len(views)),
        ("files", len(views) * len(FORMATS)),
        ("readings", read),
        ("equalities", checked),
    ]:
        print(json.dumps({"figure": figure, "value": value, "scenario": "bi-files", "database": "sqlite"}))


main()
