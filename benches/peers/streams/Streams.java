// The peer on Kafka Streams: the Processor API on bytes, one stream thread.

import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

public final class Streams {
    public static void main(String[] words) throws Exception {
        Asked asked = new Asked(words);
        // One thread runs all tasks, so that they may share it.
        Screen screen = new Screen(asked.text("list"));
        Topology topology = new Topology();
        topology.addSource("posts", asked.text("posts"));
        topology.addProcessor("screen", () -> new Step(screen), "posts");
        topology.addSink("events", asked.text("events"), "screen");
        KafkaStreams streams = new KafkaStreams(topology, settings(asked));
        streams.setUncaughtExceptionHandler(why -> {
            why.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        streams.start();
    }

    private static final class Step extends ContextualProcessor<byte[], byte[], byte[], byte[]> {
        private final Screen screen;

        Step(Screen screen) {
            this.screen = screen;
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            var place = context().recordMetadata().orElseThrow();
            byte[] event = screen.of(record.value(), place.partition(), place.offset());
            if (event != null) {
                // The key of a post is its channel already.
                context().forward(record.withValue(event));
            }
        }
    }

    private static Properties settings(Asked asked) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, asked.text("servers"));
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, asked.text("group"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, asked.text("folder"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            asked.isExactlyOnce() ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, asked.text("interval_ms"));
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 4_000);
        settings.put(consumer(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(consumer(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 2_000);
        settings.put(consumer(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG),
            asked.text("linger_ms"));
        return settings;
    }

    private static String consumer(String setting) {
        return StreamsConfig.consumerPrefix(setting);
    }
}
