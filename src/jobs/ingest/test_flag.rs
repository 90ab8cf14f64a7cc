//! The test flag, which protected profiles refuse.

use std::path::Path;

use crate::config;
use crate::jobs::run::JobError;

/// Promise 12: refuses the test flag before anything but the file of environments is read, so before [`Environment::load`],
/// which reads secrets.
///
/// [`Environment::load`]: crate::jobs::Environment::load
///
/// # Errors
/// The profile is protected; or the file can't be read, is invalid, or has no such profile.
pub fn refuse_test_flag_where_protected(file: &Path, profile: Option<&str>) -> Result<(), JobError> {
    let (name, is_protected) = config::is_protected(file, profile)?;
    refuse_test_flag(&name, is_protected)
}

pub(super) fn refuse_test_flag(profile: &str, is_protected: bool) -> Result<(), JobError> {
    if is_protected {
        return Err(JobError::Usage {
            message: format!("the test flag is refused: the profile `{profile}` is protected"),
            hint: Some("leave E2E_TEST_FLG out, or choose another profile".into()),
        });
    }
    Ok(())
}
