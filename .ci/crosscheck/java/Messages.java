import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CommitmentPolicy;
import com.amazonaws.encryptionsdk.CryptoAlgorithm;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.cryptography.materialproviders.ICryptographicMaterialsManager;
import software.amazon.cryptography.materialproviders.model.CreateDefaultCryptographicMaterialsManagerInput;
import software.amazon.cryptography.materialproviders.model.CreateRequiredEncryptionContextCMMInput;

/** Messages of the AWS Encryption SDK for Java. */
final class Messages {
    static byte[] seal(JsonNode job) throws IOException {
        int id = job.get("suite").asInt();
        CryptoAlgorithm suite = null;
        for (CryptoAlgorithm a : CryptoAlgorithm.values()) {
            if (a.getValue() == id) {
                suite = a;
            }
        }
        AwsCrypto crypto = AwsCrypto.builder().withEncryptionAlgorithm(suite)
            .withCommitmentPolicy(suite.isCommitting()
                ? CommitmentPolicy.RequireEncryptRequireDecrypt : CommitmentPolicy.ForbidEncryptAllowDecrypt)
            .withEncryptionFrameSize(job.path("frame").asInt()).build();
        Map<String, String> context = Peer.map(job.get("context"));
        List<String> required = Peer.list(job.get("required"));
        byte[] text = Peer.bytes(job.get("text"));
        if (required.isEmpty()) {
            return crypto.encryptData(Keyrings.of(job.get("key")), text, context).getResult();
        }
        return crypto.encryptData(manager(job, required), text, context).getResult();
    }

    static byte[] open(JsonNode job) throws IOException {
        AwsCrypto crypto = AwsCrypto.builder().withCommitmentPolicy(CommitmentPolicy.RequireEncryptAllowDecrypt).build();
        byte[] text = Peer.bytes(job.get("text"));
        List<String> required = Peer.list(job.get("required"));
        if (required.isEmpty()) {
            return crypto.decryptData(Keyrings.of(job.get("key")), text).getResult();
        }
        Map<String, String> supplied = new HashMap<>(Peer.map(job.get("context")));
        supplied.keySet().retainAll(required);
        return crypto.decryptData(manager(job, required), text, supplied).getResult();
    }

    private static ICryptographicMaterialsManager manager(JsonNode job, List<String> required) throws IOException {
        return Keyrings.PROVIDERS.CreateRequiredEncryptionContextCMM(CreateRequiredEncryptionContextCMMInput.builder()
            .underlyingCMM(Keyrings.PROVIDERS.CreateDefaultCryptographicMaterialsManager(
                CreateDefaultCryptographicMaterialsManagerInput.builder().keyring(Keyrings.of(job.get("key"))).build()))
            .requiredEncryptionContextKeys(required).build());
    }

    private Messages() {}
}
