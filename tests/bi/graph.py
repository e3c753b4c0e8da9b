"""What the graph answers, in minor units."""

import json
import os
import urllib.request


def ask(query, variables=None, token="FINANCE"):
    """The data of an answer, and the position that it was read at."""
    request = urllib.request.Request(
        os.environ["ENTREPOT_URL"] + "/graphql",
        json.dumps({"query": query, "variables": variables or {}}).encode(),
        {
            "authorization": "Bearer " + os.environ[f"ENTREPOT_TOKEN_{token}"],
            "content-type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise SystemExit(f"the graph refuses: {answer['errors']}")
    return answer["data"], int(answer["extensions"]["consistency"]["position"])


def minor(money):
    return 0 if money is None else int(money["amountMinor"])


ORDER_SUMS = """query ($filter: OrderSumsFilter) { orderSums(filter: $filter) {
  currency orders
  gross { amountMinor } discount { amountMinor } net { amountMinor } shipping { amountMinor }
  total { amountMinor } canceled { amountMinor }
} }"""


def order_sums(days_and_channels):
    """By day, channel and currency: how many, gross, discount, net, shipping, total, canceled."""
    sums = {}
    for day, channel in days_and_channels:
        data, _ = ask(ORDER_SUMS, {"filter": {"channel": channel, "from": day, "to": day}})
        for row in data["orderSums"]:
            names = ("gross", "discount", "net", "shipping", "total", "canceled")
            sums[day, channel, row["currency"]] = (int(row["orders"]), *(minor(row[name]) for name in names))
    return sums


def order_sums_of_all():
    """By currency."""
    data, _ = ask(ORDER_SUMS)
    return {row["currency"]: (int(row["orders"]), minor(row["total"])) for row in data["orderSums"]}


def captured():
    """By provider and currency."""
    data, _ = ask("{ orderSums { currency captured { code amount { amountMinor } } refunded { code amount { amountMinor } } } }")
    both = {}
    for row in data["orderSums"]:
        for place, kind in enumerate(("captured", "refunded")):
            for part in row[kind]:
                both.setdefault((part["code"], row["currency"]), [0, 0])[place] = minor(part["amount"])
    return {key: tuple(value) for key, value in both.items()}


def margin_sums():
    """By day, channel and currency: lines, net, cogs, fee, shipping cost, gross margin, contribution, lines unknown."""
    data, _ = ask(
        """{ marginSums(groupBy: [DAY, CHANNEL]) { day channel currency lineCount unknownCostLines
             net { amountMinor } cogs { amountMinor } fee { amountMinor } shippingCost { amountMinor }
             grossMargin { amountMinor } contribution { amountMinor } } }"""
    )
    names = ("net", "cogs", "fee", "shippingCost", "grossMargin", "contribution")
    return {
        (row["day"], row["channel"], row["currency"]): (
            int(row["lineCount"]), *(minor(row[name]) for name in names), int(row["unknownCostLines"]))
        for row in data["marginSums"]
    }


def stock():
    """By SKU and warehouse: on hand, reserved, available, value."""
    positions, after = {}, None
    while True:
        data, _ = ask(
            """query ($after: String) { inventory(first: 250, after: $after) { pageInfo { hasNextPage endCursor }
                 nodes { sku warehouse onHand reserved available value { amountMinor } } } }""",
            {"after": after},
        )
        for node in data["inventory"]["nodes"]:
            positions[node["sku"], node["warehouse"]] = (
                int(node["onHand"]), int(node["reserved"]), int(node["available"]), minor(node["value"]))
        if not data["inventory"]["pageInfo"]["hasNextPage"]:
            return positions
        after = data["inventory"]["pageInfo"]["endCursor"]


def mrr():
    """By currency."""
    data, _ = ask("{ mrrSums { currency mrr { amountMinor } } }")
    return {row["currency"]: minor(row["mrr"]) for row in data["mrrSums"]}


def counts():
    """How many there are, by view."""
    data, position = ask(
        "{ orders(first: 1) { totalCount } customers(first: 1) { totalCount } products(first: 1) { totalCount }"
        "  subscriptions(first: 1) { totalCount } inventory(first: 1) { totalCount } margins(first: 1) { totalCount } }"
    )
    views = {"inventory": "inventory_positions", "margins": "line_margins"}
    return {views.get(name, name): int(page["totalCount"]) for name, page in data.items()}, position
