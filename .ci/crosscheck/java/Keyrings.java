import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import software.amazon.cryptography.keystore.KeyStore;
import software.amazon.cryptography.keystore.model.CreateKeyInput;
import software.amazon.cryptography.keystore.model.KMSConfiguration;
import software.amazon.cryptography.keystore.model.KeyStoreConfig;
import software.amazon.cryptography.materialproviders.IKeyring;
import software.amazon.cryptography.materialproviders.MaterialProviders;
import software.amazon.cryptography.materialproviders.model.*;
import software.amazon.cryptography.primitives.model.ECDHCurveSpec;

/** Keyrings of the AWS Cryptographic Material Providers Library. */
final class Keyrings {
    static final MaterialProviders PROVIDERS = MaterialProviders.builder()
        .MaterialProvidersConfig(MaterialProvidersConfig.builder().build()).build();

    static IKeyring of(JsonNode key) throws IOException {
        String kind = key.get("kind").asText();
        return switch (kind) {
            case "raw-aes" -> aes(key);
            case "raw-rsa" -> rsa(key);
            case "raw-ecdh" -> ecdh(key);
            case "kms" -> PROVIDERS.CreateAwsKmsKeyring(CreateAwsKmsKeyringInput.builder()
                .kmsClient(Clients.KMS).kmsKeyId(key.get("arn").asText()).build());
            case "kms-mrk" -> PROVIDERS.CreateAwsKmsMrkKeyring(CreateAwsKmsMrkKeyringInput.builder()
                .kmsClient(Clients.KMS).kmsKeyId(key.get("arn").asText()).build());
            case "kms-rsa" -> KmsKeyrings.rsa(key);
            case "kms-ecdh" -> KmsKeyrings.ecdh(key);
            case "hierarchy" -> PROVIDERS.CreateAwsKmsHierarchicalKeyring(CreateAwsKmsHierarchicalKeyringInput.builder()
                .keyStore(store(key)).branchKeyId(key.get("name").asText()).ttlSeconds(60).build());
            case "multi" -> multi(key);
            default -> throw new IllegalArgumentException("no such keyring: " + kind);
        };
    }

    private static IKeyring aes(JsonNode key) throws IOException {
        byte[] wrapping = Peer.bytes(key.get("aes"));
        return PROVIDERS.CreateRawAesKeyring(CreateRawAesKeyringInput.builder()
            .keyNamespace(key.get("namespace").asText()).keyName(key.get("name").asText())
            .wrappingKey(ByteBuffer.wrap(wrapping))
            .wrappingAlg(AesWrappingAlg.valueOf("ALG_AES" + 8 * wrapping.length + "_GCM_IV12_TAG16")).build());
    }

    private static IKeyring rsa(JsonNode key) {
        return PROVIDERS.CreateRawRsaKeyring(CreateRawRsaKeyringInput.builder()
            .keyNamespace(key.get("namespace").asText()).keyName(key.get("name").asText())
            .paddingScheme(switch (key.get("padding").asText()) {
                case "pkcs1" -> PaddingScheme.PKCS1;
                case "oaep-sha1" -> PaddingScheme.OAEP_SHA1_MGF1;
                case "oaep-sha256" -> PaddingScheme.OAEP_SHA256_MGF1;
                case "oaep-sha384" -> PaddingScheme.OAEP_SHA384_MGF1;
                default -> PaddingScheme.OAEP_SHA512_MGF1;
            })
            .privateKey(utf8(key.get("private").asText())).publicKey(utf8(key.get("public").asText())).build());
    }

    private static IKeyring ecdh(JsonNode key) {
        ByteBuffer recipient = ByteBuffer.wrap(Keys.der(Peer.text(key, "public")));
        RawEcdhStaticConfigurations.Builder scheme = RawEcdhStaticConfigurations.builder();
        switch (key.get("scheme").asText()) {
            case "ephemeral" -> scheme.EphemeralPrivateKeyToStaticPublicKey(EphemeralPrivateKeyToStaticPublicKeyInput.builder()
                .recipientPublicKey(recipient).build());
            case "static" -> scheme.RawPrivateKeyToStaticPublicKey(RawPrivateKeyToStaticPublicKeyInput.builder()
                .senderStaticPrivateKey(utf8(key.get("private").asText())).recipientPublicKey(recipient).build());
            default -> scheme.PublicKeyDiscovery(PublicKeyDiscoveryInput.builder()
                .recipientStaticPrivateKey(utf8(key.get("private").asText())).build());
        }
        return PROVIDERS.CreateRawEcdhKeyring(CreateRawEcdhKeyringInput.builder()
            .curveSpec(ECDHCurveSpec.valueOf("ECC_NIST_" + key.get("curve").asText())).KeyAgreementScheme(scheme.build()).build());
    }

    private static IKeyring multi(JsonNode key) throws IOException {
        List<IKeyring> all = new ArrayList<>();
        for (JsonNode one : key.get("of")) {
            all.add(of(one));
        }
        return PROVIDERS.CreateMultiKeyring(CreateMultiKeyringInput.builder()
            .generator(all.get(0)).childKeyrings(all.subList(1, all.size())).build());
    }

    private static KeyStore store(JsonNode key) {
        return KeyStore.builder().KeyStoreConfig(KeyStoreConfig.builder()
            .ddbClient(Clients.DYNAMODB).kmsClient(Clients.KMS)
            .ddbTableName(key.get("table").asText()).logicalKeyStoreName(key.get("logical").asText())
            .kmsConfiguration(KMSConfiguration.builder().kmsKeyArn(key.get("arn").asText()).build()).build()).build();
    }

    /** Makes a branch key, in the key store's table. */
    static void createBranchKey(JsonNode job) {
        JsonNode key = job.get("key");
        store(key).CreateKey(CreateKeyInput.builder()
            .branchKeyIdentifier(key.get("name").asText()).encryptionContext(Peer.map(job.get("context"))).build());
    }

    static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private Keyrings() {}
}
