//! Failed calls to a Hive Metastore.

use hive_metastore::{
    ThriftHiveMetastoreAddPartitionsReqException as AddPartitions,
    ThriftHiveMetastoreAlterPartitionsWithEnvironmentContextException as AlterPartitions,
    ThriftHiveMetastoreAlterTableWithEnvironmentContextException as AlterTable,
    ThriftHiveMetastoreCreateDatabaseException as CreateDatabase, ThriftHiveMetastoreCreateTableException as CreateTable,
    ThriftHiveMetastoreDropPartitionException as DropPartition, ThriftHiveMetastoreGetAllDatabasesException as GetAllDatabases,
    ThriftHiveMetastoreGetAllTablesException as GetAllTables, ThriftHiveMetastoreGetPartitionException as GetPartition,
    ThriftHiveMetastoreGetPartitionNamesException as GetPartitionNames,
    ThriftHiveMetastoreGetPartitionsByNamesException as GetPartitionsByNames, ThriftHiveMetastoreGetTableException as GetTable,
    ThriftHiveMetastoreGetTableObjectsByNameException as GetTables,
};

/// A failed call.
#[derive(Debug)]
pub(super) enum Fault {
    /// The object does not exist.
    Missing,
    /// The object exists already.
    Exists,
    /// The service refused the call.
    Refused(String),
    /// The service considers the new type of a column incompatible with its files: it does so for any change of a struct, unless
    /// `hive.metastore.disallow.incompatible.col.type.changes` is false.
    Types(String),
    /// No answer came; the service may have acted.
    Lost(String),
}

impl Fault {
    fn refused(said: String) -> Self {
        if said.contains("have types incompatible") {
            // Two lines: what is wrong, and the columns.
            Self::Types(said.split_whitespace().collect::<Vec<_>>().join(" "))
        } else {
            Self::Refused(said)
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// Returns true if the table was changed between our read and our write (HIVE-26882: Hive 2.3.10, 4.0 and later check this).
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(said) if said.contains("has been modified"))
    }
}

/// Maps the exceptions of each call to faults.
macro_rules! faults {
    ($($exception:ident { $($variant:ident $kind:ident),* })*) => {
        $(impl From<$exception> for Fault {
            fn from(exception: $exception) -> Self {
                match exception {
                    $($exception::$variant(said) => faults!(@ $kind said),)*
                }
            }
        })*
    };
    (@ missing $said:ident) => {{ let _ = $said; Self::Missing }};
    (@ exists $said:ident) => {{ let _ = $said; Self::Exists }};
    (@ refused $said:ident) => { Self::refused($said.message.map(|text| text.to_string()).unwrap_or_default()) };
}

faults! {
    CreateDatabase { O1 exists, O2 refused, O3 refused }
    GetAllDatabases { O1 refused }
    GetAllTables { O1 refused }
    GetTable { O1 refused, O2 missing }
    GetTables { O1 refused, O2 refused, O3 missing }
    CreateTable { O1 exists, O2 refused, O3 refused, O4 missing }
    AlterTable { O1 refused, O2 refused }
    AddPartitions { O1 refused, O2 exists, O3 refused }
    GetPartition { O1 refused, O2 missing }
    GetPartitionsByNames { O1 refused, O2 missing }
    GetPartitionNames { O2 refused }
    AlterPartitions { O1 refused, O2 refused }
    DropPartition { O1 missing, O2 refused }
}
