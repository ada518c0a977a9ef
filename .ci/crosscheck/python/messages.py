"""Messages of the AWS Encryption SDK for Python."""

import base64

from aws_cryptographic_material_providers.mpl.models import (
    CreateDefaultCryptographicMaterialsManagerInput,
    CreateRequiredEncryptionContextCMMInput,
)
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import AlgorithmSuite

import keyrings


def seal(job):
    suite = AlgorithmSuite.get_by_id(job["suite"])
    policy = (
        CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        if suite.is_committing()
        else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    )
    text, _ = EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=base64.b64decode(job.get("text") or ""),
        encryption_context=job.get("context") or {},
        algorithm=suite,
        frame_length=job.get("frame", 0),
        **materials(job),
    )
    return {"text": base64.b64encode(text).decode()}


def open_(job):
    client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
    supplied = {}
    if job.get("required"):
        supplied["encryption_context"] = {name: job["context"][name] for name in job["required"]}
    text, _ = client.decrypt(source=base64.b64decode(job["text"]), **supplied, **materials(job))
    return {"text": base64.b64encode(text).decode()}


def materials(job):
    keyring = keyrings.of(job["key"])
    if not job.get("required"):
        return {"keyring": keyring}
    manager = keyrings.PROVIDERS.create_required_encryption_context_cmm(
        CreateRequiredEncryptionContextCMMInput(
            underlying_cmm=keyrings.PROVIDERS.create_default_cryptographic_materials_manager(
                CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
            ),
            required_encryption_context_keys=job["required"],
        )
    )
    return {"materials_manager": manager}
