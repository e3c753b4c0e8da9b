#!/usr/bin/env python3
"""Kills what can be killed while follow.py follows, and proves that it saw each update once.

Run by scripts/suites/partner-live beside a demo (scripts/with-demo). It starts a second server on
the same data, to kill it: the demo's own stays.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

BIN = os.environ["ENTREPOT_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))
ORDERS = 60
DEADLINE = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server of our own on the demo's data."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        command = [BIN, "serve", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the server answers", self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(DEADLINE)


class Proxy:
    """Stands between, to cut connections in the middle of whatever they carry."""

    def __init__(self, port):
        self.to, self.open = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            here, _ = self.listener.accept()
            try:
                there = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                here.close()
                continue
            self.open += [here, there]
            for source, sink in [(here, there), (there, here)]:
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def carry(source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        ends, self.open = self.open, []
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Follower:
    """The script under test; its lines are collected over all its lives."""

    def __init__(self, url, folder):
        self.updates = os.path.join(folder, "updates.ndjson")
        self.environment = {
            **os.environ,
            "ENTREPOT_URL": url,
            "ENTREPOT_TOKEN": os.environ["ENTREPOT_TOKEN_PARTNER"],
        }
        self.start()

    def start(self):
        command = [sys.executable, os.path.join(HERE, "follow.py"), self.updates]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=self.environment, **quiet)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def seen(self):
        if not os.path.exists(self.updates):
            return []
        with open(self.updates, encoding="utf-8") as file:
            # The last line may be half written.
            return [json.loads(line) for line in file if line.endswith("\n")]


def until(what, done):
    deadline = time.monotonic() + DEADLINE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"it takes too long until {what}")
        time.sleep(0.05)


def ask(url, token, query, variables=None):
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(url + "/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer = json.load(answer)
    assert "errors" not in answer, answer
    return answer["data"]


def orders_of_partner(url):
    """The ids of all orders that the partner may see."""
    ids, after = set(), None
    while True:
        query = "query($after: String) { orders(first: 250, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
        page = ask(url, os.environ["ENTREPOT_TOKEN_PARTNER"], query, {"after": after})["orders"]
        ids.update(node["id"] for node in page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return ids
        after = page["pageInfo"]["endCursor"]


def place(url, sku, placed):
    """Places orders through the demo's own server, which nobody kills."""
    query = "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { code message } } }"
    for _ in range(ORDERS):
        lines = [{"sku": sku, "quantity": "1"}]
        order = {"idempotencyKey": str(uuid.uuid4()), "channel": "marketplace", "lines": lines}
        payload = ask(url, os.environ["ENTREPOT_TOKEN_COMMERCE"], query, {"input": order})["orderPlace"]
        assert not payload["userErrors"], payload
        placed.append(payload["order"]["id"])
        time.sleep(0.1)


def check(seen, standing, placed):
    cursors = [update["cursor"] for update in seen]
    assert len(set(cursors)) == len(cursors), "an update came twice"
    previous = [None] + cursors[:-1]
    assert [update["previousCursor"] for update in seen] == previous, "an update was missed"
    kinds = [update["kind"] for update in seen]
    end = kinds.index("SNAPSHOT_END")
    assert kinds == ["SNAPSHOT"] * end + ["SNAPSHOT_END"] + ["EVENT"] * (len(kinds) - end - 1)
    rows = [update["order"]["id"] for update in seen[:end]]
    assert len(set(rows)) == len(rows), "a row of the snapshot came twice"
    known = {update["order"]["id"] for update in seen if update["order"]}
    assert standing <= known, f"{len(standing - known)} orders were missed"
    events = [update for update in seen[end + 1 :] if update["eventType"] == "order.placed"]
    assert [update["order"]["id"] for update in events if update["order"]["id"] in placed] == placed


def main():
    database = sys.argv[1]
    demo, commerce = os.environ["ENTREPOT_URL"], os.environ["ENTREPOT_TOKEN_COMMERCE"]
    stock = ask(demo, commerce, "{ inventory(first: 250) { nodes { sku available } } }")["inventory"]["nodes"]
    sku = max(stock, key=lambda position: int(position["available"]))["sku"]
    standing = orders_of_partner(demo)
    server = Server()
    proxy = Proxy(server.port)
    kills = {"script": 0, "connection": 0, "server": 0}
    with tempfile.TemporaryDirectory() as folder:
        follower = Follower(proxy.url, folder)
        # In the middle of the snapshot already.
        until("the snapshot has begun", lambda: len(follower.seen()) > 10)
        follower.kill()
        kills["script"] += 1
        follower.start()
        placed = []
        placing = threading.Thread(target=place, args=(demo, sku, placed))
        placing.start()
        while placing.is_alive():
            time.sleep(random.uniform(0.3, 1.0))
            kind = min(kills, key=kills.get)
            kills[kind] += 1
            if kind == "script":
                follower.kill()
                follower.start()
            elif kind == "connection":
                proxy.cut()
            else:
                server.end(random.choice([signal.SIGKILL, signal.SIGTERM]))
                server.start()
        placing.join()
        assert len(placed) == ORDERS, "orders were not placed"
        last = lambda: any(
            update["order"] and update["order"]["id"] == placed[-1] for update in follower.seen()
        )
        until("the last order is seen", last)
        follower.kill()
        seen = follower.seen()
        server.end(signal.SIGTERM)
    check(seen, standing, placed)
    figures = {"figure": "partner_live", "database": database, "snapshot_rows": len(standing)}
    print(json.dumps({**figures, "updates": len(seen), "orders_placed": len(placed), "kills": kills, "missed": 0, "doubled": 0}))


if __name__ == "__main__":
    main()
