// The fields of a post that a service needs, read from JSON in one pass.

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

final class Post {
    // Names are few and the same in every post: the factory keeps them.
    private static final JsonFactory JSON = new JsonFactory();

    String id;
    String channel;
    String author;
    String text;
    String lang;
    long sentAt;

    /** Takes the place of what it held before. */
    void read(byte[] json) throws IOException {
        id = channel = author = text = lang = null;
        sentAt = 0;
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                field(name, parser);
            }
        }
    }

    private void field(String name, JsonParser parser) throws IOException {
        switch (name) {
            case "id" -> id = parser.getText();
            case "channel" -> channel = idOf(parser);
            case "author" -> author = idOf(parser);
            case "text" -> text = parser.getText();
            case "lang" -> lang = parser.getText();
            case "sent_at" -> sentAt = parser.getLongValue();
            default -> parser.skipChildren();
        }
    }

    private static String idOf(JsonParser parser) throws IOException {
        String id = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean isId = parser.currentName().equals("id");
            parser.nextToken();
            if (isId) {
                id = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        return id;
    }
}
