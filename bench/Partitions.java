import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.TableType;
import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.Database;
import org.apache.hadoop.hive.metastore.api.FieldSchema;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.SerDeInfo;
import org.apache.hadoop.hive.metastore.api.StorageDescriptor;
import org.apache.hadoop.hive.metastore.api.Table;

/**
 * The Java client of the Hive Metastore, registering days as adg does: the same calls, with the same in them.
 *
 * <p>Usage: java -cp 'JARS/*' Partitions.java URI LOCATION DATABASE BATCH THREADS. Answers each line of its input with one that
 * ends in `done`: `table NAME` makes a table, `register NAME FIRST COUNT` registers days, `compare ONE OTHER` tells how many days
 * two tables have alike.
 */
public final class Partitions {
    private static final LocalDate FIRST = LocalDate.parse("2000-01-01");
    private static final String PARQUET = "org.apache.hadoop.hive.ql.io.parquet.";

    private final String location;
    private final String database;
    private final int batch;
    private final ExecutorService threads;
    /** One for each thread: a client is of one connection, and only for one thread at a time. */
    private final BlockingQueue<HiveMetaStoreClient> clients = new LinkedBlockingQueue<>();

    private Partitions(String[] args) throws Exception {
        location = args[1];
        database = args[2];
        batch = Integer.parseInt(args[3]);
        int count = Integer.parseInt(args[4]);
        threads = Executors.newFixedThreadPool(count);
        HiveConf conf = new HiveConf();
        conf.set("hive.metastore.uris", args[0]);
        for (int i = 0; i < count; i++) {
            clients.add(new HiveMetaStoreClient(conf));
        }
    }

    public static void main(String[] args) throws Exception {
        Partitions side = new Partitions(args);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(side.answer(line.split(" ")));
            System.out.flush();
        }
        side.threads.shutdown();
    }

    private String answer(String[] words) throws Exception {
        switch (words[0]) {
            case "table":
                make(words[1]);
                return "done";
            case "register":
                register(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
                return "done";
            case "compare":
                return alike(words[1], words[2]) + " done";
            default:
                throw new IOException("no command " + words[0]);
        }
    }

    /** As `Table::first_parameters` and `convert::table` of adg have it. */
    private void make(String name) throws Exception {
        StorageDescriptor sd = new StorageDescriptor();
        sd.setCols(List.of(new FieldSchema("id", "bigint", null)));
        sd.setLocation(location + "/" + name);
        sd.setInputFormat(PARQUET + "MapredParquetInputFormat");
        sd.setOutputFormat(PARQUET + "MapredParquetOutputFormat");
        sd.setNumBuckets(-1);
        sd.setSerdeInfo(new SerDeInfo(null, PARQUET + "serde.ParquetHiveSerDe", Map.of("serialization.format", "1")));
        sd.setBucketCols(List.of());
        sd.setSortCols(List.of());
        sd.setParameters(Map.of());
        Table table = new Table();
        table.setDbName(database);
        table.setTableName(name);
        table.setSd(sd);
        table.setPartitionKeys(List.of(new FieldSchema("date_uploaded", "date", null)));
        table.setParameters(new HashMap<>(Map.of("EXTERNAL", "TRUE", "DO_NOT_UPDATE_STATS", "true")));
        table.setTableType(TableType.EXTERNAL_TABLE.toString());
        HiveMetaStoreClient client = clients.take();
        try {
            client.createDatabase(new Database(database, null, location, Map.of()));
        } catch (AlreadyExistsException there) {
            // The table before this one made it.
        }
        client.createTable(table);
        clients.add(client);
    }

    private void register(String name, int first, int count) throws Exception {
        HiveMetaStoreClient client = clients.take();
        Table table = client.getTable(database, name);
        clients.add(client);
        List<Future<?>> underWay = new ArrayList<>();
        for (int from = first; from < first + count; from += batch) {
            List<Partition> days = new ArrayList<>();
            for (int day = from; day < Math.min(from + batch, first + count); day++) {
                days.add(partition(table, FIRST.plusDays(day).toString()));
            }
            underWay.add(threads.submit(() -> add(days)));
        }
        for (Future<?> one : underWay) {
            one.get();
        }
    }

    private Void add(List<Partition> days) throws Exception {
        HiveMetaStoreClient client = clients.take();
        client.add_partitions(days, false, false);
        clients.add(client);
        return null;
    }

    /** As `convert::partition` of adg has it. */
    private Partition partition(Table table, String day) {
        StorageDescriptor sd = table.getSd().deepCopy();
        sd.setLocation(table.getSd().getLocation() + "/" + day + "/a");
        Partition partition = new Partition();
        partition.setValues(List.of(day));
        partition.setDbName(database);
        partition.setTableName(table.getTableName());
        partition.setSd(sd);
        partition.setParameters(Map.of("numRows", "3", "numFiles", "1", "totalSize", "10"));
        return partition;
    }

    private long alike(String one, String other) throws Exception {
        Map<List<String>, Partition> others = bare(other);
        return bare(one).entrySet().stream().filter(found -> found.getValue().equals(others.get(found.getKey()))).count();
    }

    /** The partitions without what must differ. */
    private Map<List<String>, Partition> bare(String name) throws Exception {
        HiveMetaStoreClient client = clients.take();
        Map<List<String>, Partition> all = new HashMap<>();
        for (Partition found : client.listPartitions(database, name, (short) -1)) {
            found.setTableName("");
            found.setCreateTime(0);
            found.getParameters().remove("transient_lastDdlTime");
            String place = found.getSd().getLocation();
            found.getSd().setLocation(place.substring(place.lastIndexOf("/" + name + "/") + name.length() + 1));
            all.put(found.getValues(), found);
        }
        clients.add(client);
        return all;
    }
}
