use super::*;

fn of(key: &str) -> (String, String, String, bool, usize) {
    let found = pattern_of(key);
    let date = found.date.map(|date| date.to_string()).unwrap_or_default();
    (found.pattern, date, found.collection.unwrap_or_default(), found.picks_all, found.doubts.len())
}

const UUID: &str = "8a1f0c1e-0c2f-4d6b-9a51-2f1d3c4b5a69";

#[test]
fn keys_become_patterns() {
    for (key, pattern, date, collection) in [
        ("2024-05-01_orders.csv", "{date}_{collection}.csv", "2024-05-01", "orders"),
        ("2024-05-01_orders_1714557600123.csv.gz", "{date}_{collection}_{epoch_ms}.csv.gz", "2024-05-01", "orders"),
        ("orders_20240501.csv", "{collection}_{date:%Y%m%d}.csv", "2024-05-01", "orders"),
        ("in/orders-2024-05-01-003.json", "in/{collection}-{date}-{seq}.json", "2024-05-01", "orders"),
        (
            "orders/year=2024/month=05/day=01/part-00000.csv",
            "{collection}/year={year}/month={month}/day={day}/part-{seq}.csv",
            "2024-05-01",
            "orders",
        ),
        ("2024/05/01/clicks.json", "{date:%Y/%m/%d}/{collection}.json", "2024-05-01", "clicks"),
        ("2024/5/1/clicks.json", "{year}/{month}/{day}/{collection}.json", "2024-05-01", "clicks"),
        ("orders.csv", "{collection}.csv", "", "orders"),
        ("12345678901.csv", "*.csv", "", ""),
        ("Orders (2024-05-01).csv", "{collection} ({date}).csv", "2024-05-01", "orders"),
        ("2024-05-01_orders_{x}.csv", "{date}_{collection}_*.csv", "2024-05-01", "orders"),
        ("orders-abcdefab-2024-05-01.csv", "{collection}-*-{date}.csv", "2024-05-01", "orders"),
        ("EventLogFile-2024-05-01.csv", "{collection}-{date}.csv", "2024-05-01", "eventlogfile"),
        ("prod-orders-delivery-2024-05-01.csv", "prod-{collection}-delivery-{date}.csv", "2024-05-01", "orders"),
        ("full-export-2024-05-01.csv", "full-{collection}-{date}.csv", "2024-05-01", "export"),
    ] {
        let (found, found_date, found_collection, ..) = of(key);
        assert_eq!((found.as_str(), found_date.as_str(), found_collection.as_str()), (pattern, date, collection), "{key}");
    }
}

/// The name of the next day's file, which the pattern of the first must find; true if all files of a date are read, and the
/// number of doubts.
#[test]
fn patterns_find_the_files_of_the_next_day() {
    let spark = format!("orders/dt=2024-05-01/part-00000-{UUID}.c000.snappy.parquet");
    let spark_next = "orders/dt=2024-05-02/part-00013-11111111-2222-4333-8444-555555555555.c001.snappy.parquet";
    let firehose = format!("2024/05/01/05/stream-1-2024-05-01-05-00-00-{UUID}");
    let firehose_next = "2024/05/02/23/stream-1-2024-05-02-23-59-59-11111111-2222-4333-8444-555555555555";
    let flat = format!("stream-1-2024-05-01-05-00-00-{UUID}");
    let flat_next = "stream-2-2024-05-02-06-10-00-11111111-2222-4333-8444-555555555555";
    let trail = "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/05/01/\
                 123456789012_CloudTrail_eu-west-1_20240501T0005Z_nYrlLQoRL2hQvaIr.json.gz";
    let trail_next = "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/05/02/\
                      123456789012_CloudTrail_eu-west-1_20240502T2355Z_Zk3bQwErTyUiOp12.json.gz";
    for (key, pattern, next, picks_all, doubts) in [
        (spark.as_str(), "{collection}/dt={date}/part-{seq}-*.snappy.parquet", spark_next, true, 0),
        (&firehose, "{date:%Y/%m/%d}/{hour}/{collection}-{seq}-*", firehose_next, true, 0),
        (&flat, "{collection}-{seq}-{date}-*", flat_next, true, 0),
        (
            trail,
            "AWSLogs/123456789012/CloudTrail/eu-west-1/{date:%Y/%m/%d}/123456789012_{collection}_eu-west-1_*.json.gz",
            trail_next,
            true,
            2,
        ),
        (
            "123456789012_CloudTrail_eu-west-1_20240501T0005Z_AbCdEf.json.gz",
            "123456789012_{collection}_eu-west-1_{date:%Y%m%d}T*.json.gz",
            "123456789012_CloudTrail_eu-west-1_20240502T1005Z_ZyXwVu.json.gz",
            true,
            2,
        ),
        ("orders_2024-05-01_001.csv", "{collection}_{date}_{seq}.csv", "orders_2024-05-02_017.csv", true, 0),
        ("orders_20240501103000.csv", "{collection}_{date:%Y%m%d}*.csv", "orders_20240502235959.csv", true, 1),
        ("orders_20240501_103000.csv", "{collection}_{date:%Y%m%d}_{seq}.csv", "orders_20240502_110000.csv", true, 1),
        ("orders_20240501T101500+0200.csv", "{collection}_{date:%Y%m%d}T*.csv", "orders_20240502T101500+0100.csv", true, 1),
        ("orders_20240501_0900_UTC.csv", "{collection}_{date:%Y%m%d}_{seq}_UTC.csv", "orders_20240502_0915_UTC.csv", true, 1),
        (
            "orders 2024-05-01 at 9.15 PM.csv",
            "{collection} {date} at *.{seq} *.csv",
            "orders 2024-05-02 at 12.03 AM.csv",
            true,
            1,
        ),
        ("orders_20240501T10.csv", "{collection}_{date:%Y%m%d}T*.csv", "orders_20240502T23.csv", true, 1),
        ("2024-05-01/orders_20240501.csv", "{date}/{collection}_{date:%Y%m%d}.csv", "2024-05-02/orders_20240502.csv", false, 0),
        ("2024/05/orders_2024-05-31.csv", "{year}/{month}/{collection}_{date}.csv", "2024/06/orders_2024-06-01.csv", false, 0),
        ("2024-05/orders_20240531.csv", "{date:%Y-%m}/{collection}_{date:%Y%m%d}.csv", "2024-06/orders_20240601.csv", false, 0),
        (
            "topics/orders/year=2024/month=05/day=01/hour=09/orders+0+0000012345.json",
            "topics/orders/year={year}/month={month}/day={day}/hour={hour}/{collection}+*+{seq}.json",
            "topics/orders/year=2024/month=05/day=02/hour=23/orders+3+0000099999.json",
            true,
            1,
        ),
        ("2024/05/01/09/orders.json", "{date:%Y/%m/%d}/{hour}/{collection}.json", "2024/05/02/10/orders.json", true, 0),
        ("batch_17/orders_2024-05-01.csv", "batch_*/{collection}_{date}.csv", "batch_18/orders_2024-05-02.csv", true, 2),
        ("orders-2024-05-01-8a1f0c1e.csv", "{collection}-{date}-*.csv", "orders-2024-05-02-99aa00ff.csv", true, 1),
        ("dt=2024-05-01/000000_0", "dt={date}/{seq}_*", "dt=2024-05-02/000003_1", true, 1),
        ("orders_2024-05-01_08h_68463867.csv", "{collection}_{date}_*.csv", "orders_2024-05-02_23h_8a1f0c1e.csv", true, 1),
        ("orders_W18_2024-05-01.csv", "{collection}_W{seq}_{date}.csv", "orders_W19_2024-05-06.csv", true, 0),
        ("orders_part003_2024-05-01.csv", "{collection}_part{seq}_{date}.csv", "orders_part017_2024-05-02.csv", true, 0),
        ("orders001_2024-05-01.csv", "{collection}{seq}_{date}.csv", "orders002_2024-05-02.csv", true, 0),
        ("orders_v2_2024-05-01.csv", "{collection}_v2_{date}.csv", "orders_v2_2024-05-02.csv", false, 1),
        ("shop2_orders_2024-05-01.csv", "{collection}_{date}.csv", "shop2_orders_2024-05-02.csv", false, 1),
        ("orders_31.05.2024.csv", "{collection}_{date:%d.%m.%Y}.csv", "orders_01.06.2024.csv", false, 0),
        ("orders_01-05-2024.csv", "{collection}_{date:%d-%m-%Y}.csv", "orders_02-05-2024.csv", false, 1),
        ("orders_240501.csv", "{collection}_{date:%y%m%d}.csv", "orders_240502.csv", false, 1),
        ("orders_20240401_20240430.csv", "{collection}_*_{date:%Y%m%d}.csv", "orders_20240501_20240531.csv", true, 2),
    ] {
        let name = pattern_of(key);
        let texts: Vec<&str> = name.doubts.iter().map(|doubt| doubt.text.as_str()).collect();
        assert_eq!((name.pattern.as_str(), name.picks_all, texts.len()), (pattern, picks_all, doubts), "{key}: {texts:?}");
        let found = name.finds([key, next].into_iter()).unwrap();
        assert_eq!(found.len(), 2, "{key}: `{pattern}` finds {:?}", found.keys());
    }
}

#[test]
fn other_names_settle_doubts_or_raise_them() {
    let weighed = |key: &str, others: &[&str]| {
        let others: Vec<_> = others.iter().map(|other| ((*other).to_owned(), pattern_of(other))).collect();
        let mut name = pattern_of(key);
        name.weigh(key, &others);
        name.doubts.into_iter().map(|doubt| doubt.text).collect::<Vec<_>>().join("\n")
    };
    let alone = "2024-05-01_orders_1714557600123.csv";
    assert!(weighed(alone, &[]).starts_with("of several files"));
    assert_eq!(weighed(alone, &["2024-05-02_orders_1714644000123.csv"]), "");
    let two = weighed(alone, &["2024-05-01_orders_1714557600999.csv"]);
    assert!(two.starts_with("2024-05-01 has 2 such files; of several"), "{two}");
    assert_eq!(weighed("shop2_orders_2024-05-01.csv", &["shop2_orders_2024-05-02.csv"]), "");
    let other = weighed("orders-2024-05-01-8a1f0c1e.csv", &["orders-2024-05-01-8a1f0c1e-lines.csv"]);
    assert!(other.contains("has 2 such files; all files") && !other.contains("finds"), "{other}");
    let other = weighed("orders_8a1f0c1e_2024-05-01.csv", &["orders_items_2024-05-01.csv"]);
    assert!(other.contains("finds `orders_items_2024-05-01.csv` too"), "{other}");
    let lost = weighed("orders_2024-05-01_alpha.csv", &["orders_2024-05-02_beta.csv"]);
    assert!(lost.contains("`orders_2024-05-02_beta.csv` has another name"), "{lost}");
}
