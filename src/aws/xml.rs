//! Reading of the XML error documents of S3 and Google.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Returns the text of the first element named `name`, in the document that begins at the first `<` of `text`.
pub fn element(text: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(text.get(text.find('<')?..)?);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.local_name().as_ref() == name.as_bytes() => {
                return reader.read_text(start.name()).ok().and_then(|text| text.decode().ok()).map(|text| {
                    quick_xml::escape::unescape(&text).map_or_else(|_| text.clone().into_owned(), std::borrow::Cow::into_owned)
                });
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_document_is_read_where_it_begins() {
        let text =
            "status 403: <?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>not &quot;you&quot;</Message></Error>";
        assert_eq!(element(text, "Code").as_deref(), Some("AccessDenied"));
        assert_eq!(element(text, "Message").as_deref(), Some("not \"you\""));
        assert_eq!(element(text, "Nothing"), None);
        assert_eq!(element("no document", "Code"), None);
    }
}
