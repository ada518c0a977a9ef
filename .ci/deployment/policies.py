"""Makes the audit's roles in moto's IAM, which refuses what IAM's grammar does,
with the permissions that sealaudit prints, and holds the trust policies to one
subject each; broken ones must be refused. Runs the README's aws commands there.

Usage: policies.py PERMISSIONS COMMANDS TRUST…, where COMMANDS has the README's
"""

import contextlib
import copy
import io
import json
import os
import pathlib
import shlex
import sys

import boto3
from awscli.clidriver import create_clidriver
from botocore.exceptions import ClientError
from moto import mock_aws

def trust(policy):
    """What is wrong with who may assume the role."""
    problems = []
    for s in policy["Statement"]:
        issuer = s["Principal"].get("Federated", "").partition(":oidc-provider/")[2]
        conditions = s.get("Condition", {})
        equals = conditions.get("StringEquals", {})
        subject = equals.get(issuer + ":sub")
        if s["Action"] != "sts:AssumeRoleWithWebIdentity" or not issuer:
            problems.append("others than the tokens of one issuer may assume it")
        elif set(conditions) != {"StringEquals"} or set(equals) != {issuer + ":aud", issuer + ":sub"}:
            problems.append("the conditions are not audience and subject, each equal")
        elif not isinstance(subject, str) or "*" in subject or "?" in subject or subject.count(":") < 2:
            problems.append(f"the subject is not one: {subject}")
        elif not subject.startswith(("repo:", "system:serviceaccount:")):
            problems.append(f"the subject is neither of a repository nor of a service account: {subject}")
        elif equals[issuer + ":aud"] != "sts.amazonaws.com":
            problems.append("the audience is not STS")
    return problems


def read_only(policy):
    verbs = ("Get", "List", "Describe", "Lookup")
    actions = [a for s in policy["Statement"] for a in s["Action"]]
    return [f"{a} does not only read" for a in actions if not a.split(":")[1].startswith(verbs)]


@mock_aws
def accepted(call, **arguments):
    try:
        call(boto3.client("iam", region_name="us-east-1"), **arguments)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return None


def role(document):
    def make(iam, d):  # moto looks at the document when it is changed
        iam.create_role(RoleName="sealaudit", AssumeRolePolicyDocument="{}")
        iam.update_assume_role_policy(RoleName="sealaudit", PolicyDocument=d)

    return accepted(make, d=json.dumps(document))


def managed(document):
    return accepted(lambda iam, d: iam.create_policy(PolicyName="sealaudit", PolicyDocument=d), d=json.dumps(document))


def command(line):
    """The exit code of an aws command."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return create_clidriver().main(shlex.split(line)[1:])
    except SystemExit as e:
        return e.code


@mock_aws
def commands(lines):
    """The aws commands that fail, each with its exit code."""
    codes = {line: command(line) for line in lines if line.startswith("aws ")}
    return [f"exit {code}: {line}" for line, code in codes.items() if code] + ([] if codes else ["there is no aws command"])


def main(permissions, readme, *trusts):
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_EC2_METADATA_DISABLED="true", AWS_DEFAULT_REGION="us-east-1")
    wrong = []

    def expect(ok, what):
        if not ok:
            wrong.append(what)

    allow = json.loads(pathlib.Path(permissions).read_text())
    expect(not managed(allow), f"IAM refuses the permissions: {managed(allow)}")
    expect(not read_only(allow), read_only(allow))
    writes = copy.deepcopy(allow)
    writes["Statement"][0]["Action"].append("s3:PutObject")
    expect(read_only(writes), "permissions that write are accepted")
    nobody = copy.deepcopy(allow)
    nobody["Statement"][0]["Effect"] = "Permit"
    expect(managed(nobody), "IAM accepts an effect that there is not")
    lines = pathlib.Path(readme).read_text().replace("file://permissions.json", "file://" + permissions).splitlines()
    failed = commands(lines)
    expect(not failed, failed)
    expect(commands([line.replace("--policy-document", "--policy-documents") for line in lines]), "a misspelt command is accepted")
    for path in trusts:
        policy = json.loads(pathlib.Path(path).read_text())
        expect(not role(policy), f"IAM refuses {path}: {role(policy)}")
        expect(not trust(policy), f"{path}: {trust(policy)}")
        issuer = policy["Statement"][0]["Principal"]["Federated"].partition(":oidc-provider/")[2]
        for change in (
            lambda c: c.update({"StringLike": c.pop("StringEquals")}),
            lambda c: c["StringEquals"].update({issuer + ":sub": "repo:OWNER/REPOSITORY:*"}),
            lambda c: c["StringEquals"].update({issuer + ":sub": "repo:OWNER/REPOSITORY"}),
            lambda c: c["StringEquals"].pop(issuer + ":sub"),
            lambda c: c["StringEquals"].update({issuer + ":aud": "https://example.com"}),
        ):
            broken = copy.deepcopy(policy)
            change(broken["Statement"][0]["Condition"])
            expect(trust(broken), f"{path}: a trust policy is accepted that must not be: {broken['Statement'][0]['Condition']}")
        broken = copy.deepcopy(policy)
        broken["Statement"][0]["Action"] = "s3:GetObject"
        expect(role(broken), f"{path}: IAM accepts a trust policy that assumes no role")
        broken = copy.deepcopy(policy)
        broken["Statement"][0]["Resource"] = "*"
        expect(role(broken), f"{path}: IAM accepts a trust policy with a resource")
    for w in wrong:
        print(w)
    sys.exit(bool(wrong))


main(*sys.argv[1:])
