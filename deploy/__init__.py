"""What it takes to run Fanfare: images, Kubernetes, alerts, and the dashboard, which is made here."""
