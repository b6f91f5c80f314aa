"""Does a part of its work, and fails."""

import json
import os
from pathlib import Path

folder = Path(os.environ["TMPL_RESULTS"])
rows = [{"stdout": "sent 3 letters"}, {"stderr": "no address: <b>Ann & Co</b> \u202egpj.exe"}]
folder.joinpath("rows-00000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
print("sending letters \x1b[31mred\x1b[0m <script>alert(1)</script>", flush=True)
raise ValueError("the printer <img src=x onerror=alert(1)> is out of paper")
