"""A witness: HubSpot's campaigns API, stateful, with planned trouble. Imports nothing of ours."""
