package ringledger.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.parquet.avro.AvroParquetWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;

/** Visits into one Parquet file a task. */
final class ParquetSink implements Processor<String, Visit, Void, Void> {
  private static final Schema SCHEMA =
      SchemaBuilder.record("visit")
          .fields()
          .requiredString("uniqueid")
          .requiredString("switch_queue")
          .requiredLong("joined_at")
          .optionalLong("left_at")
          .requiredString("outcome")
          .optionalLong("wait_ms")
          .optionalString("agent")
          .endRecord();

  private final Path folder;
  private ParquetWriter<GenericRecord> writer;

  ParquetSink(Path folder) {
    this.folder = folder;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    try {
      Files.createDirectories(folder);
      Path file = folder.resolve("visits-" + context.taskId() + ".parquet");
      writer =
          AvroParquetWriter.<GenericRecord>builder(new LocalOutputFile(file))
              .withSchema(SCHEMA)
              .withCompressionCodec(CompressionCodecName.ZSTD)
              .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void process(Record<String, Visit> record) {
    Visit v = record.value();
    GenericRecord row = new GenericData.Record(SCHEMA);
    row.put("uniqueid", v.uniqueid());
    row.put("switch_queue", record.key());
    row.put("joined_at", v.joinedAt());
    row.put("left_at", v.leftAt());
    row.put("outcome", v.outcome());
    row.put("wait_ms", v.waitMs());
    row.put("agent", v.agent());
    try {
      writer.write(row);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
