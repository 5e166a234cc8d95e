"""One function for each use case: what every edge calls. Results are JSON-ready values."""
