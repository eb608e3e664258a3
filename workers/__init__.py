"""Way in 2: RQ. Carries runs out against HubSpot and posts their status back."""
