import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.encryption.s3.CommitmentPolicy;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.algorithms.AlgorithmSuite;
import software.amazon.encryption.s3.internal.InstructionFileConfig;
import software.amazon.encryption.s3.materials.AesKeyring;
import software.amazon.encryption.s3.materials.Keyring;
import software.amazon.encryption.s3.materials.KmsKeyring;
import software.amazon.encryption.s3.materials.MaterialsDescription;
import software.amazon.encryption.s3.materials.PartialRsaKeyPair;
import software.amazon.encryption.s3.materials.RsaKeyring;

/** Objects of the Amazon S3 Encryption Client for Java 4. */
final class Objects {
    private static final Map<String, S3EncryptionClient> CLIENTS = new HashMap<>();

    static void seal(JsonNode job) throws Exception {
        client(job).putObject(r -> {
            r.bucket("bucket").key(job.get("object").asText());
            if (kms(job)) {
                r.overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(Peer.map(job.get("context"))));
            }
        }, RequestBody.fromBytes(Peer.bytes(job.get("text"))));
    }

    static byte[] open(JsonNode job) throws Exception {
        return client(job).getObjectAsBytes(r -> {
            r.bucket("bucket").key(job.get("object").asText());
            if (kms(job)) {
                r.overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(Peer.map(job.get("context"))));
            }
        }).asByteArray();
    }

    private static boolean kms(JsonNode job) {
        return job.get("key").get("kind").asText().equals("kms");
    }

    private static S3EncryptionClient client(JsonNode job) throws Exception {
        String name = job.get("key") + " " + job.get("version") + " " + job.get("instruction") + (kms(job) ? "" : " " + job.get("context"));
        if (!CLIENTS.containsKey(name)) {
            CLIENTS.put(name, make(job));
        }
        return CLIENTS.get(name);
    }

    private static S3EncryptionClient make(JsonNode job) throws Exception {
        boolean commits = !Peer.text(job, "version").equals("V2");
        InstructionFileConfig.Builder file = InstructionFileConfig.builder().instructionFileClient(Clients.S3);
        return S3EncryptionClient.builderV4()
            .wrappedClient(Clients.S3).wrappedAsyncClient(Clients.S3_ASYNC)
            .keyring(keyring(job))
            .encryptionAlgorithm(commits
                ? AlgorithmSuite.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY : AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF)
            .commitmentPolicy(commits ? CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT : CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
            .instructionFileConfig(file.enableInstructionFilePutObject(job.path("instruction").asBoolean()).build())
            .build();
    }

    private static Keyring keyring(JsonNode job) throws Exception {
        JsonNode key = job.get("key");
        MaterialsDescription described = MaterialsDescription.builder().putAll(Peer.map(job.get("context"))).build();
        return switch (key.get("kind").asText()) {
            case "kms" -> KmsKeyring.builder().kmsClient(Clients.KMS).wrappingKeyId(key.get("arn").asText()).build();
            case "raw-aes" -> AesKeyring.builder().materialsDescription(described)
                .wrappingKey(new SecretKeySpec(Peer.bytes(key.get("aes")), "AES")).build();
            default -> RsaKeyring.builder().materialsDescription(described)
                .wrappingKeyPair(new PartialRsaKeyPair(Keys.rsa(key))).build();
        };
    }

    private Objects() {}
}
