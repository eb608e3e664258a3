"""The form of the log: one JSON object a line."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor


def configure_logging(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Write one JSON object a line to *stream*, from our own log and from the libraries' alike."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # A line for each request, whose whole URL may hold a receiver's secret; we write our own for each attempt.
    logging.getLogger("httpx").setLevel(logging.WARNING)
