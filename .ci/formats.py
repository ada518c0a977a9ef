"""Reads a directory's report.prom, report.md and report.csv as their users do.
Each check must also refuse the file with one thing broken."""

import csv
import html.parser
import io
import pathlib
import sys

from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

ALLOWED = set("h1 h2 p ul li code strong table thead tbody tr th td blockquote".split())


class Tags(html.parser.HTMLParser):
    """Collects what a summary must not have: other tags, and attributes."""

    def __init__(self):
        super().__init__()
        self.problems = []

    def handle_starttag(self, tag, attrs):
        attrs = [a for a in attrs if not (a[0] == "style" and a[1].startswith("text-align:"))]
        if tag not in ALLOWED or attrs:
            self.problems.append(f"<{tag} {attrs}>")

    def handle_comment(self, data):
        self.problems.append(f"comment {data!r}")


def markdown(text):
    tags = Tags()
    tags.feed(MarkdownIt("gfm-like").render(text))
    if len(text.encode()) > 1 << 20:
        tags.problems.append("larger than GitHub takes")
    return tags.problems


def prometheus(text):
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError as e:
        return [str(e)]
    names = [f.name for f in families]
    problems = [f"{f.name} is {f.type}" for f in families if f.type != "gauge" or not f.documentation]
    series = [(s.name, tuple(sorted(s.labels.items()))) for f in families for s in f.samples]
    if len(set(series)) != len(series) or len(set(names)) != len(names):
        problems.append("a series or metric is there twice")
    if "sealaudit_findings" not in names:
        problems.append("no findings")
    return problems


def table(text):
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    problems = [f"row {i} has {len(r)} columns" for i, r in enumerate(rows) if len(r) != len(rows[0])]
    problems += [f"a formula: {c!r}" for r in rows for c in r if c[:1] in ("=", "+", "-", "@", "\t", "\r") and c]
    if len(rows) < 2:
        problems.append("no row")
    return problems


def main(directory):
    failed = False
    for check, name, breaks in (
        (markdown, "report.md", (lambda s: s + "\n<script>alert(1)</script>\n", lambda s: s + "\n[a](https://example.com)\n",
                                 lambda s: s + "\nhttps://example.com\n", lambda s: s + "\na <!-- b -->\n")),
        (prometheus, "report.prom", (lambda s: s.replace('status="fail"', 'status="fa"il"', 1), lambda s: s + "sealaudit_findings\n",
                                     lambda s: s + s, lambda s: s.replace("# TYPE sealaudit_findings gauge\n", ""))),
        (table, "report.csv", (lambda s: s + "a,b\r\n", lambda s: s.replace("\r\n", '\r\n=1+1', 1), lambda s: s.split("\r\n")[0] + "\r\n")),
    ):
        text = (pathlib.Path(directory) / name).read_bytes().decode()
        for problem in check(text):
            print(f"{directory}/{name}: {problem}")
            failed = True
        for i, broken in enumerate(breaks):
            if broken(text) == text or not check(broken(text)):
                print(f"{directory}/{name}: the check accepts a broken file ({i})")
                failed = True
    sys.exit(failed)


main(sys.argv[1])
