"""Clients of the test's own server."""

import os

import boto3
from botocore.config import Config

_PLACE = {
    "endpoint_url": os.environ["PEER_ENDPOINT"],
    "region_name": "us-east-1",
    "aws_access_key_id": "nobody",
    "aws_secret_access_key": "nothing",
}


def client(service):
    config = Config(
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(service, config=config, **_PLACE)


def table(name):
    return boto3.resource("dynamodb", **_PLACE).Table(name)


KMS = client("kms")
DYNAMODB = client("dynamodb")
