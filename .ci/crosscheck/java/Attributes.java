import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** DynamoDB JSON and attribute values of the AWS SDK for Java 2. */
final class Attributes {
    static Map<String, AttributeValue> item(JsonNode json) throws IOException {
        Map<String, AttributeValue> out = new LinkedHashMap<>();
        for (var fields = json.fields(); fields.hasNext();) {
            var field = fields.next();
            out.put(field.getKey(), value(field.getValue()));
        }
        return out;
    }

    static AttributeValue value(JsonNode json) throws IOException {
        String type = json.fieldNames().next();
        JsonNode v = json.get(type);
        return switch (type) {
            case "S" -> AttributeValue.fromS(v.asText());
            case "N" -> AttributeValue.fromN(v.asText());
            case "B" -> AttributeValue.fromB(SdkBytes.fromByteArray(v.binaryValue()));
            case "BOOL" -> AttributeValue.fromBool(v.asBoolean());
            case "NULL" -> AttributeValue.fromNul(true);
            case "SS" -> AttributeValue.fromSs(Peer.list(v));
            case "NS" -> AttributeValue.fromNs(Peer.list(v));
            case "BS" -> {
                List<SdkBytes> all = new ArrayList<>();
                for (JsonNode b : v) {
                    all.add(SdkBytes.fromByteArray(b.binaryValue()));
                }
                yield AttributeValue.fromBs(all);
            }
            case "L" -> {
                List<AttributeValue> all = new ArrayList<>();
                for (JsonNode e : v) {
                    all.add(value(e));
                }
                yield AttributeValue.fromL(all);
            }
            default -> AttributeValue.fromM(item(v));
        };
    }

    static ObjectNode json(Map<String, AttributeValue> item) {
        ObjectNode out = Peer.JSON.createObjectNode();
        item.forEach((name, v) -> out.set(name, json(v)));
        return out;
    }

    static ObjectNode json(AttributeValue v) {
        ObjectNode out = Peer.JSON.createObjectNode();
        switch (v.type()) {
            case S -> out.put("S", v.s());
            case N -> out.put("N", v.n());
            case B -> out.put("B", v.b().asByteArray());
            case BOOL -> out.put("BOOL", v.bool());
            case NUL -> out.put("NULL", true);
            case SS -> v.ss().forEach(out.putArray("SS")::add);
            case NS -> v.ns().forEach(out.putArray("NS")::add);
            case BS -> {
                ArrayNode all = out.putArray("BS");
                v.bs().forEach(b -> all.add(b.asByteArray()));
            }
            case L -> {
                ArrayNode all = out.putArray("L");
                v.l().forEach(e -> all.add(json(e)));
            }
            default -> out.set("M", json(v.m()));
        }
        return out;
    }

    private Attributes() {}
}
