//! What a metastore answers that is no success.

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

/// Why a call was no success.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not there.
    Missing,
    /// It is there already.
    Exists,
    /// The service refused it.
    Refused(String),
    /// The service takes the new type of a column for one that its files can't be read as: any change of a struct is that to it,
    /// unless `hive.metastore.disallow.incompatible.col.type.changes` is false.
    Types(String),
    /// No answer came; it may have acted.
    Lost(String),
}

impl Fault {
    fn refused(said: String) -> Self {
        match said.contains("have types incompatible") {
            // Two lines: what is wrong, and the columns.
            true => Self::Types(said.split_whitespace().collect::<Vec<_>>().join(" ")),
            false => Self::Refused(said),
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// Whether the table was changed between our reading and our writing (HIVE-26882: Hive 2.3.10, 4.0 and later look).
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(said) if said.contains("has been modified"))
    }
}

/// What became of an exception of each call.
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
