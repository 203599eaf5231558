"""Logs to standard error: text for people, JSON for machines.

They hold participant and room ids and never a token, a title or the name of a site; the callers see to that. A
traceback is written without the values of variables, since among them are the messages that carry tokens.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from telepresence.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Sets structlog up for the whole process."""
    is_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *(_text() if is_text else _json()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _text() -> list[Processor]:
    # Its default, Rich's traceback, shows the variables of each frame.
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _json() -> list[Processor]:
    # `dict_tracebacks` shows the variables of each frame.
    without_variables = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [without_variables, structlog.processors.JSONRenderer()]
