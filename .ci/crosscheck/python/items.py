"""Items of the DynamoDB Encryption Client for Python."""

import base64

from dynamodb_encryption_sdk.delegated_keys.jce import JceNameLocalDelegatedKey
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_dynamodb_item, encrypt_dynamodb_item
from dynamodb_encryption_sdk.identifiers import CryptoAction, EncryptionKeyType, KeyEncodingType
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.most_recent import CachingMostRecentProvider
from dynamodb_encryption_sdk.material_providers.static import StaticCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore
from dynamodb_encryption_sdk.material_providers.wrapped import WrappedCryptographicMaterialsProvider
from dynamodb_encryption_sdk.materials.raw import RawDecryptionMaterials, RawEncryptionMaterials
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext

import clients
from keyrings import der


def seal(job):
    return {"item": to_json(encrypt_dynamodb_item(from_json(job["item"]), config(job)))}


def open_(job):
    return {"item": to_json(decrypt_dynamodb_item(from_json(job["item"]), config(job)))}


def config(job):
    context = EncryptionContext(
        table_name=job["table"],
        partition_key_name=job["partition"],
        sort_key_name=job.get("sort"),
        attributes=from_json(job["item"]),
    )
    actions = {name: CryptoAction[action] for name, action in job["actions"].items()}
    return CryptoConfig(
        materials_provider=provider(job["key"]),
        encryption_context=context,
        attribute_actions=AttributeActions(default_action=CryptoAction.DO_NOTHING, attribute_actions=actions),
    )


def symmetric(algorithm, text):
    return JceNameLocalDelegatedKey(base64.b64decode(text), algorithm, EncryptionKeyType.SYMMETRIC, KeyEncodingType.RAW)


def private(algorithm, pem):
    return JceNameLocalDelegatedKey(der(pem), algorithm, EncryptionKeyType.PRIVATE, KeyEncodingType.DER)


def signing(key):
    if "signPrivate" in key:
        return private("SHA256withRSA", key["signPrivate"])
    return symmetric("HmacSHA256", key["hmac"])


def provider(key):
    kind = key["kind"]
    if kind == "static":
        aes = symmetric("AES", key["aes"]) if "aes" in key else None
        sign = signing(key)
        return StaticCryptographicMaterialsProvider(
            encryption_materials=RawEncryptionMaterials(signing_key=sign, encryption_key=aes),
            decryption_materials=RawDecryptionMaterials(verification_key=sign, decryption_key=aes),
        )
    if kind in ("wrapped-aes", "wrapped-rsa"):
        wraps = symmetric("AES", key["aes"]) if kind == "wrapped-aes" else private("RSA", key["private"])
        return WrappedCryptographicMaterialsProvider(signing_key=signing(key), wrapping_key=public(key) or wraps, unwrapping_key=wraps)
    if kind == "kms":
        return AwsKmsCryptographicMaterialsProvider(key_id=key["arn"], regional_clients={"us-east-1": clients.KMS})
    store = MetaStore(table=clients.table(key["table"]), materials_provider=provider(key["of"][0]))
    store.get_or_create_provider(key["name"], 0)
    return CachingMostRecentProvider(provider_store=store, material_name=key["name"], version_ttl=60.0)


def public(key):
    """The half of an RSA key that wraps, None of other keys."""
    if key["kind"] != "wrapped-rsa":
        return None
    return JceNameLocalDelegatedKey(der(key["public"]), "RSA", EncryptionKeyType.PUBLIC, KeyEncodingType.DER)


def from_json(item):
    return {name: value(v) for name, v in item.items()}


def value(v):
    """DynamoDB JSON to what boto3's client has: bytes are bytes."""
    ((kind, content),) = v.items()
    if kind == "B":
        return {"B": base64.b64decode(content)}
    if kind == "BS":
        return {"BS": [base64.b64decode(one) for one in content]}
    if kind == "L":
        return {"L": [value(one) for one in content]}
    if kind == "M":
        return {"M": from_json(content)}
    return {kind: content}


def to_json(item):
    return {name: text(v) for name, v in item.items()}


def text(v):
    ((kind, content),) = v.items()
    if kind == "B":
        return {"B": b64(content)}
    if kind == "BS":
        return {"BS": [b64(one) for one in content]}
    if kind == "L":
        return {"L": [text(one) for one in content]}
    if kind == "M":
        return {"M": to_json(content)}
    return {kind: list(content) if kind in ("SS", "NS") else content}


def b64(content):
    return base64.b64encode(bytes(getattr(content, "value", content))).decode()
