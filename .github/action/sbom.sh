#!/usr/bin/env bash
# Writes the bill of materials of a release: dist/fitcheck-VERSION.cdx.json (CycloneDX 1.5), every crate that is linked.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mkdir -p dist
cargo metadata --locked --format-version 1 | python3 -c '
import json, sys
data = json.load(sys.stdin)
packages = {package["id"]: package for package in data["packages"]}
nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
root = data["resolve"]["root"]

def linked(node):
    """What is linked or builds what is linked: not what only tests need."""
    return [d["pkg"] for d in node["deps"] if any(kind["kind"] != "dev" for kind in d["dep_kinds"])]

seen, open_ = set(), [root]
while open_:
    node = open_.pop()
    if node not in seen:
        seen.add(node)
        open_.extend(linked(nodes[node]))
purl = lambda package: "pkg:cargo/" + package["name"] + "@" + package["version"]
def component(package, kind):
    out = {"type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"], "purl": purl(package)}
    if package.get("license"):
        out["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return out
order = sorted(seen, key=lambda i: purl(packages[i]))
json.dump({
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    "metadata": {"component": component(packages[root], "application")},
    "components": [component(packages[i], "library") for i in order if i != root],
    "dependencies": [{"ref": purl(packages[i]), "dependsOn": sorted({purl(packages[d]) for d in linked(nodes[i])})} for i in order],
}, sys.stdout, indent=1)
print()' >"dist/fitcheck-$version.cdx.json"
