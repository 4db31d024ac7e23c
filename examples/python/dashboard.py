"""The report of the analytics pipeline as text. It holds figures only: no clock, no path, no id of a task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from files import Row, euros, percent
from tasker_core import table


def render(context: Row, figures: Row) -> str:
    """The whole report."""
    people, goods = figures["customers"], figures["products"]
    parts = [
        f"# Customers and products, {context['since']} to {context['until']}",
        _summary(people, goods),
        "## What stands out\n\n" + "\n".join(f"- {line}" for line in figures["insights"]),
        _section("Customers by tier", _groups(people["tiers"], "tier", people["cents"])),
        _section("Customers by country", _groups(people["countries"], "country", people["cents"])),
        _section("Best customers", _best_customers(people)),
        _section("Categories", _categories(goods)),
        _section("Best products", _best_products(goods)),
        _section("Products that come back", _returns(goods)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _summary(people: Row, goods: Row) -> str:
    statuses = ", ".join(f"{count} {status}" for status, count in sorted(people["statuses"].items()))
    guests = people["guests"]
    rows = [
        ("orders", f"{people['orders']:,}", statuses),
        ("revenue", euros(people["cents"]), "EUR, delivered and shipped orders"),
        ("customers", f"{people['customers']:,}", f"{people['active']} of them bought"),
        ("guests", f"{guests.get('orders', 0):,}", f"orders, {euros(guests.get('cents', 0))} EUR"),
        ("products", f"{goods['products']:,}", f"{goods['sold']} of them sold"),
        ("unknown", f"{goods['unknown_lines']:,}", "order lines name no known product"),
    ]
    return _table(("figure", "value", "of which"), rows, {1})


def _groups(groups: Iterable[Row], key: str, total: int) -> str:
    rows = [
        (g[key], g["customers"], g["orders"], euros(g["cents"]), percent(g["cents"], total)) for g in groups
    ]
    return _table((key, "customers", "orders", "revenue", "share"), rows, {1, 2, 3, 4})


def _best_customers(people: Row) -> str:
    rows = [(c["customer_id"], c["tier"], c["orders"], euros(c["cents"])) for c in people["top"]]
    return _table(("customer", "tier", "orders", "revenue"), rows, {2, 3})


def _categories(goods: Row) -> str:
    rows = [
        (
            c["category"],
            f"{c['shipped']:,}",
            euros(c["cents"]),
            percent(c["margin"], c["costed"]),
            percent(c["returned"], c["shipped"]),
        )
        for c in goods["categories"]
    ]
    return _table(("category", "pieces", "revenue", "margin", "returned"), rows, {1, 2, 3, 4})


def _best_products(goods: Row) -> str:
    rows = [(p["product_id"], p["name"], p["shipped"], euros(p["cents"])) for p in goods["top"]]
    return _table(("product", "name", "pieces", "revenue"), rows, {2, 3})


def _returns(goods: Row) -> str:
    rows = [
        (p["product_id"], p["name"], p["shipped"], percent(p["returned"], p["shipped"]))
        for p in goods["returns"]
    ]
    return _table(("product", "name", "pieces", "returned"), rows, {2, 3}) if rows else "None stands out."


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]], right: set[int]) -> str:
    return table.render(head, rows, right=right)
