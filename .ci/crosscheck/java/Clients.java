import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** Clients of both generations of the SDK, of the test's own server. */
final class Clients {
    private static final String ADDRESS = System.getenv("PEER_ENDPOINT");
    private static final URI ENDPOINT = URI.create(ADDRESS);
    private static final StaticCredentialsProvider NOBODY =
        StaticCredentialsProvider.create(AwsBasicCredentials.create("nobody", "nothing"));
    static final AWSStaticCredentialsProvider OLD_NOBODY =
        new AWSStaticCredentialsProvider(new BasicAWSCredentials("nobody", "nothing"));
    static final EndpointConfiguration OLD_ENDPOINT = new EndpointConfiguration(ADDRESS, "us-east-1");

    static final KmsClient KMS = KmsClient.builder()
        .endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(NOBODY).build();
    static final DynamoDbClient DYNAMODB = DynamoDbClient.builder()
        .endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(NOBODY).build();
    // The encryption client leaves the connections open on which it read an
    // instruction file, or refused an object.
    private static final int ENOUGH = 10_000;
    static final S3Client S3 = S3Client.builder()
        .httpClientBuilder(ApacheHttpClient.builder().maxConnections(ENOUGH))
        .endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(NOBODY).forcePathStyle(true)
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED).build();
    static final S3AsyncClient S3_ASYNC = S3AsyncClient.builder()
        .httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(ENOUGH))
        .endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(NOBODY).forcePathStyle(true)
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED).build();

    static final AWSKMS OLD_KMS = AWSKMSClientBuilder.standard()
        .withEndpointConfiguration(OLD_ENDPOINT).withCredentials(OLD_NOBODY).build();
    static final AmazonDynamoDB OLD_DYNAMODB = AmazonDynamoDBClientBuilder.standard()
        .withEndpointConfiguration(OLD_ENDPOINT).withCredentials(OLD_NOBODY).build();

    private Clients() {}
}
