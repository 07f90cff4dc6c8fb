// What a peer was told: words of the form name=value.

import java.util.HashMap;
import java.util.Map;

final class Asked {
    private final Map<String, String> settings = new HashMap<>();

    Asked(String[] words) {
        for (String word : words) {
            int at = word.indexOf('=');
            settings.put(word.substring(0, at), word.substring(at + 1));
        }
    }

    String text(String name) {
        String value = settings.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is not set");
        }
        return value;
    }

    boolean isExactlyOnce() {
        return text("guarantee").equals("exactly-once");
    }
}
