"""For people: `fanfare ...`."""
