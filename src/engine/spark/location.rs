//! Locations that a server reads other than as they are written.

/// Ends of names by which Hadoop, or Sail, unpacks files, whatever is in them.
const PACKED: [&str; 9] = [".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd", ".deflate", ".snappy", ".lz4"];

/// Whether a file's name would be taken for a pattern, or its text for packed.
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
