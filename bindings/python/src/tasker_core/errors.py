"""One exception class per error code of the library.

Every error that the library answers is a `TaskerError` of the class that
belongs to its code, so callers catch what they can act on and never match
text. The codes and their order are those of the C header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class TaskerError(Exception):
    """What the library refused or could not do; the base of all its errors.

    `message` says in one sentence what is wrong, `path` where (a JSON path, a
    file, a column), `remedy` what can be done about it, `problems` lists every
    problem of an input that was checked as a whole, `details` holds further
    facts, and `retryable` says whether the same call can help later.
    """

    code: str = "internal"

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        retryable: bool = False,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.retryable = retryable
        if code is not None:
            self.code = code

    @property
    def path(self) -> str | None:
        """Where it is wrong, None when there is no place."""
        return self._text("path")

    @property
    def remedy(self) -> str | None:
        """What can be done about it, None when nothing sensible can be said."""
        return self._text("remedy")

    @property
    def problems(self) -> Sequence[Mapping[str, Any]]:
        """Every problem of an input that was checked as a whole, often empty."""
        problems = self.details.get("problems")
        return problems if isinstance(problems, list) else []

    def _text(self, key: str) -> str | None:
        value = self.details.get(key)
        return value if isinstance(value, str) and value else None

    def __str__(self) -> str:
        lines = [self.message]
        if self.path and self.path not in self.message:
            lines[0] += f" (at {self.path})"
        lines += [f"  {describe_problem(problem)}" for problem in self.problems]
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled by their arguments alone, which would lose the
        # keywords on the way through multiprocessing.
        return _restore, (type(self), self.message, self.details, self.retryable, self.code)


def _restore(
    kind: type[TaskerError], message: str, details: dict[str, Any], retryable: bool, code: str
) -> TaskerError:
    return kind(message, details=details, retryable=retryable, code=code)


def describe_problem(problem: Mapping[str, Any]) -> str:
    """One line for one entry of `problems`: place, message, suggestion."""
    place = str(problem.get("path", ""))
    if problem.get("line"):
        place = f"line {problem['line']}:{problem.get('column', 0)} {place}".rstrip()
    text = f"{place}: {problem.get('message', '')}" if place else str(problem.get("message", ""))
    suggestion = problem.get("suggestion")
    return f"{text}; {suggestion}" if suggestion else text


class InvalidRequestError(TaskerError):
    """The request itself is wrong; repeating it cannot help."""

    code = "invalid_request"


class NotFoundError(TaskerError):
    """A named or numbered thing does not exist."""

    code = "not_found"


class ConflictError(TaskerError):
    """A transition lost a race or is illegal from the present state."""

    code = "conflict"


class DuplicateError(TaskerError):
    """The thing exists already and the caller asked for an error."""

    code = "duplicate"


class LeaseLostError(TaskerError):
    """The caller no longer holds the step."""

    code = "lease_lost"


class UnmigratedError(TaskerError):
    """The database lacks the engine's tables or some migration."""

    code = "unmigrated"


class IncompatibleSchemaError(TaskerError):
    """The database is not the engine's, or newer than this library."""

    code = "incompatible_schema"


class UnavailableError(TaskerError):
    """The database cannot be reached or cannot take the write now."""

    code = "unavailable"


class CallTimeoutError(TaskerError):
    """The deadline passed; the outcome of a write is unknown."""

    code = "timeout"


class CallCancelledError(TaskerError):
    """The call was interrupted."""

    code = "cancelled"


class LimitExceededError(TaskerError):
    """A stated limit of size, depth, count or space."""

    code = "limit_exceeded"


class ClosedError(TaskerError):
    """The engine was closed."""

    code = "closed"


class ForkedError(TaskerError):
    """The process was forked, and what its parent had cannot be had here."""

    code = "forked"


class UnsupportedError(TaskerError):
    """This store or platform cannot do it."""

    code = "unsupported"


class PermissionDeniedError(TaskerError):
    """The operating system or the database refuses access."""

    code = "permission"


class InternalError(TaskerError):
    """A defect of the library; the full text is in its log."""

    code = "internal"


class LibraryLoadError(TaskerError):
    """The shared library could not be loaded; the message names ways out.

    It is raised by this package alone, before there is a library to answer.
    """

    code = "library"


class ErrorClasses:
    """The table of codes and classes."""

    # In the order of the C header's status codes, the first being status 1.
    IN_ORDER: ClassVar[tuple[type[TaskerError], ...]] = (
        InvalidRequestError,
        NotFoundError,
        ConflictError,
        DuplicateError,
        LeaseLostError,
        UnmigratedError,
        IncompatibleSchemaError,
        UnavailableError,
        CallTimeoutError,
        CallCancelledError,
        LimitExceededError,
        ClosedError,
        ForkedError,
        UnsupportedError,
        PermissionDeniedError,
        InternalError,
    )
    BY_CODE: ClassVar[dict[str, type[TaskerError]]] = {kind.code: kind for kind in IN_ORDER}


def from_reply(status: int, reply: Mapping[str, Any] | None) -> TaskerError:
    """The exception for a status and the error reply that came with it, if any."""
    error = (reply or {}).get("error") or {}
    known = ErrorClasses.IN_ORDER
    by_status = known[status - 1] if 0 < status <= len(known) else InternalError
    code = str(error.get("code") or by_status.code)
    # Functions without a reply answer a status alone: then the class must tell.
    meaning = (by_status.__doc__ or "").partition("\n")[0]
    return ErrorClasses.BY_CODE.get(code, by_status)(
        str(error.get("message") or f"{meaning} (status {status})"),
        details=error.get("details") or {},
        retryable=bool(error.get("retryable", False)),
        code=code,
    )
