"""Exits 0 when a SARIF file has an alert at this line of this file.

Usage: alerts.py SARIF FILE LINE
"""

import json
import pathlib
import sys

sarif, file, line = sys.argv[1:]
places = set()
for run in json.loads(pathlib.Path(sarif).read_text())["runs"]:
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        places.add((place["artifactLocation"]["uri"], place.get("region", {}).get("startLine")))
if (file, int(line)) not in places:
    print(f"no alert is at {file}:{line}; they are at {sorted(places, key=str)[:10]}")
    sys.exit(1)
