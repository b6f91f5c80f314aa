"""Writes 50 MB, and one line that is longer than anybody reads."""

import sys

line = "the quick brown fox jumps over the lazy dog " * 2
for number in range(500_000):
    sys.stdout.write(f"{number:06} {line}\n")
sys.stdout.write("x" * 1_000_000 + "\n")
sys.stdout.write("WARNING: this is nearly the end\n")
print("the end")
