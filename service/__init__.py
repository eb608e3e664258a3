"""Way in 1: HTTP. Parses, authorises, stores, answers; does no work of a run."""
