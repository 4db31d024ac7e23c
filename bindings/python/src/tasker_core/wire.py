"""What crosses the boundary: one JSON object each way, as UTF-8 bytes.

Requests may hold what JSON knows, and three things more that are written in
the obvious way: an aware datetime (RFC 3339 in UTC), a UUID and a Decimal that
is finite (a number, digit for digit only if a float can hold it, else text).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from .errors import InternalError, InvalidRequestError


def encode(request: Mapping[str, Any]) -> bytes:
    """The request as bytes; fields that are None are left out.

    Raises InvalidRequestError for what is not JSON: it is checked here, before
    anything native is touched.
    """
    present = {key: value for key, value in request.items() if value is not None}
    try:
        return _ENCODER.encode(present).encode()
    except RecursionError:
        raise _refused("it is nested too deeply, or contains itself") from None
    except UnicodeEncodeError as error:
        raise _refused(f"a text holds a lone surrogate at offset {error.start}") from None
    except (TypeError, ValueError) as error:
        raise _refused(str(error)) from None


def decode(reply: bytes) -> dict[str, Any]:
    """The reply as a dictionary; no bytes at all are an empty one."""
    if not reply:
        return {}
    value = json.loads(reply.decode())  # bytes would have their encoding guessed
    if not isinstance(value, dict):
        raise InternalError("the library answered something that is not an object")
    return value


def instant(text: str | None) -> datetime | None:
    """The moment that a reply names, None for null."""
    # fromisoformat reads the final Z only from Python 3.11 on.
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"the datetime {value.isoformat()} has no time zone")
        return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")


# json.dumps makes an encoder for each call, which takes longer than a small request.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the request cannot be written as JSON: {reason}",
        details={
            "remedy": "Use objects, lists, text, finite numbers, booleans, None, aware datetimes and UUIDs."
        },
    )
