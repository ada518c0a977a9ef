"""Holds what a program did, by strace -f, against the sandbox of its unit: its
system calls, the families of its sockets, memory that is writable and
executable, and where it wrote.

Usage: sandbox.py UNIT TRACE WRITABLE…
"""

import pathlib
import re
import subprocess
import sys


def settings(unit):
    out = {}
    for line in pathlib.Path(unit).read_text().splitlines():
        if re.match(r"[A-Z]\w*=", line):
            key, _, value = line.partition("=")
            out.setdefault(key, []).append(value)
    return out


def calls(names):
    """The system calls of a SystemCallFilter= line, by systemd's own lists."""
    out = set()
    for name in names:
        if not name.startswith("@"):
            out.add(name)
            continue
        text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], check=True, capture_output=True, text=True).stdout
        listed = {l.strip() for l in text.splitlines()[1:] if l.strip() and not l.strip().startswith("#")}
        out |= calls(listed)
    return out


def allowed(lines):
    allow = set()
    for line in lines:
        names = line.removeprefix("~").split()
        allow = allow - calls(names) if line.startswith("~") else allow | calls(names)
    # systemd adds these to every list of what is allowed.
    return allow | calls(["@default"])


def main(unit, trace, *writable):
    sandbox = settings(unit)
    lines = [l for l in pathlib.Path(trace).read_text(errors="replace").splitlines() if re.match(r"\d+ +\w+\(", l)]
    made = {re.match(r"\d+ +(\w+)\(", l).group(1) for l in lines}
    problems = [f"the filter refuses {c}" for c in sorted(made - allowed(sandbox["SystemCallFilter"]))]
    families = {f for l in lines for f in re.findall(r"socket\((AF_\w+)", l)}
    problems += [f"no socket of {f} can be opened" for f in sorted(families - set(sandbox["RestrictAddressFamilies"][0].split()))]
    if "yes" in sandbox.get("MemoryDenyWriteExecute", []):
        problems += [f"memory is writable and executable: {l}" for l in lines if re.search(r"(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC", l)]
    for l in lines:
        m = re.search(r'openat\(AT_FDCWD, "([^"]+)", [^)]*(O_WRONLY|O_RDWR|O_CREAT)', l)
        if m and not any(m.group(1).startswith(w + "/") for w in writable):
            problems.append(f"it writes {m.group(1)}")
    if len(made) < 20 or "AF_INET" not in families:
        problems.append("the trace shows no run of the program")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


main(*sys.argv[1:])
