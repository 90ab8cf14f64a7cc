//! Counts and metadata of published files, read from their footers.

use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};

use crate::lake::LakeError;
use crate::sink::Extent;
use crate::store::{ObjectInfo, Store};

/// The last bytes of a Parquet file: the footer's length, and `PAR1`.
const TAIL: u64 = 8;

/// The Parquet files of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowsOfFiles {
    /// Their extent; rows are counted by the footers.
    pub extent: Extent,
    /// Files that no reader can read, each with the reason.
    pub damaged: Vec<String>,
}

impl RowsOfFiles {
    /// Returns these files and others together.
    pub(in crate::lake) fn and(mut self, others: Self) -> Self {
        self.damaged.extend(others.damaged);
        Self { extent: self.extent + others.extent, damaged: self.damaged }
    }

    /// Counts the files directly in a folder. Only the footer of each is read.
    ///
    /// # Errors
    /// The store can't be listed or read. A damaged file is not an error.
    pub fn in_folder(store: &Store, folder: &str) -> Result<Self, LakeError> {
        let mut found = Self::default();
        for file in files_in_folder(store, folder)? {
            let rows = match metadata(store, &file)? {
                Ok(metadata) => u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default(),
                Err(reason) => {
                    found.damaged.push(format!("`{}` can't be read: {reason}", file.key));
                    0
                }
            };
            found.extent = found.extent + Extent { files: 1, bytes: file.size, rows };
        }
        Ok(found)
    }
}

/// Returns the Parquet files directly in a folder.
///
/// # Errors
/// The store can't be listed.
pub(in crate::lake) fn files_in_folder(store: &Store, folder: &str) -> Result<Vec<ObjectInfo>, LakeError> {
    Ok(store.list(folder)?.into_iter().filter(|file| is_file_of(folder, &file.key)).collect())
}

/// Returns the number of rows of a file, by its footer.
///
/// # Errors
/// The store can't be read, or the file is damaged.
pub(in crate::lake) fn rows_of_file(store: &Store, file: &ObjectInfo) -> Result<u64, LakeError> {
    let damaged = |reason| LakeError::Damaged { key: file.key.clone(), reason };
    let metadata = metadata(store, file)?.map_err(damaged)?;
    Ok(u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default())
}

/// Returns true if a key is a Parquet file directly in the folder.
pub(super) fn is_file_of(folder: &str, key: &str) -> bool {
    let is_direct = key.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/').split('/').count() == 1);
    is_direct && key.ends_with(".parquet")
}

/// Returns the metadata of a file, or the reason why it is not a Parquet file.
pub(in crate::lake) fn metadata(store: &Store, file: &ObjectInfo) -> Result<Result<ParquetMetaData, String>, LakeError> {
    if file.size <= TAIL {
        return Ok(Err(format!("it has {} bytes", file.size)));
    }
    let tail = store.tail(&file.key, TAIL)?;
    let length = match <[u8; 8]>::try_from(tail).ok().map(FooterTail::try_from) {
        Some(Ok(tail)) => tail.metadata_length() as u64,
        Some(Err(error)) => return Ok(Err(error.to_string())),
        None => return Ok(Err("its end is cut off".to_owned())),
    };
    let footer = store.tail(&file.key, length + TAIL)?;
    let end = footer.len().saturating_sub(8);
    let metadata = ParquetMetaDataReader::decode_metadata(&footer[..end]).map_err(|error| error.to_string());
    Ok(metadata.and_then(|metadata| match metadata.file_metadata().num_rows() {
        0.. => Ok(metadata),
        rows => Err(format!("it says that it has {rows} rows")),
    }))
}
