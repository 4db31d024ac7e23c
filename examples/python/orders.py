"""Handlers of the order flow: one order from cart to confirmation."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal
from typing import Any

from files import cents, euros, read, work, write
from tasker_core import Handlers, PermanentError, Step

handlers = Handlers(namespace="shop", task="order_flow")

_GREETING = {
    "en": "thank you for your order {order_id}.",
    "de": "vielen Dank für Ihre Bestellung {order_id}.",
}


@handlers.handler(step="validate_cart")
def validate_cart(step: Step) -> dict[str, Any]:
    """Reads the order; what cannot be bought is left out and named."""
    order_id = step.context["order_id"]
    order = next((row for row in read(step, "orders") if row["order_id"] == order_id), None)
    if order is None:
        raise PermanentError(f"there is no order {order_id}", code="unknown_order")
    products = {row["product_id"] for row in read(step, "products")}
    lines = [row for row in read(step, "order_lines") if row["order_id"] == order_id]
    good = [row for row in lines if row["quantity"] and row["product_id"] in products]
    if not good:
        raise PermanentError(f"nothing of {order_id} can be bought", code="empty_cart")
    return {
        "customer_id": order["customer_id"] or "guest",
        "currency": order["currency"],
        "lines": [
            {
                "product_id": row["product_id"],
                "quantity": int(row["quantity"]),
                "unit_price": row["unit_price"],
                "discount_percent": int(row["discount_percent"]),
            }
            for row in good
        ],
        "left_out": len(lines) - len(good),
    }


@handlers.handler(step="process_payment")
def process_payment(step: Step) -> dict[str, Any]:
    """The amount in euros, and an authorisation that is the same however often it is asked for."""
    cart = step.results("validate_cart")
    rate = next(Decimal(row["euros"]) for row in read(step, "rates") if row["currency"] == cart["currency"])
    amount = sum(
        cents(Decimal(line["unit_price"]) * line["quantity"] * (100 - line["discount_percent"]) / 100 * rate)
        for line in cart["lines"]
    )
    key = f"{step.context['order_id']}:{amount}"
    authorisation = hashlib.sha256(key.encode()).hexdigest()[:12]
    return {"cents": amount, "authorisation": authorisation, "lines": cart["lines"]}


@handlers.handler(step="update_inventory")
def update_inventory(step: Step) -> dict[str, Any]:
    """Reserves what was paid for."""
    paid = step.results("process_payment")
    stock = {row["product_id"]: int(row["stock"]) for row in read(step, "products")}
    wanted: Counter[str] = Counter()
    for line in paid["lines"]:
        wanted[line["product_id"]] += line["quantity"]
    short = sorted(product for product, quantity in wanted.items() if quantity > stock[product])
    if short:
        raise PermanentError(f"not enough of {', '.join(short)}", code="out_of_stock")
    return {"reserved": dict(sorted(wanted.items())), "payment": paid}


@handlers.handler(step="create_order")
def create_order(step: Step) -> dict[str, Any]:
    """Writes the order document; the same order gets the same document."""
    held = step.results("update_inventory")
    document = {
        "order_id": step.context["order_id"],
        "cents": held["payment"]["cents"],
        "authorisation": held["payment"]["authorisation"],
        "pieces": sum(held["reserved"].values()),
        "reserved": held["reserved"],
    }
    path = work(step, "orders", f"{step.context['order_id']}.json")
    write(path, json.dumps(document, indent=2) + "\n")
    return document


@handlers.handler(step="send_confirmation")
def send_confirmation(step: Step) -> dict[str, Any]:
    """Writes the message to the customer."""
    order = step.results("create_order")
    greeting = _GREETING[step.context["language"]].format(order_id=order["order_id"])
    text = f"Hello,\n\n{greeting}\n{order['pieces']} pieces, {euros(order['cents'])} EUR.\n"
    path = work(step, "outbox", f"{order['order_id']}.txt")
    return {"sent": write(path, text)["file"]}
