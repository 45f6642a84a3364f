"""Statistics on plain arrays: frozen results with interval, method, n, warnings and sentence."""
