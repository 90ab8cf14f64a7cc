//! Locations that a server misreads.

/// File extensions by which Hadoop, or Sail, unpacks files, whatever is in them.
const PACKED: [&str; 9] = [".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd", ".deflate", ".snappy", ".lz4"];

/// Returns true if a server would take a file's name for a pattern, or its text for compressed data.
pub(super) fn is_misread(location: &str) -> bool {
    let name = location.to_ascii_lowercase();
    location.contains(['{', '}', '[', ']', '*', '?', '\\']) || PACKED.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_misread;

    #[test]
    fn names_say_more_than_a_place_to_those_who_read_files_by_them() {
        for name in ["s3://b/a.csv.gz", "s3://b/a.CSV.GZ", "file:///a*.csv", "s3://b/{a}.csv", "s3://b/a.zst"] {
            assert!(is_misread(name), "{name}");
        }
        for name in ["s3://b/a.csv", "s3://b/gz", "file:///a.gz.csv", "gs://b/2024-01-01_x_1.csv"] {
            assert!(!is_misread(name), "{name}");
        }
    }
}
