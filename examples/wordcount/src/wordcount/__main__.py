"""The entry point: `python -m wordcount --input=… --output=…`."""

import sys

from wordcount.pipeline import main

if __name__ == "__main__":
    sys.exit(main())
