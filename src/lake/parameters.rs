//! Table parameters of adg's own.

/// The table parameter that names the module whose lease guards the table.
pub const OWNER: &str = "adg.module";

/// The table parameter that has the fingerprint of the columns as adg left them.
pub const COLUMNS: &str = "adg.columns";
