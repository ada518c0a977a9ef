import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import software.amazon.awssdk.services.kms.model.EncryptionAlgorithmSpec;
import software.amazon.cryptography.materialproviders.IKeyring;
import software.amazon.cryptography.materialproviders.model.*;
import software.amazon.cryptography.primitives.model.ECDHCurveSpec;

/** Keyrings of asymmetric KMS keys. */
final class KmsKeyrings {
    static IKeyring rsa(JsonNode key) {
        return Keyrings.PROVIDERS.CreateAwsKmsRsaKeyring(CreateAwsKmsRsaKeyringInput.builder()
            .kmsClient(Clients.KMS).kmsKeyId(key.get("arn").asText()).publicKey(Keyrings.utf8(key.get("public").asText()))
            .encryptionAlgorithm(EncryptionAlgorithmSpec.fromValue(key.get("padding").asText())).build());
    }

    static IKeyring ecdh(JsonNode key) {
        String arn = key.get("arn").asText();
        KmsEcdhStaticConfigurations.Builder scheme = KmsEcdhStaticConfigurations.builder();
        if (key.get("scheme").asText().equals("static")) {
            scheme.KmsPrivateKeyToStaticPublicKey(KmsPrivateKeyToStaticPublicKeyInput.builder()
                .senderKmsIdentifier(arn).recipientPublicKey(ByteBuffer.wrap(Keys.der(key.get("public").asText()))).build());
        } else {
            scheme.KmsPublicKeyDiscovery(KmsPublicKeyDiscoveryInput.builder().recipientKmsIdentifier(arn).build());
        }
        return Keyrings.PROVIDERS.CreateAwsKmsEcdhKeyring(CreateAwsKmsEcdhKeyringInput.builder()
            .kmsClient(Clients.KMS).curveSpec(ECDHCurveSpec.valueOf("ECC_NIST_" + key.get("curve").asText()))
            .KeyAgreementScheme(scheme.build()).build());
    }

    private KmsKeyrings() {}
}
