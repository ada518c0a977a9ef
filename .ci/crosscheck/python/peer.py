"""Seals and opens with AWS's Python libraries what a test of internal/envelope
asks for: a job on each line of standard input, an answer on each line of
standard output, both JSON. KMS, S3 and DynamoDB are at the address in
PEER_ENDPOINT."""

import json
import logging
import sys
import warnings

import items
import keyrings
import messages
import objects

JOBS = {
    "esdk.seal": messages.seal,
    "esdk.open": messages.open_,
    "s3.seal": objects.seal,
    "s3.open": objects.open_,
    "legacy.seal": items.seal,
    "legacy.open": items.open_,
    "branchkey.create": keyrings.create_branch_key,
}


def reason(error):
    """The error and what it came from: libraries wrap what a tag said."""
    texts = []
    while error is not None:
        texts.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return " <- ".join(texts)


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = JOBS[job["do"]](job) or {}
        except Exception as error:  # the test wants to know of any
            answer = {"error": reason(error)}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
