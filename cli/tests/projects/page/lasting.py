"""Counts, a line every tenth of a second, for some minutes."""

import time

for number in range(1800):
    print("line", number, flush=True)
    time.sleep(0.1)
