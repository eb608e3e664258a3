"""The operations of HubSpot's API, by subject, and the simulator's own controls."""
