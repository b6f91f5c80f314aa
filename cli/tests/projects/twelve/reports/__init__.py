"""Daily reports. Each module is a program of its own; what they share is in `table`."""
