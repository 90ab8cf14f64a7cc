//! Listing of folders by their names.

use std::path::Path;
use std::{fs, io};

use super::object::path;
use super::{Store, StoreError, error};

impl Store {
    /// Returns the names of the folders in the folder `prefix`, including those without a complete object.
    ///
    /// # Errors
    /// The store can't be listed. A missing folder is empty.
    pub fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let path = path(prefix);
        let error = match self.runtime.block_on(self.objects.list_with_delimiter(Some(&path))) {
            Ok(found) => {
                return Ok(found.common_prefixes.iter().filter_map(|folder| folder.filename()).map(str::to_owned).collect());
            }
            Err(error) => error,
        };
        match self.local_folder() {
            // A name that is no key is none of adg's, and hides no other.
            Some(folder) if error::is_about_one_name(&error) => {
                let named = folders_with_a_key(&folder.join(path.as_ref()));
                named.map_err(|error| StoreError::from_io(&error, "list", &self.describe(), prefix))
            }
            _ => match self.failed("list", prefix, error) {
                StoreError::NotFound { .. } => Ok(Vec::new()),
                error => Err(error),
            },
        }
    }
}

/// Returns the names of the folders in a local folder that can be a part of a key. Links are left out.
fn folders_with_a_key(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
            && object_store::path::Path::parse(&name).is_ok()
        {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}
