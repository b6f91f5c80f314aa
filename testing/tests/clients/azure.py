"""Creates a blob twice on Azurite, and reads it: azure.py ENDPOINT. Prints the two statuses and what is there then.

Requests are signed with the account's key ("Shared Key").
"""

import base64
import hashlib
import hmac
import os
import sys
import urllib.error
import urllib.request
from email.utils import formatdate

account = os.environ["AZURE_STORAGE_ACCOUNT_NAME"]
key = base64.b64decode(os.environ["AZURE_STORAGE_ACCOUNT_KEY"])


def send(method, path, body=None):
    own = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    standard = {}
    if body is not None:
        own["x-ms-blob-type"] = "BlockBlob"
        standard = {"content-length": str(len(body)), "content-type": "text/plain", "if-none-match": "*"}
    names = (
        "content-encoding content-language content-length content-md5 content-type date "
        "if-modified-since if-match if-none-match if-unmodified-since range"
    )
    lines = [method, *(standard.get(name, "") for name in names.split())]
    lines += [f"{name}:{own[name]}" for name in sorted(own)] + [f"/{account}/{account}/{path}"]
    signature = base64.b64encode(hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
    headers = {**own, **standard, "authorization": f"SharedKey {account}:{signature}"}
    url = f"{sys.argv[1]}/{account}/{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


print(send("PUT", "tests/object", b"first")[0], send("PUT", "tests/object", b"second")[0], end=" ")
print(send("GET", "tests/object")[1])
