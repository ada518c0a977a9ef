"""Objects of the Amazon S3 Encryption Client for Python."""

import base64

from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

import clients


def client(job):
    config = {"keyring": KmsKeyring(kms_client=clients.KMS, kms_key_id=job["key"]["arn"])}
    if job.get("version") == "V2":
        config["encryption_algorithm"] = AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF
        config["commitment_policy"] = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    return S3EncryptionClient(clients.client("s3"), S3EncryptionClientConfig(**config))


def seal(job):
    client(job).put_object(Body=base64.b64decode(job.get("text") or ""), **where(job))


def open_(job):
    body = client(job).get_object(**where(job))["Body"].read()
    return {"text": base64.b64encode(body).decode()}


def where(job):
    return {"Bucket": "bucket", "Key": job["object"], "EncryptionContext": job.get("context") or {}}
