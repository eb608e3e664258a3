"""HubSpot's marketing campaigns API, from our side. Knows nothing of runs, portals or Redis."""
