//! Table parameters that adg sets.

/// Table parameter with the module whose lease guards the table.
pub const OWNER: &str = "adg.module";

/// Table parameter with the names in the source that fill the columns, as JSON.
pub const SOURCE_NAMES: &str = "adg.source_names";

/// Table parameter with the fingerprint of the columns as adg left them.
pub const COLUMNS: &str = "adg.columns";
