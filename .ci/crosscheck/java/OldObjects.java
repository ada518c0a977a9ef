import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3EncryptionClientBuilder;
import com.amazonaws.services.s3.AmazonS3EncryptionClientV2Builder;
import com.amazonaws.services.s3.model.CryptoConfiguration;
import com.amazonaws.services.s3.model.CryptoConfigurationV2;
import com.amazonaws.services.s3.model.CryptoMode;
import com.amazonaws.services.s3.model.CryptoStorageMode;
import com.amazonaws.services.s3.model.EncryptionMaterials;
import com.amazonaws.services.s3.model.KMSEncryptionMaterials;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.StaticEncryptionMaterialsProvider;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

/** Objects of both encryption clients of the AWS SDK for Java 1. */
@SuppressWarnings("deprecation")
final class OldObjects {
    private static final Map<String, AmazonS3> CLIENTS = new HashMap<>();

    static void seal(JsonNode job) throws Exception {
        byte[] text = Peer.bytes(job.get("text"));
        ObjectMetadata metadata = new ObjectMetadata();
        metadata.setContentLength(text.length);
        client(job).putObject("bucket", job.get("object").asText(), new ByteArrayInputStream(text), metadata);
    }

    static byte[] open(JsonNode job) throws Exception {
        try (S3Object object = client(job).getObject("bucket", job.get("object").asText())) {
            return object.getObjectContent().readAllBytes();
        }
    }

    private static AmazonS3 client(JsonNode job) throws Exception {
        String name = Peer.text(job, "do").substring(0, 4) + job.get("key") + job.get("version") + job.get("mode") + job.get("instruction") + job.get("context");
        if (!CLIENTS.containsKey(name)) {
            CLIENTS.put(name, make(job));
        }
        return CLIENTS.get(name);
    }

    private static AmazonS3 make(JsonNode job) throws Exception {
        StaticEncryptionMaterialsProvider materials = new StaticEncryptionMaterialsProvider(materials(job));
        CryptoMode mode = CryptoMode.valueOf(job.get("mode").asText());
        CryptoStorageMode where = job.path("instruction").asBoolean() ? CryptoStorageMode.InstructionFile : CryptoStorageMode.ObjectMetadata;
        if (Peer.text(job, "do").startsWith("s3v1")) {
            return AmazonS3EncryptionClientBuilder.standard()
                .withEndpointConfiguration(Clients.OLD_ENDPOINT).withCredentials(Clients.OLD_NOBODY)
                .withPathStyleAccessEnabled(true).withChunkedEncodingDisabled(true)
                .withKmsClient(Clients.OLD_KMS).withEncryptionMaterials(materials)
                .withCryptoConfiguration(new CryptoConfiguration(mode).withStorageMode(where)).build();
        }
        return AmazonS3EncryptionClientV2Builder.standard()
            .withEndpointConfiguration(Clients.OLD_ENDPOINT).withCredentials(Clients.OLD_NOBODY)
            .withPathStyleAccessEnabled(true).withChunkedEncodingDisabled(true)
            .withKmsClient(Clients.OLD_KMS).withEncryptionMaterialsProvider(materials)
            .withCryptoConfiguration(new CryptoConfigurationV2(mode).withStorageMode(where)).build();
    }

    private static EncryptionMaterials materials(JsonNode job) throws Exception {
        JsonNode key = job.get("key");
        EncryptionMaterials out = switch (key.get("kind").asText()) {
            case "kms" -> new KMSEncryptionMaterials(key.get("arn").asText());
            case "raw-aes" -> new EncryptionMaterials(new SecretKeySpec(Peer.bytes(key.get("aes")), "AES"));
            default -> new EncryptionMaterials(Keys.rsa(key));
        };
        out.addDescriptions(Peer.map(job.get("context")));
        return out;
    }

    private OldObjects() {}
}
