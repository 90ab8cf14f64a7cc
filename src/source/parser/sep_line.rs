//! The first line in which Excel looks for the delimiter: `sep=;`.

/// Returns true if a line, or its first field, is such a line. Case means nothing.
pub(in crate::source) fn is_sep(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"sep="))
}

/// Returns the delimiter that a line tells; `None` if it tells none. It may stand in quotes, and programs that took the line for
/// a record have written it with more delimiters at its end.
pub(super) fn told_delimiter(line: &[u8]) -> Option<Vec<u8>> {
    let unquoted = line.strip_prefix(b"\"").and_then(|line| Some(line.split_at(line.iter().rposition(|byte| *byte == b'"')?)));
    let (line, behind) = unquoted.map_or((line, &[][..]), |(line, rest)| (line, &rest[1..]));
    let told = std::str::from_utf8(line.get(4..).filter(|_| is_sep(line))?).ok()?;
    let first = told.chars().next()?;
    let are_all = |text: &str| text.chars().all(|c| c == first);
    (are_all(told) && std::str::from_utf8(behind).is_ok_and(are_all)).then(|| first.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_a_delimiter() {
        for (line, told) in [
            ("sep=;", ";"),
            ("SEP=,", ","),
            ("Sep=|", "|"),
            ("\"sep=;\"", ";"),
            ("\"sep=;\";;", ";"),
            ("sep=;;;", ";"),
            ("sep=\t", "\t"),
            ("sep=§", "§"),
            ("sep=", ""),
            ("sep=;,", ""),
            ("\"sep=;", ""),
            ("separator=;", ""),
            ("\"sep=;\",x", ""),
            ("id;sep=;", ""),
            ("", ""),
        ] {
            assert_eq!(told_delimiter(line.as_bytes()).unwrap_or_default(), told.as_bytes(), "{line}");
        }
    }
}
