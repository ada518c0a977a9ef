import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.LogManager;

/**
 * Seals and opens with AWS's Java libraries what a test of internal/envelope
 * asks for: a job on each line of standard input, an answer on each line of
 * standard output, both JSON. KMS, S3 and DynamoDB are at the address in
 * PEER_ENDPOINT.
 */
final class Peer {
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // what a library prints is no answer
        LogManager.getLogManager().reset(); // nor are its warnings news
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer = JSON.createObjectNode();
            try {
                run(JSON.readTree(line), answer);
            } catch (Exception | LinkageError | StackOverflowError e) {
                answer.put("error", reason(e));
            }
            out.println(JSON.writeValueAsString(answer));
        }
        System.exit(0); // HTTP clients keep threads
    }

    static void run(JsonNode job, ObjectNode answer) throws Exception {
        switch (job.get("do").asText()) {
            case "esdk.seal" -> answer.put("text", Messages.seal(job));
            case "esdk.open" -> answer.put("text", Messages.open(job));
            case "s3.seal" -> Objects.seal(job);
            case "s3.open" -> answer.put("text", Objects.open(job));
            case "s3v1.seal", "s3v2.seal" -> OldObjects.seal(job);
            case "s3v1.open", "s3v2.open" -> answer.put("text", OldObjects.open(job));
            case "legacy.seal" -> answer.set("item", OldItems.seal(job));
            case "legacy.open" -> answer.set("item", OldItems.open(job));
            case "structured.seal" -> answer.set("item", Items.seal(job));
            case "structured.open" -> answer.set("item", Items.open(job));
            case "branchkey.create" -> Keyrings.createBranchKey(job);
            default -> throw new IllegalArgumentException("no such job: " + job.get("do"));
        }
    }

    /** The error and what it came from: libraries wrap what a tag said. */
    static String reason(Throwable e) {
        StringBuilder all = new StringBuilder(e.toString());
        for (Throwable c = e.getCause(); c != null; c = c.getCause()) {
            all.append(" <- ").append(c);
        }
        return all.toString();
    }

    static byte[] bytes(JsonNode node) throws java.io.IOException {
        return node == null || node.isNull() ? new byte[0] : node.binaryValue();
    }

    static String text(JsonNode job, String name) {
        return job.hasNonNull(name) ? job.get(name).asText() : "";
    }

    static Map<String, String> map(JsonNode node) {
        Map<String, String> out = new HashMap<>();
        if (node != null && node.isObject()) {
            node.fields().forEachRemaining(e -> out.put(e.getKey(), e.getValue().asText()));
        }
        return out;
    }

    static List<String> list(JsonNode node) {
        List<String> out = new ArrayList<>();
        if (node != null && node.isArray()) {
            node.forEach(n -> out.add(n.asText()));
        }
        return out;
    }
}
