"""Handlers of the customer analytics pipeline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import dashboard
from files import Row, cents, percent, read, stage, staged, work, write
from tasker_core import Handlers, RetryableError, Step

handlers = Handlers(namespace="analytics", task="customer_analytics")


@handlers.handler(step="extract_orders")
def extract_orders(step: Step) -> dict[str, Any]:
    """Orders of the period with their lines in cents of a euro."""
    rates = {row["currency"]: Decimal(row["euros"]) for row in read(step, "rates")}
    orders: dict[str, Row] = {}
    dropped: Counter[str] = Counter()
    for row in read(step, "orders"):
        if row["order_id"] in orders:
            dropped["doubled orders"] += 1
        elif not step.context["since"] <= row["ordered_at"][:10] <= step.context["until"]:
            dropped["orders outside the period"] += 1
        else:
            orders[row["order_id"]] = {**row, "lines": []}
    for line in read(step, "order_lines"):
        order = orders.get(line["order_id"])
        if order is None:
            dropped["lines without an order"] += 1
        elif not line["quantity"]:
            dropped["lines without a quantity"] += 1
        else:
            order["lines"].append(_line(line, rates[order["currency"]]))
    return {**stage(step, orders.values()), "dropped": dict(sorted(dropped.items()))}


def _line(line: dict[str, str], rate: Decimal) -> Row:
    quantity = int(line["quantity"])
    kept = 1 - Decimal(line["discount_percent"]) / 100
    return {
        "product_id": line["product_id"],
        "quantity": quantity,
        "cents": cents(Decimal(line["unit_price"]) * quantity * kept * rate),
    }


@handlers.handler(step="extract_users")
def extract_users(step: Step) -> dict[str, Any]:
    """Customers, with a country and a tier for each."""
    if step.attempt == 1:
        # The demo's first mishap: an ordinary exception, retried by the template's backoff.
        raise ConnectionError("the customer directory closed the connection")
    filled: Counter[str] = Counter()
    rows = []
    for row in read(step, "customers"):
        for key, fallback in (("country", "unknown"), ("tier", "standard")):
            if not row[key]:
                row[key] = fallback
                filled[key] += 1
        rows.append(row)
    return {**stage(step, rows), "filled": dict(sorted(filled.items()))}


@handlers.handler(step="extract_products")
def extract_products(step: Step) -> dict[str, Any]:
    """Products with prices and costs in cents; a cost that is not known is null."""
    rows = []
    for row in read(step, "products"):
        cost = cents(Decimal(row["unit_cost"])) if row["unit_cost"] else None
        rows.append({key: row[key] for key in ("product_id", "name", "category")} | {"cost": cost})
    return {**stage(step, rows), "without_cost": sum(row["cost"] is None for row in rows)}


@handlers.handler(step="transform_customer_metrics")
def transform_customer_metrics(step: Step) -> dict[str, Any]:
    """Joins orders with customers: who buys, again and again, and who stopped."""
    customers = {row["customer_id"]: row for row in staged(step, "extract_users")}
    orders = staged(step, "extract_orders")
    revenue: Counter[str] = Counter()
    bought: Counter[str] = Counter()
    last: dict[str, str] = {}
    guests: Counter[str] = Counter()
    for order in orders:
        if order["status"] not in ("delivered", "shipped"):
            continue
        total = _total(order)
        if not order["customer_id"]:
            guests.update(orders=1, cents=total)
            continue
        customer = order["customer_id"]
        revenue[customer] += total
        bought[customer] += 1
        last[customer] = max(last.get(customer, ""), order["ordered_at"][:10])
    lapsed = [c for c, day in last.items() if _days(day, step) > step.context["thresholds"]["lapsed_days"]]
    ranked = sorted(revenue, key=lambda c: (-revenue[c], c))
    return {
        "orders": len(orders),
        "statuses": dict(sorted(Counter(order["status"] for order in orders).items())),
        "cents": sum(revenue.values()) + guests["cents"],
        "guests": dict(guests),
        "customers": len(customers),
        "active": len(revenue),
        "repeating": sum(count > 1 for count in bought.values()),
        "lapsed": {"customers": len(lapsed), "cents": sum(revenue[c] for c in lapsed)},
        "top_tenth_cents": sum(revenue[c] for c in ranked[: max(1, len(ranked) // 10)]),
        "tiers": _by(customers, revenue, bought, "tier"),
        "countries": _by(customers, revenue, bought, "country"),
        "top": [
            {"customer_id": c, "tier": customers[c]["tier"], "orders": bought[c], "cents": revenue[c]}
            for c in ranked[: step.context["thresholds"]["top"]]
        ],
    }


def _total(order: Row) -> int:
    return sum(line["cents"] for line in order["lines"])


def _days(day: str, step: Step) -> int:
    return (date.fromisoformat(step.context["until"]) - date.fromisoformat(day)).days


def _by(customers: dict[str, Row], revenue: Counter[str], bought: Counter[str], key: str) -> list[Row]:
    """Customers, orders and revenue by one of the customer's columns, the best first."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for customer, amount in revenue.items():
        groups[customers[customer][key]].update(customers=1, orders=bought[customer], cents=amount)
    return [{key: name, **groups[name]} for name in sorted(groups, key=lambda n: (-groups[n]["cents"], n))]


@handlers.handler(step="transform_product_metrics")
def transform_product_metrics(step: Step) -> dict[str, Any]:
    """Joins order lines with products: what sells, what pays, what comes back."""
    products = {row["product_id"]: row for row in staged(step, "extract_products")}
    sold: dict[str, Counter[str]] = defaultdict(Counter)
    unknown = 0
    for order in staged(step, "extract_orders"):
        for line in order["lines"]:
            product = products.get(line["product_id"])
            if product is None:
                unknown += 1
            elif order["status"] != "cancelled":
                sold[line["product_id"]].update(_sale(line, product, order["status"] == "returned"))
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    for product_id, figures in sold.items():
        categories[products[product_id]["category"]].update(figures)
    top = sorted(sold, key=lambda p: (-sold[p]["cents"], p))[: step.context["thresholds"]["top"]]
    return {
        "products": len(products),
        "sold": len(sold),
        "unknown_lines": unknown,
        "categories": [
            {"category": name, **categories[name]}
            for name in sorted(categories, key=lambda n: (-categories[n]["cents"], n))
        ],
        "top": [{"product_id": p, "name": products[p]["name"], **sold[p]} for p in top],
        "returns": _returns(sold, products, step.context["thresholds"]),
    }


def _sale(line: Row, product: Row, returned: bool) -> dict[str, int]:
    """What one line adds; the margin only counts lines whose cost is known."""
    quantity = line["quantity"]
    if returned:
        return {"shipped": quantity, "returned": quantity, "cents": 0, "costed": 0, "margin": 0}
    known = product["cost"] is not None
    return {
        "shipped": quantity,
        "returned": 0,
        "cents": line["cents"],
        "costed": line["cents"] if known else 0,
        "margin": line["cents"] - product["cost"] * quantity if known else 0,
    }


def _returns(sold: dict[str, Counter[str]], products: dict[str, Row], thresholds: Row) -> list[Row]:
    """Products of which an unusual share comes back, the worst first; few pieces say nothing."""
    high = thresholds["high_return_percent"]
    found = [p for p, n in sold.items() if n["shipped"] >= 50 and n["returned"] * 100 > high * n["shipped"]]
    found.sort(key=lambda p: (-sold[p]["returned"] / sold[p]["shipped"], p))
    return [{"product_id": p, "name": products[p]["name"], **sold[p]} for p in found[: thresholds["top"]]]


@handlers.handler(step="generate_insights")
def generate_insights(step: Step) -> dict[str, Any]:
    """Sentences about what stands out, with the figures that the report shows beside them."""
    people = step.results("transform_customer_metrics")
    goods = step.results("transform_product_metrics")
    low = step.context["thresholds"]["low_margin_percent"]
    insights = [*_about_people(people), *_about_goods(goods, low)]
    return {"insights": insights, "customers": people, "products": goods}


def _about_people(people: Row) -> Iterable[str]:
    share = percent(people["top_tenth_cents"], people["cents"])
    yield f"The top tenth of the buying customers brings {share} of the revenue."
    yield f"{percent(people['repeating'], people['active'])} of the buying customers bought more than once."
    lapsed = people["lapsed"]
    share = percent(lapsed["cents"], people["cents"])
    yield f"{lapsed['customers']} customers with {share} of the revenue have not ordered lately."
    statuses = people["statuses"]
    yield f"{percent(statuses.get('returned', 0), people['orders'])} of the orders were returned."


def _about_goods(goods: Row, low: int) -> Iterable[str]:
    best = goods["categories"][0]
    total = sum(category["cents"] for category in goods["categories"])
    yield f"{best['category'].capitalize()} leads with {percent(best['cents'], total)} of the revenue."
    for category in goods["categories"]:
        if category["margin"] * 100 < low * category["costed"]:
            margin = percent(category["margin"], category["costed"])
            yield f"The margin of {category['category']} is {margin}, below the {low} % that are wanted."
    if goods["returns"]:
        worst = goods["returns"][0]
        share = percent(worst["returned"], worst["shipped"])
        yield f"Of {worst['product_id']} ({worst['name']}) {share} came back."


@handlers.handler(step="update_dashboard")
def update_dashboard(step: Step) -> dict[str, Any]:
    """Writes the report."""
    if step.attempt == 1:
        # The demo's second mishap: a server that says when to come back.
        raise RetryableError("the dashboard answers 503, Retry-After: 1", retry_after=1, code="503")
    text = dashboard.render(step.context, step.results("generate_insights"))
    return write(work(step, "dashboard.md"), text)


@handlers.handler(step="send_notifications")
def send_notifications(step: Step) -> dict[str, Any]:
    """A note to each channel; sending it twice leaves one file."""
    report = step.results("update_dashboard")
    sent = []
    for channel in step.context["channels"]:
        note = f"To: {channel}\nSubject: {step.config['subject']}\n\nThe report is {report['file']}.\n"
        sent.append(write(work(step, "outbox", f"{channel}.txt"), note)["file"])
    return {"sent": sent}
