//! Fields of a row, and bytes of a value.

/// Bytes that are not what the server's documentation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Returns a field, `None` if it is null, and the bytes after it.
pub(super) fn field(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    match i32::from_be_bytes(*length) {
        -1 => Some((None, rest)),
        length => rest.split_at_checked(usize::try_from(length).ok()?).map(|(field, rest)| (Some(field), rest)),
    }
}

/// Returns the bytes of a value that has so many.
pub(super) fn fixed<const LENGTH: usize>(bytes: &[u8]) -> Result<[u8; LENGTH], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}
