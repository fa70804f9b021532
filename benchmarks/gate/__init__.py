"""How long the secret validator takes, with the latency of AWS simulated: ``python -m benchmarks.gate``."""
