"""pip, as far as Beam's entry point of workers asks it what is there. In an image of a template everything is there already, so
nothing can be installed: what a job brings along ends here with a sentence, and not in a search of the network.
"""

from __future__ import annotations

import sys
from importlib import metadata


def _freeze() -> int:
    installed = {found.metadata["Name"]: found.version for found in metadata.distributions()}
    for name in sorted(installed, key=str.lower):
        print(f"{name}=={installed[name]}")
    return 0


def _show(names: list[str]) -> int:
    missing = 0
    for name in names:
        try:
            print(f"Name: {name}\nVersion: {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"WARNING: Package(s) not found: {name}", file=sys.stderr)
            missing += 1
    return 1 if missing == len(names) else 0


def main(arguments: list[str]) -> int:
    words = [argument for argument in arguments if not argument.startswith("-")]
    if words[:1] in (["freeze"], ["list"]):
        return _freeze()
    if words[:1] == ["show"]:
        return _show(words[1:])
    if "--version" in arguments:
        print("pip 0 (of an image made by tmpl build)")
        return 0
    print(
        "error: nothing can be installed in the image of a template\n"
        "hint: add it to the project's requirements, and build the template again",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
