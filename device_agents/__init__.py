"""What it costs on hardware: meters, procedure, agent, fleet."""
