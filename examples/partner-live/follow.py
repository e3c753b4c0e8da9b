#!/usr/bin/env python3
"""Follows the orders of your channels: first as they stand, then whatever happens to them.

    ENTREPOT_URL=http://127.0.0.1:8080 ENTREPOT_TOKEN=... python3 follow.py [updates.ndjson]

Prints one JSON line an update and appends it to a file, whose last line holds the cursor to go on
from: each update stands there once, whatever is killed meanwhile: this script, the server, or the
connection. Needs Python 3.9 or newer and nothing else.
"""

import http.client
import json
import os
import sys
import time
import urllib.parse

QUERY = """
subscription ($after: String) {
  orderChanged(after: $after, snapshot: true) {
    cursor
    previousCursor
    kind
    position
    eventType
    order { id status totals { total { amount currency } } }
  }
}
"""
# A stream that lives says something every 12 seconds.
SILENCE_MAX = 40
# Between two attempts to reach the server: doubled each time, up to the longest.
PAUSE, PAUSE_MAX = 0.5, 15


class Refused(Exception):
    """The server says why it does not send, or not any more."""

    def __init__(self, errors):
        first = errors[0]
        super().__init__(first["message"])
        self.details = first.get("extensions", {})
        self.code = self.details.get("code")


class Journal:
    """The updates that were handled, a line each. The cursor to go on from stands in the last whole
    line: an update and its cursor are kept together or not at all, whenever the power goes."""

    def __init__(self, path):
        self.file = open(path, "a+b")
        self.file.seek(0)
        self.cursor, whole = None, 0
        for line in self.file:
            if not line.endswith(b"\n"):
                break
            self.cursor = json.loads(line)["cursor"]
            whole += len(line)
        self.file.truncate(whole)

    def handle(self, update):
        """What this script is for: the update is shown, and kept. Yours does something with the
        order instead, in one transaction with the cursor."""
        line = json.dumps(update)
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.cursor = update["cursor"]
        print(line, flush=True)


def events(response):
    """The payloads of a stream of server-sent events, until it breaks off or is complete."""
    kind, data = None, []
    for line in response:
        line = line.decode("utf-8").rstrip("\n")
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].strip())
        elif line == "":
            if kind == "complete":
                return
            if kind == "next":
                yield json.loads("\n".join(data))
            kind, data = None, []


def connect(url, token, cursor):
    """A stream that goes on after a cursor, or begins with a snapshot."""
    where = urllib.parse.urlsplit(url)
    secure = where.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(where.hostname, where.port, timeout=SILENCE_MAX)
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    body = json.dumps({"query": QUERY, "variables": {"after": cursor}})
    connection.request("POST", where.path.rstrip("/") + "/graphql", body, headers)
    response = connection.getresponse()
    if response.status != 200:
        text = response.read().decode("utf-8", "replace")
        try:
            errors = json.loads(text)["errors"]
        except (ValueError, KeyError):
            raise ConnectionError(f"{response.status}: {text[:200]}") from None
        raise Refused(errors)
    return response


def follow(url, token, journal):
    for payload in events(connect(url, token, journal.cursor)):
        if "errors" in payload:
            raise Refused(payload["errors"])
        update = payload["data"]["orderChanged"]
        # The server leaves nothing out; this would notice.
        if journal.cursor is not None and update["previousCursor"] != journal.cursor:
            raise SystemExit(f"updates were missed before {update['cursor']}")
        journal.handle(update)


def main():
    url, token = os.environ["ENTREPOT_URL"], os.environ["ENTREPOT_TOKEN"]
    journal = Journal(sys.argv[1] if len(sys.argv) > 1 else "updates.ndjson")
    pause = PAUSE
    while True:
        before = journal.cursor
        try:
            follow(url, token, journal)
            reason = "the stream ended"
        except Refused as refused:
            reason = str(refused)
            if refused.code == "CURSOR_EXPIRED":
                # There is no way to go on without a gap: begin again with what stands.
                journal.cursor = None
            elif not refused.details.get("retryable"):
                raise SystemExit(f"{refused.code}: {refused}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
        pause = PAUSE if journal.cursor != before else min(pause * 2, PAUSE_MAX)
        print(f"again in {pause:g} s: {reason}", file=sys.stderr, flush=True)
        time.sleep(pause)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
