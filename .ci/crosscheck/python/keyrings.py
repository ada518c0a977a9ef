"""Keyrings of the AWS Cryptographic Material Providers Library."""

import base64

from aws_cryptographic_material_providers.keystore import KeyStore
from aws_cryptographic_material_providers.keystore.config import KeyStoreConfig
from aws_cryptographic_material_providers.keystore.models import (
    CreateKeyInput,
    KMSConfigurationKmsKeyArn,
)
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl import models as m

import clients

PROVIDERS = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
PADDINGS = {
    "pkcs1": m.PaddingScheme.PKCS1,
    "oaep-sha1": m.PaddingScheme.OAEP_SHA1_MGF1,
    "oaep-sha256": m.PaddingScheme.OAEP_SHA256_MGF1,
    "oaep-sha384": m.PaddingScheme.OAEP_SHA384_MGF1,
    "oaep-sha512": m.PaddingScheme.OAEP_SHA512_MGF1,
}


def of(key):
    return {
        "raw-aes": aes,
        "raw-rsa": rsa,
        "raw-ecdh": ecdh,
        "kms": kms,
        "kms-mrk": kms_mrk,
        "kms-rsa": kms_rsa,
        "kms-ecdh": kms_ecdh,
        "hierarchy": hierarchy,
        "multi": multi,
    }[key["kind"]](key)


def aes(key):
    wrapping = base64.b64decode(key["aes"])
    return PROVIDERS.create_raw_aes_keyring(
        m.CreateRawAesKeyringInput(
            key_namespace=key["namespace"],
            key_name=key["name"],
            wrapping_key=wrapping,
            wrapping_alg=f"ALG_AES{8 * len(wrapping)}_GCM_IV12_TAG16",
        )
    )


def rsa(key):
    return PROVIDERS.create_raw_rsa_keyring(
        m.CreateRawRsaKeyringInput(
            key_namespace=key["namespace"],
            key_name=key["name"],
            padding_scheme=PADDINGS[key["padding"]],
            private_key=key["private"].encode(),
            public_key=key["public"].encode(),
        )
    )


def ecdh(key):
    recipient = der(key["public"]) if "public" in key else None
    if key["scheme"] == "ephemeral":
        scheme = m.RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey(
            m.EphemeralPrivateKeyToStaticPublicKeyInput(recipient_public_key=recipient)
        )
    elif key["scheme"] == "static":
        scheme = m.RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey(
            m.RawPrivateKeyToStaticPublicKeyInput(
                sender_static_private_key=key["private"].encode(), recipient_public_key=recipient
            )
        )
    else:
        scheme = m.RawEcdhStaticConfigurationsPublicKeyDiscovery(
            m.PublicKeyDiscoveryInput(recipient_static_private_key=key["private"].encode())
        )
    return PROVIDERS.create_raw_ecdh_keyring(
        m.CreateRawEcdhKeyringInput(key_agreement_scheme=scheme, curve_spec=f"ECC_NIST_{key['curve']}")
    )


def kms(key):
    return PROVIDERS.create_aws_kms_keyring(
        m.CreateAwsKmsKeyringInput(kms_key_id=key["arn"], kms_client=clients.KMS)
    )


def kms_mrk(key):
    return PROVIDERS.create_aws_kms_mrk_keyring(
        m.CreateAwsKmsMrkKeyringInput(kms_key_id=key["arn"], kms_client=clients.KMS)
    )


def kms_rsa(key):
    return PROVIDERS.create_aws_kms_rsa_keyring(
        m.CreateAwsKmsRsaKeyringInput(
            kms_key_id=key["arn"],
            public_key=key["public"].encode(),
            encryption_algorithm=key["padding"],
            kms_client=clients.KMS,
        )
    )


def kms_ecdh(key):
    if key["scheme"] == "static":
        scheme = m.KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(
            m.KmsPrivateKeyToStaticPublicKeyInput(
                sender_kms_identifier=key["arn"], recipient_public_key=der(key["public"])
            )
        )
    else:
        scheme = m.KmsEcdhStaticConfigurationsKmsPublicKeyDiscovery(
            m.KmsPublicKeyDiscoveryInput(recipient_kms_identifier=key["arn"])
        )
    return PROVIDERS.create_aws_kms_ecdh_keyring(
        m.CreateAwsKmsEcdhKeyringInput(
            key_agreement_scheme=scheme, curve_spec=f"ECC_NIST_{key['curve']}", kms_client=clients.KMS
        )
    )


def hierarchy(key):
    return PROVIDERS.create_aws_kms_hierarchical_keyring(
        m.CreateAwsKmsHierarchicalKeyringInput(key_store=store(key), branch_key_id=key["name"], ttl_seconds=60)
    )


def multi(key):
    rings = [of(one) for one in key["of"]]
    return PROVIDERS.create_multi_keyring(m.CreateMultiKeyringInput(generator=rings[0], child_keyrings=rings[1:]))


def store(key):
    return KeyStore(
        KeyStoreConfig(
            ddb_table_name=key["table"],
            logical_key_store_name=key["logical"],
            kms_configuration=KMSConfigurationKmsKeyArn(key["arn"]),
            ddb_client=clients.DYNAMODB,
            kms_client=clients.KMS,
        )
    )


def create_branch_key(job):
    """Makes a branch key, in the key store's table."""
    store(job["key"]).create_key(
        CreateKeyInput(branch_key_identifier=job["key"]["name"], encryption_context=job["context"])
    )


def der(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))
