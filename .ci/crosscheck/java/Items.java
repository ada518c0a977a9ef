import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.DynamoDbItemEncryptor;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DecryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DynamoDbItemEncryptorConfig;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.EncryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.structuredencryption.model.CryptoAction;
import software.amazon.cryptography.materialproviders.model.DBEAlgorithmSuiteId;

/** Items of the AWS Database Encryption SDK for DynamoDB. */
final class Items {
    static JsonNode seal(JsonNode job) throws IOException {
        return Attributes.json(encryptor(job).EncryptItem(EncryptItemInput.builder()
            .plaintextItem(Attributes.item(job.get("item"))).build()).encryptedItem());
    }

    static JsonNode open(JsonNode job) throws IOException {
        return Attributes.json(encryptor(job).DecryptItem(DecryptItemInput.builder()
            .encryptedItem(Attributes.item(job.get("item"))).build()).plaintextItem());
    }

    private static DynamoDbItemEncryptor encryptor(JsonNode job) throws IOException {
        Map<String, CryptoAction> actions = new HashMap<>();
        Peer.map(job.get("actions")).forEach((name, action) -> actions.put(name, CryptoAction.valueOf(action)));
        DynamoDbItemEncryptorConfig.Builder config = DynamoDbItemEncryptorConfig.builder()
            .logicalTableName(job.get("table").asText()).partitionKeyName(job.get("partition").asText())
            .attributeActionsOnEncrypt(actions).keyring(Keyrings.of(job.get("key")))
            .algorithmSuiteId(job.path("nosign").asBoolean()
                ? DBEAlgorithmSuiteId.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_SYMSIG_HMAC_SHA384
                : DBEAlgorithmSuiteId.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384_SYMSIG_HMAC_SHA384);
        if (job.hasNonNull("sort")) {
            config.sortKeyName(job.get("sort").asText());
        }
        List<String> unsigned = Peer.list(job.get("unsigned"));
        if (!unsigned.isEmpty()) {
            config.allowedUnsignedAttributes(unsigned);
        }
        return DynamoDbItemEncryptor.builder().DynamoDbItemEncryptorConfig(config.build()).build();
    }

    private Items() {}
}
