"""Reads an OCI image's configuration and its unpacked root file system and says
what should not be there, or is missing.

Usage: image.py OCI ROOT
"""

import json
import pathlib
import stat
import sys


def blob(oci, descriptor):
    algorithm, digest = descriptor["digest"].split(":")
    return json.loads((oci / "blobs" / algorithm / digest).read_text())


def main(oci, root):
    oci, root = pathlib.Path(oci), pathlib.Path(root)
    manifest = blob(oci, json.loads((oci / "index.json").read_text())["manifests"][0])
    config = blob(oci, manifest["config"])["config"]
    problems = []
    user = config.get("User", "")
    if not all(part.isdigit() and int(part) > 0 for part in (user or "0").split(":")):
        problems.append(f"runAsNonRoot needs a user by number that is not 0, not {user!r}")
    if config.get("Entrypoint") != ["/sealaudit"] or config.get("Cmd"):
        problems.append(f"it runs {config.get('Entrypoint')} {config.get('Cmd')}")
    if not config.get("Labels", {}).get("org.opencontainers.image.licenses"):
        problems.append("it does not say under which licence it is")
    files = {"/" + str(p.relative_to(root)): p for p in root.rglob("*") if p.is_file()}
    if set(files) != {"/sealaudit", "/LICENSE", "/etc/ssl/certs/ca-certificates.crt"}:
        problems.append(f"its files are {sorted(files)}")
    for name, path in files.items():
        if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH):
            problems.append(f"{name} has mode {path.stat().st_mode:o}")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


main(*sys.argv[1:])
