"""Logs to standard error: text for people, JSON for machines.

They hold participant and room ids and never a token, a title or the name of a site; the callers see to that.
"""

from __future__ import annotations

import logging
import sys

import structlog

from telepresence.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Sets structlog up for the whole process."""
    is_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if is_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *([] if is_text else [structlog.processors.dict_tracebacks]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
