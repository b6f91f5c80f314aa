"""Writes an object with nothing but the standard library and what the environment says: that it says enough is a part of the test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path


def write(place: str, data: bytes) -> None:
    scheme, _, path = place.rpartition("://")
    {"": write_file, "s3": write_s3, "gs": write_google, "azfs": write_azure}[scheme](path, data)


def write_file(path: str, data: bytes) -> None:
    Path(path).write_bytes(data)


def write_s3(path: str, data: bytes) -> None:
    """AWS Signature Version 4."""
    endpoint, region = os.environ["AWS_ENDPOINT_URL_S3"], os.environ["AWS_REGION"]
    now = datetime.now(timezone.utc)
    day, time = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    body = hashlib.sha256(data).hexdigest()
    headers = {"host": urllib.parse.urlsplit(endpoint).netloc, "x-amz-content-sha256": body, "x-amz-date": time}
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    signed = ";".join(sorted(headers))
    target = "/" + urllib.parse.quote(path)
    canonical = ["PUT", target, "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", signed, body]
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (day, region, "s3", "aws4_request", f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={signed},Signature={key.hex()}"
    send("PUT", endpoint + target, data, headers)


def write_google(path: str, data: bytes) -> None:
    bucket, _, name = path.partition("/")
    query = urllib.parse.urlencode({"uploadType": "media", "name": name})
    send("POST", f"{os.environ['STORAGE_EMULATOR_HOST']}/upload/storage/v1/b/{bucket}/o?{query}", data, {})


def write_azure(path: str, data: bytes) -> None:
    """Shared Key, at an emulator that has the account in its path."""
    account, _, path = path.partition("/")
    own = {"x-ms-blob-type": "BlockBlob", "x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    length = str(len(data))
    kind = "application/octet-stream"
    lines = ["PUT", "", "", length, "", kind, *[""] * 6, *(f"{name}:{own[name]}" for name in sorted(own))]
    target = urllib.parse.quote(path)
    lines.append(f"/{account}/{account}/{target}")
    key = base64.b64decode(os.environ["AZURE_STORAGE_ACCOUNT_KEY"])
    signature = base64.b64encode(hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
    headers = {**own, "content-type": kind, "authorization": f"SharedKey {account}:{signature}"}
    send("PUT", f"{os.environ['AZURE_STORAGE_ENDPOINT']}/{target}", data, headers)


def send(method: str, address: str, data: bytes, headers: dict[str, str]) -> None:
    headers = {"content-type": "application/octet-stream", **headers}
    urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method)).close()
