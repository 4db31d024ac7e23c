"""Tasker Core: a workflow engine in one shared library, from Python.

    from tasker_core import Engine, Worker

    with Engine.open() as engine:
        engine.template_load(directory="config/tasks")
        engine.task_create(name="order", context={"order_id": 7})
        worker = Worker(engine, concurrency=8)

        @worker.handler(step="validate_cart", task="order")
        def validate_cart(step):
            return {"lines": len(step.context["cart"])}

        worker.run()

Importing this package loads nothing native and starts nothing; the library is
loaded by the first open. The command line is `python -m tasker_core`.
"""

from ._version import __version__
from .aio import AsyncEngine
from .client import Engine
from .errors import (
    CallCancelledError,
    CallTimeoutError,
    ClosedError,
    ConflictError,
    DuplicateError,
    ForkedError,
    IncompatibleSchemaError,
    InternalError,
    InvalidRequestError,
    LeaseLostError,
    LibraryLoadError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    TaskerError,
    UnavailableError,
    UnmigratedError,
    UnsupportedError,
)
from .handlers import Handlers, PermanentError, RetryableError, Step
from .worker import Worker

__all__ = [
    "AsyncEngine",
    "CallCancelledError",
    "CallTimeoutError",
    "ClosedError",
    "ConflictError",
    "DuplicateError",
    "Engine",
    "ForkedError",
    "Handlers",
    "IncompatibleSchemaError",
    "InternalError",
    "InvalidRequestError",
    "LeaseLostError",
    "LibraryLoadError",
    "LimitExceededError",
    "NotFoundError",
    "PermanentError",
    "PermissionDeniedError",
    "RetryableError",
    "Step",
    "TaskerError",
    "UnavailableError",
    "UnmigratedError",
    "UnsupportedError",
    "Worker",
    "__version__",
]
