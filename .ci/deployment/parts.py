"""Takes out of a deployment file what a machine would run, so that it is run.

  parts.py cronjob FILE ROOT   the CronJob's arguments, one a line; the volumes
                               are directories in ROOT, the configuration is
                               written there, $(JOB) is taken from a fixed name
  parts.py unit FILE           the words of the unit's ExecStart, one a line
  parts.py scripts FILE DIR    the run: scripts of an action or a workflow
  parts.py uses FILE…          every action that the files use, once
  parts.py workflow FILE       an action's own uses: steps as a workflow, by version,
                               as actionlint knows the inputs of widely used actions
  parts.py block FILE TEXT     the one fenced block of a README that has the text
  parts.py lint FILE…          1 when an action is not pinned by a commit with its
                               version beside it, or an expression is in a script
"""

import json
import pathlib
import re
import shlex
import sys

import yaml

PINNED = re.compile(r"^\s*(- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OWN = "sealaudit/sealaudit@" + "0" * 40  # whoever copies the workflow puts in the commit


def load(path):
    return yaml.load(pathlib.Path(path).read_text(), Loader=yaml.BaseLoader)


def steps(document):
    jobs = document.get("jobs") or {"": document.get("runs", {})}
    return [s for job in jobs.values() for s in job.get("steps", [])]


def cronjob(path, root):
    objects = {o["kind"]: o for o in yaml.safe_load_all(pathlib.Path(path).read_text())}
    pod = objects["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    configuration = pathlib.Path(root, "configuration")
    configuration.mkdir()
    for name, text in objects["ConfigMap"]["data"].items():
        (configuration / name).write_text(text)
    places = {"/etc/sealaudit": "configuration", "/reports": "reports", "/tmp": "tmp"}
    assert {m["mountPath"] for m in container["volumeMounts"]} == set(places), "other volumes than these are mounted"
    assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}, "a volume is not mounted"
    for argument in container["args"]:
        argument = re.sub("=(%s)/" % "|".join(places), lambda m: f"={root}/{places[m.group(1)]}/", argument)
        print(argument.replace("$(JOB)", "sealaudit-29384717"))


def unit(path):
    lines = [l.split("=", 1)[1] for l in pathlib.Path(path).read_text().splitlines() if l.startswith("ExecStart=")]
    assert len(lines) == 1, "one ExecStart is expected"
    print("\n".join(shlex.split(lines[0])))


def scripts(path, directory):
    for i, step in enumerate(steps(load(path))):
        if "run" in step:
            pathlib.Path(directory, f"{i}.bash").write_text("#!/usr/bin/env bash\n" + step["run"])


def uses(*paths):
    print("\n".join(sorted({s["uses"] for p in paths for s in steps(load(p)) if "uses" in s})))


def workflow(path):
    text = re.sub(r"@[0-9a-f]{40} # (v\d+)\S*", r"@\1", pathlib.Path(path).read_text())
    own = [{"uses": s["uses"], "with": {k: "true" if "${{" in v else v for k, v in s["with"].items()}} for s in steps(yaml.load(text, Loader=yaml.BaseLoader)) if "uses" in s]
    print(json.dumps({"on": "push", "permissions": {}, "jobs": {"steps": {"runs-on": "ubuntu-24.04", "steps": own}}}))


def block(path, text):
    blocks = re.findall(r"^```\w*\n(.*?)^```$", pathlib.Path(path).read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [b for b in blocks if text in b]
    print(found, end="")


def lint(*paths):
    problems = []
    for path in paths:
        for n, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            if re.match(r"\s*(- )?uses:", line) and not PINNED.match(line) and not line.strip().removeprefix("- ") == "uses: " + OWN:
                problems.append(f"{path}:{n}: no action pinned by commit with its version: {line.strip()}")
        problems += [f"{path}: an expression is script text: {s['run'][:60]!r}" for s in steps(load(path)) if "${{" in s.get("run", "")]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


{"cronjob": cronjob, "unit": unit, "scripts": scripts, "uses": uses, "workflow": workflow, "block": block, "lint": lint}[sys.argv[1]](*sys.argv[2:])
