import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** DynamoDB JSON and attribute values of the AWS SDK for Java 1. */
final class OldAttributes {
    static Map<String, AttributeValue> item(JsonNode json) throws IOException {
        Map<String, AttributeValue> out = new HashMap<>();
        for (var fields = json.fields(); fields.hasNext();) {
            var field = fields.next();
            out.put(field.getKey(), value(field.getValue()));
        }
        return out;
    }

    static AttributeValue value(JsonNode json) throws IOException {
        String type = json.fieldNames().next();
        JsonNode v = json.get(type);
        AttributeValue out = new AttributeValue();
        switch (type) {
            case "S" -> out.setS(v.asText());
            case "N" -> out.setN(v.asText());
            case "B" -> out.setB(ByteBuffer.wrap(v.binaryValue()));
            case "BOOL" -> out.setBOOL(v.asBoolean());
            case "NULL" -> out.setNULL(true);
            case "SS" -> out.setSS(Peer.list(v));
            case "NS" -> out.setNS(Peer.list(v));
            case "BS" -> {
                List<ByteBuffer> all = new ArrayList<>();
                for (JsonNode b : v) {
                    all.add(ByteBuffer.wrap(b.binaryValue()));
                }
                out.setBS(all);
            }
            case "L" -> {
                List<AttributeValue> all = new ArrayList<>();
                for (JsonNode e : v) {
                    all.add(value(e));
                }
                out.setL(all);
            }
            default -> out.setM(item(v));
        }
        return out;
    }

    static ObjectNode json(Map<String, AttributeValue> item) {
        ObjectNode out = Peer.JSON.createObjectNode();
        item.forEach((name, v) -> out.set(name, json(v)));
        return out;
    }

    static ObjectNode json(AttributeValue v) {
        ObjectNode out = Peer.JSON.createObjectNode();
        if (v.getS() != null) {
            out.put("S", v.getS());
        } else if (v.getN() != null) {
            out.put("N", v.getN());
        } else if (v.getB() != null) {
            out.put("B", bytes(v.getB()));
        } else if (v.getBOOL() != null) {
            out.put("BOOL", v.getBOOL());
        } else if (v.getNULL() != null) {
            out.put("NULL", true);
        } else if (v.getSS() != null) {
            v.getSS().forEach(out.putArray("SS")::add);
        } else if (v.getNS() != null) {
            v.getNS().forEach(out.putArray("NS")::add);
        } else if (v.getBS() != null) {
            ArrayNode all = out.putArray("BS");
            v.getBS().forEach(b -> all.add(bytes(b)));
        } else if (v.getL() != null) {
            ArrayNode all = out.putArray("L");
            v.getL().forEach(e -> all.add(json(e)));
        } else {
            out.set("M", json(v.getM()));
        }
        return out;
    }

    private static byte[] bytes(ByteBuffer b) {
        byte[] out = new byte[b.remaining()];
        b.duplicate().get(out);
        return out;
    }

    private OldAttributes() {}
}
