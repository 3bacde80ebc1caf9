"""The runner behind bench/bench."""
