#!/usr/bin/env python3
"""Writes the data set of the demo: a shop's first quarter, with the usual mess.

    python3 examples/data/generate.py            writes the files beside this script
    python3 examples/data/generate.py --check    fails when they differ from what it would write

The files are committed; this script tells how they came about. Only
random.random() is drawn from, whose sequence for a seed is the same in every
version of Python.

The mess: guests without a customer, customers without country or tier, products
without a cost, lines that name no product or have no quantity, doubled orders,
three currencies, returned and cancelled orders.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20260331
CUSTOMERS, PRODUCTS, ORDERS = 800, 120, 3_000
START = datetime(2026, 1, 1)
MINUTES = 90 * 24 * 60  # the first quarter, 1 January to 31 March

CATEGORIES = {
    "coffee": ("espresso", "filter", "decaf", "cold brew"),
    "tea": ("green", "black", "herbal", "oolong"),
    "equipment": ("grinder", "kettle", "scale", "press"),
    "cups": ("espresso cup", "mug", "glass", "travel cup"),
    "sweets": ("biscuit", "chocolate", "nougat", "caramel"),
    "books": ("guide", "atlas", "journal", "cookbook"),
}
SIZES = ("small", "medium", "large", "set", "refill")
BASE_CENTS = {"coffee": 1_150, "tea": 850, "equipment": 5_900, "cups": 1_400, "sweets": 550, "books": 2_200}

COUNTRIES = (("DE", 30), ("FR", 18), ("NL", 12), ("GB", 16), ("US", 12), ("ES", 7), ("PL", 5))
CURRENCY = {"GB": "GBP", "US": "USD"}
RATES = (("EUR", "1"), ("GBP", "1.1680"), ("USD", "0.9215"))
TIERS = (("standard", 70), ("silver", 20), ("gold", 10))
STATUSES = (("delivered", 82), ("shipped", 8), ("returned", 6), ("cancelled", 4))
CHANNELS = (("web", 60), ("app", 30), ("shop", 10))

Table = tuple[str, Sequence[str], list[Sequence[object]]]


class Draw:
    """Draws that rest on random.random alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, n: int) -> int:
        return int(self._random.random() * n)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def one(self, items: Sequence[str]) -> str:
        return items[self.below(len(items))]

    def weighted(self, choices: Sequence[tuple[str, int]]) -> str:
        mark = self._random.random() * sum(weight for _, weight in choices)
        for value, weight in choices:
            mark -= weight
            if mark < 0:
                return value
        return choices[-1][0]

    def skewed(self, n: int) -> int:
        """A number below n, the small ones far more often: a few customers and products lead."""
        return int(n * self._random.random() ** 1.5)


def customers(draw: Draw) -> Iterator[Sequence[object]]:
    for number in range(1, CUSTOMERS + 1):
        country = "" if draw.chance(0.02) else draw.weighted(COUNTRIES)
        tier = "" if draw.chance(0.015) else draw.weighted(TIERS)
        signed_up = START - timedelta(days=draw.below(1_200))
        yield f"C{number:04d}", country, tier, signed_up.date().isoformat()


def products(draw: Draw) -> Iterator[Sequence[object]]:
    categories = sorted(CATEGORIES)
    for number in range(1, PRODUCTS + 1):
        category = categories[draw.below(len(categories))]
        name = f"{draw.one(CATEGORIES[category])}, {draw.one(SIZES)}"
        price = BASE_CENTS[category] * (60 + draw.below(120)) // 100
        cost = "" if draw.chance(0.04) else euros(price * (40 + draw.below(30)) // 100)
        yield f"P{number:03d}", name, category, euros(price), cost, 20 + draw.below(180)


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def orders(
    draw: Draw, buyers: Sequence[Sequence[object]], goods: Sequence[Sequence[object]]
) -> tuple[Table, Table]:
    heads: list[Sequence[object]] = []
    lines: list[Sequence[object]] = []
    minutes = sorted(draw.below(MINUTES) for _ in range(ORDERS))
    rates = {currency: float(rate) for currency, rate in RATES}
    for number, minute in enumerate(minutes, start=1):
        order_id = f"O{number:05d}"
        buyer = buyers[draw.skewed(CUSTOMERS)]
        currency = CURRENCY.get(str(buyer[1]), "EUR")
        customer_id = "" if draw.chance(0.02) else buyer[0]
        head = (
            order_id,
            customer_id,
            (START + timedelta(minutes=minute)).isoformat(timespec="minutes"),
            currency,
            draw.weighted(STATUSES),
            draw.weighted(CHANNELS),
        )
        heads.append(head)
        if draw.chance(0.004):
            heads.append(head)  # the shop's export repeats some rows
        for line in range(1, 2 + draw.below(4)):
            product = goods[draw.skewed(PRODUCTS)]
            product_id = "P999" if draw.chance(0.003) else product[0]
            quantity = "" if draw.chance(0.004) else 1 + draw.below(3)
            cents = int(float(str(product[3])) * 100 / rates[currency])
            discount = (0, 0, 0, 5, 10, 15)[draw.below(6)]
            lines.append((order_id, line, product_id, quantity, euros(cents), discount))
    head_columns = ("order_id", "customer_id", "ordered_at", "currency", "status", "channel")
    line_columns = ("order_id", "line", "product_id", "quantity", "unit_price", "discount_percent")
    return ("orders", head_columns, heads), ("order_lines", line_columns, lines)


def tables() -> Iterable[Table]:
    draw = Draw(SEED)
    buyers = list(customers(draw))
    goods = list(products(draw))
    yield "customers", ("customer_id", "country", "tier", "signed_up"), buyers
    yield "products", ("product_id", "name", "category", "list_price", "unit_cost", "stock"), goods
    yield "rates", ("currency", "euros"), list(RATES)
    yield from orders(draw, buyers, goods)


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    stale = []
    for name, columns, rows in tables():
        path = Path(__file__).with_name(f"{name}.csv")
        text = written(columns, rows)
        if not options.check:
            path.write_text(text, encoding="utf-8")
            print(f"{path.name}: {len(rows)} rows")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        print(f"these files are not what generate.py writes: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
