"""Tables in a real metastore, as Spark and Hive see them."""
