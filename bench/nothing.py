"""The no-op job of RQ's workers, alone in its module: a forked worker imports it anew for each job."""


def nothing() -> None:
    """Do nothing."""
