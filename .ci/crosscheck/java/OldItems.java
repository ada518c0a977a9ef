import com.amazonaws.services.dynamodbv2.datamodeling.encryption.DynamoDBEncryptor;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionContext;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionFlags;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.CachingMostRecentProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.DirectKmsMaterialProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.EncryptionMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.SymmetricStaticProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.WrappedMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.store.MetaStore;
import com.fasterxml.jackson.databind.JsonNode;
import java.security.Key;
import java.security.KeyPair;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** Items of the DynamoDB Encryption Client for Java. */
@SuppressWarnings("deprecation")
final class OldItems {
    static JsonNode seal(JsonNode job) throws Exception {
        return OldAttributes.json(DynamoDBEncryptor.getInstance(provider(job.get("key")))
            .encryptRecord(OldAttributes.item(job.get("item")), flags(job), context(job)));
    }

    static JsonNode open(JsonNode job) throws Exception {
        return OldAttributes.json(DynamoDBEncryptor.getInstance(provider(job.get("key")))
            .decryptRecord(OldAttributes.item(job.get("item")), flags(job), context(job)));
    }

    private static EncryptionContext context(JsonNode job) {
        EncryptionContext.Builder out = new EncryptionContext.Builder()
            .withTableName(job.get("table").asText()).withHashKeyName(job.get("partition").asText());
        if (job.hasNonNull("sort")) {
            out.withRangeKeyName(job.get("sort").asText());
        }
        return out.build();
    }

    private static Map<String, Set<EncryptionFlags>> flags(JsonNode job) {
        Map<String, Set<EncryptionFlags>> out = new HashMap<>();
        Peer.map(job.get("actions")).forEach((name, action) -> {
            switch (action) {
                case "ENCRYPT_AND_SIGN" -> out.put(name, EnumSet.of(EncryptionFlags.ENCRYPT, EncryptionFlags.SIGN));
                case "SIGN_ONLY" -> out.put(name, EnumSet.of(EncryptionFlags.SIGN));
                default -> { } // an attribute without flags is left alone
            }
        });
        return out;
    }

    private static EncryptionMaterialsProvider provider(JsonNode key) throws Exception {
        SecretKey mac = new SecretKeySpec(orNone(Peer.bytes(key.get("hmac"))), "HmacSHA256");
        SecretKey aes = new SecretKeySpec(orNone(Peer.bytes(key.get("aes"))), "AES");
        KeyPair signs = key.hasNonNull("signPrivate") ? Keys.rsa(Peer.text(key, "signPrivate"), Peer.text(key, "signPublic")) : null;
        switch (key.get("kind").asText()) {
            case "static":
                return signs != null ? new SymmetricStaticProvider(aes, signs) : new SymmetricStaticProvider(aes, mac);
            case "wrapped-aes":
                return wrapped(aes, aes, signs, mac);
            case "wrapped-rsa":
                KeyPair pair = Keys.rsa(key);
                return wrapped(pair.getPublic(), pair.getPrivate(), signs, mac);
            case "kms":
                return new DirectKmsMaterialProvider(Clients.OLD_KMS, key.get("arn").asText());
            default: // "recent"
                MetaStore store = new MetaStore(Clients.OLD_DYNAMODB, key.get("table").asText(),
                    DynamoDBEncryptor.getInstance(provider(key.get("of").get(0))));
                store.getOrCreate(key.get("name").asText(), 0);
                return new CachingMostRecentProvider(store, key.get("name").asText(), 60_000);
        }
    }

    private static EncryptionMaterialsProvider wrapped(Key wraps, Key unwraps, KeyPair signs, SecretKey mac) {
        return signs != null ? new WrappedMaterialsProvider(wraps, unwraps, signs) : new WrappedMaterialsProvider(wraps, unwraps, mac);
    }

    /** A key specification takes no empty key. */
    private static byte[] orNone(byte[] key) {
        return key.length == 0 ? new byte[16] : key;
    }

    private OldItems() {}
}
