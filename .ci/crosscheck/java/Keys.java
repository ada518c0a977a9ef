import com.fasterxml.jackson.databind.JsonNode;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/** Keys from PEM. */
final class Keys {
    static byte[] der(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
    }

    static KeyPair rsa(JsonNode key) throws GeneralSecurityException {
        return rsa(Peer.text(key, "private"), Peer.text(key, "public"));
    }

    static KeyPair rsa(String privatePem, String publicPem) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("RSA");
        PrivateKey own = privatePem.isEmpty() ? null : factory.generatePrivate(new PKCS8EncodedKeySpec(der(privatePem)));
        PublicKey other = factory.generatePublic(new X509EncodedKeySpec(der(publicPem)));
        return new KeyPair(other, own);
    }

    private Keys() {}
}
