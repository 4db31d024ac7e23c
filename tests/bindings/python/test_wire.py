"""Requests as bytes, and replies back."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from tasker_core import InvalidRequestError, wire


def test_fields_that_are_none_are_left_out_but_not_inside_payloads() -> None:
    assert wire.encode({"a": None, "b": {"c": None}}) == b'{"b":{"c":null}}'


def test_what_python_has_and_json_lacks_is_written_in_the_obvious_way() -> None:
    zone = timezone(timedelta(hours=2))
    request = {
        "at": datetime(2026, 1, 31, 10, 30, tzinfo=zone),
        "day": date(2026, 1, 31),
        "id": UUID(int=1),
        "half": Decimal("0.5"),
        "third": Decimal("0.3333333333333333333333"),
    }
    assert json.loads(wire.encode(request)) == {
        "at": "2026-01-31T08:30:00.000000Z",
        "day": "2026-01-31",
        "id": "00000000-0000-0000-0000-000000000001",
        "half": 0.5,
        "third": "0.3333333333333333333333",
    }


def nested() -> list[object]:
    loop: list[object] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "JSON"),
        (float("inf"), "JSON"),
        ({1, 2}, "set"),
        (b"raw", "bytes"),
        (object(), "object"),
        ("\ud800", "surrogate"),
        (datetime(2026, 1, 31), "time zone"),
        (nested(), "Circular"),
        ({(1, 2): 3}, "keys"),
    ],
)
def test_what_is_not_json_is_refused_before_anything_native(value: object, reason: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        wire.encode({"context": value})
    assert reason in str(caught.value)
    assert caught.value.remedy


def test_instants_come_back_with_their_zone() -> None:
    assert wire.instant("2026-01-31T08:30:00.000001Z") == datetime(
        2026, 1, 31, 8, 30, 0, 1, tzinfo=timezone.utc
    )
    assert wire.instant(None) is None
