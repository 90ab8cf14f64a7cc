//! What published files say of themselves.

use parquet::file::metadata::{FooterTail, ParquetMetaDataReader};

use crate::lake::LakeError;
use crate::store::{ObjectInfo, Store};

/// The last bytes of a Parquet file: the footer's length, and `PAR1`.
const TAIL: u64 = 8;

/// The Parquet files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowsOfFiles {
    /// How many there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows, by their own footers.
    pub rows: u64,
}

impl RowsOfFiles {
    /// Those that lie in the folder itself. Of each only the footer is read.
    pub fn in_folder(store: &Store, folder: &str) -> Result<Self, LakeError> {
        let mut found = Self::default();
        let is_direct =
            |key: &str| key.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/').split('/').count() == 1);
        for file in store.list(folder)?.into_iter().filter(|file| is_direct(&file.key) && file.key.ends_with(".parquet")) {
            found.files += 1;
            found.bytes += file.size;
            found.rows += rows(store, &file)?;
        }
        Ok(found)
    }
}

fn rows(store: &Store, file: &ObjectInfo) -> Result<u64, LakeError> {
    let wrong = |reason: String| LakeError::Parquet { file: file.key.clone(), reason };
    let tail: [u8; 8] = store.tail(&file.key, TAIL)?.try_into().map_err(|_| wrong("it has less than 8 bytes".to_owned()))?;
    let length = FooterTail::try_from(tail).map_err(|error| wrong(error.to_string()))?.metadata_length();
    let footer = store.tail(&file.key, length as u64 + TAIL)?;
    let metadata = ParquetMetaDataReader::decode_metadata(&footer[..footer.len().saturating_sub(tail.len())]);
    let rows = metadata.map_err(|error| wrong(error.to_string()))?.file_metadata().num_rows();
    u64::try_from(rows).map_err(|_| wrong(format!("it says that it has {rows} rows")))
}
