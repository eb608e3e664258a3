"""`fanfare doctor`: looks at settings, Redis and HubSpot's accounts as the programs would, and says what to do."""
