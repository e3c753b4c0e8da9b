"""Runs examples/dbt as a granted login with a workspace, and compares what its model says with the graph.
Run by scripts/suites/dbt."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

import graph

PROJECT = Path(__file__).parents[2] / "examples" / "dbt"
USER = f"dbt{os.getpid()}"


def entrepot(*arguments):
    run = subprocess.run([os.environ["ENTREPOT_BIN"], "bi", *arguments], check=True, capture_output=True, text=True)
    return run.stdout


def dbt(*arguments):
    command = [Path(sys.executable).with_name("dbt"), "--no-use-colors", *arguments]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"dbt {arguments[0]} failed:\n{run.stdout}{run.stderr}")
    results = json.loads((PROJECT / "target" / ("sources.json" if arguments[0] == "source" else "run_results.json")).read_text())
    statuses = [result["status"] for result in results["results"]]
    if not set(statuses) <= {"pass", "success"}:
        sys.exit(f"dbt {arguments[0]}: {statuses}\n{run.stdout}")
    print(json.dumps({"suite": "dbt", "command": " ".join(arguments), "results": len(statuses)}))


granted = json.loads(entrepot("grant", "--tenant", "north", "--user", USER, "--role", "finance", "--workspace", "--json"))
place = urlsplit(granted["url"])
os.environ.update(
    BI_LOGIN=granted["login"], BI_PASSWORD=granted["password"], BI_HOST=place.hostname, BI_PORT=str(place.port),
    BI_DATABASE=place.path[1:], DBT_PROFILES_DIR=str(PROJECT),
)
dbt("source", "freshness")
dbt("build")
# Again, as every morning.
dbt("build")

with psycopg2.connect(granted["url"], password=granted["password"]) as connection, connection.cursor() as cursor:
    cursor.execute(
        "SELECT day::text, channel, currency, lines, net_minor, gross_margin_minor, contribution_minor, unknown_cost_lines"
        " FROM daily_margin_by_channel"
    )
    model = {row[:3]: row[3:] for row in cursor.fetchall()}
wanted = {key: (sums[0], sums[1], *sums[5:]) for key, sums in graph.margin_sums().items()}
if model != wanted or not model:
    sys.exit(f"the model and the graph differ: {set(model.items()) ^ set(wanted.items())}")
entrepot("revoke", "--tenant", "north", "--user", USER)
print(json.dumps({"suite": "dbt", "equal": "margins by day and channel", "checked": len(model)}))
