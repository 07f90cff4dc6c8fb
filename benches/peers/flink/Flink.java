// The peer on Flink: source, one step and sink chained to one task, in a cluster within this process.
// Post, Screen and Asked are those of the peer on Kafka Streams.

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

public final class Flink {
    /** A post: its value, partition and offset. */
    private static final TypeInformation<Tuple3<byte[], Integer, Long>> TAKEN =
        TypeInformation.of(new TypeHint<>() {});

    /** An event: its key and its value. */
    private static final TypeInformation<Tuple2<byte[], byte[]>> EVENT =
        TypeInformation.of(new TypeHint<>() {});

    public static void main(String[] words) throws Exception {
        Asked asked = new Asked(words);
        Configuration settings = new Configuration();
        // A fault must show, and not be tried again for ever.
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY,
            "file://" + asked.text("folder") + "/checkpoints");
        var flink = StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        flink.getConfig().enableObjectReuse();
        flink.enableCheckpointing(Long.parseLong(asked.text("interval_ms")));
        flink.fromSource(source(asked), WatermarkStrategy.noWatermarks(), "posts", TAKEN)
            .flatMap(new Step(asked.text("list")))
            .returns(EVENT)
            .sinkTo(sink(asked));
        flink.execute("peer");
    }

    private static KafkaSource<Tuple3<byte[], Integer, Long>> source(Asked asked) {
        return KafkaSource.<Tuple3<byte[], Integer, Long>>builder()
            .setBootstrapServers(asked.text("servers"))
            .setGroupId(asked.text("group"))
            .setTopics(asked.text("posts"))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setProperty("max.poll.records", "2000")
            .setProperty("max.partition.fetch.bytes", "4194304")
            .setDeserializer(new Take())
            .build();
    }

    private static KafkaSink<Tuple2<byte[], byte[]>> sink(Asked asked) {
        String topic = asked.text("events");
        return KafkaSink.<Tuple2<byte[], byte[]>>builder()
            .setBootstrapServers(asked.text("servers"))
            .setDeliveryGuarantee(asked.isExactlyOnce()
                ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
            .setTransactionalIdPrefix(asked.text("group"))
            // A broker allows a quarter of an hour; the sink's default is an hour.
            .setProperty("transaction.timeout.ms", "600000")
            .setProperty("linger.ms", asked.text("linger_ms"))
            .setRecordSerializer((event, context, time) ->
                new ProducerRecord<>(topic, event.f0, event.f1))
            .build();
    }

    private static final class Take
        implements KafkaRecordDeserializationSchema<Tuple3<byte[], Integer, Long>> {
        @Override
        public void deserialize(
            ConsumerRecord<byte[], byte[]> record,
            Collector<Tuple3<byte[], Integer, Long>> out) {
            out.collect(Tuple3.of(record.value(), record.partition(), record.offset()));
        }

        @Override
        public TypeInformation<Tuple3<byte[], Integer, Long>> getProducedType() {
            return TAKEN;
        }
    }

    private static final class Step
        extends RichFlatMapFunction<Tuple3<byte[], Integer, Long>, Tuple2<byte[], byte[]>> {
        private final String list;
        private transient Screen screen;

        Step(String list) {
            this.list = list;
        }

        @Override
        public void open(OpenContext context) throws Exception {
            screen = new Screen(list);
        }

        @Override
        public void flatMap(
            Tuple3<byte[], Integer, Long> post, Collector<Tuple2<byte[], byte[]>> out) {
            byte[] event = screen.of(post.f0, post.f1, post.f2);
            if (event != null) {
                byte[] key = screen.post.channel.getBytes(StandardCharsets.UTF_8);
                out.collect(Tuple2.of(key, event));
            }
        }
    }
}
