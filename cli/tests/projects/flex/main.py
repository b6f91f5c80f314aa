"""A pipeline's program in an image of somebody's own: tells what it was given."""

import argparse
import os
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--name", required=True)
options, _ = parser.parse_known_args()
print("hello", options.name)
print("token:", os.environ.get("TOKEN"))
print("folder:", os.getcwd())
sys.exit(3 if options.name == "nobody" else 0)
