//! Check of a bucket's raw listing: that it is a listing, and for keys that can't be read by their names.

use std::ops::Range;

use bytes::Bytes;
use object_store::path::Path;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Root element of a listing, of S3 and of compatible services.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
const ROOT: &[u8] = b"ListBucketResult";

/// A response that is no listing: a page of a proxy, of a console or of a sign-in, which would pass for an empty bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the endpoint answered with what is no listing of a bucket: `{begin}`")]
pub(super) struct NoListing {
    begin: String,
}

/// Returns the listing without entries whose keys can't be read by their names (an empty part, `.` or `..`), and their keys. The
/// library fails the whole listing on one of them.
///
/// # Errors
/// The body is no listing.
pub(super) fn readable(body: Bytes) -> Result<(Bytes, Vec<String>), NoListing> {
    let no_listing = || {
        let begin = String::from_utf8_lossy(&body[..body.len().min(200)]).split_whitespace().collect::<Vec<_>>().join(" ");
        NoListing { begin }
    };
    let odd = odd_entries(&body).ok_or_else(no_listing)?;
    if odd.is_empty() {
        return Ok((body, Vec::new()));
    }
    let mut kept = Vec::with_capacity(body.len());
    let mut from = 0;
    for (entry, _) in &odd {
        kept.extend_from_slice(&body[from..entry.start]);
        from = entry.end;
    }
    kept.extend_from_slice(&body[from..]);
    Ok((kept.into(), odd.into_iter().map(|(_, key)| key).collect()))
}

/// Returns the ranges of entries with such keys, and their keys. `None` if it is no listing.
fn odd_entries(body: &[u8]) -> Option<Vec<(Range<usize>, String)>> {
    let mut reader = Reader::from_reader(body);
    let (mut is_listing, mut begin, mut is_key, mut key, mut odd) = (false, 0, false, String::new(), Vec::new());
    loop {
        let at = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(start) => match start.local_name().as_ref() {
                ROOT => is_listing = true,
                _ if !is_listing => return None,
                b"Contents" | b"CommonPrefixes" => (begin, key) = (at, String::new()),
                b"Key" | b"Prefix" => (is_key, key) = (true, String::new()),
                _ => {}
            },
            Event::Empty(empty) if empty.local_name().as_ref() == ROOT => is_listing = true,
            Event::Text(text) if is_key => key.push_str(&text.decode().ok()?),
            Event::CData(text) if is_key => key.push_str(&text.decode().ok()?),
            Event::GeneralRef(reference) if is_key => match reference.resolve_char_ref().ok()? {
                Some(c) => key.push(c),
                None => key.push_str(quick_xml::escape::resolve_predefined_entity(&reference.decode().ok()?)?),
            },
            Event::End(end) => match end.local_name().as_ref() {
                b"Key" | b"Prefix" => is_key = false,
                b"Contents" | b"CommonPrefixes" if Path::parse(&key).is_err() => {
                    odd.push((begin..usize::try_from(reader.buffer_position()).ok()?, std::mem::take(&mut key)));
                }
                _ => {}
            },
            Event::Eof => return is_listing.then_some(odd),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(keys: &[&str]) -> Bytes {
        let entries = keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>")).collect::<String>();
        format!(
            "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"x\"><Prefix>a//</Prefix><KeyCount>1</KeyCount>{entries}\
             </ListBucketResult>"
        )
        .into()
    }

    #[test]
    fn keys_without_a_readable_name_are_cut_out_and_told() {
        let (kept, odd) = readable(listing(&["a.csv", "b//c.csv", "x&amp;y/../z", "a &amp; b.csv", "/c"])).unwrap();
        assert_eq!(odd, ["b//c.csv", "x&y/../z"]);
        assert_eq!(kept, listing(&["a.csv", "a &amp; b.csv", "/c"]));
        let whole = listing(&["a.csv"]);
        assert_eq!(readable(whole.clone()).unwrap(), (whole, Vec::new()));
        assert!(readable("<ListBucketResult/>".into()).unwrap().1.is_empty());
    }

    #[test]
    fn what_is_no_listing_is_an_error_with_its_beginning() {
        for page in ["<html><body>Please sign in</body></html>", "", "{}", "<!DOCTYPE html><p>x", "<Error><Code>x</Code></Error>"]
        {
            let error = readable(page.into()).unwrap_err().to_string();
            assert!(error.contains(page), "{error}");
        }
    }
}
