"""Unpacks a source distribution: `python -I -S unpack_source.py ARCHIVE FOLDER`. Standard library only, Python 3.9 or later.

Prints the folder that holds the source, which is the one folder at the top of the archive.
"""

import os
import sys
import tarfile
import zipfile


def unpack(archive: str, folder: str) -> None:
    """Unpacks an archive; nothing of it is written outside of the folder."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as source:
            # zipfile itself takes `..` and leading slashes out of names.
            source.extractall(folder)
        return
    with tarfile.open(archive) as source:
        if hasattr(tarfile, "data_filter"):
            source.extractall(folder, filter="data")
            return
        members = [member for member in source.getmembers() if member.isfile() or member.isdir()]
        top = os.path.realpath(folder)
        for member in members:
            target = os.path.realpath(os.path.join(folder, member.name))
            if os.path.commonpath([top, target]) != top:
                raise SystemExit(f"{member.name} leads out of the archive")
        source.extractall(folder, members)


def main() -> None:
    archive, folder = sys.argv[1:]
    unpack(archive, folder)
    folders = [entry.path for entry in os.scandir(folder) if entry.is_dir()]
    if len(folders) != 1:
        raise SystemExit(f"the archive has {len(folders)} folders at its top, not one")
    print(folders[0], end="")


if __name__ == "__main__":
    main()
