//! Building blocks of Spark's SQL.

use crate::schema::ColumnName;

/// Returns a text as a literal.
pub(super) fn text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            c if c.is_ascii_control() => literal.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

/// Returns a regular expression as a raw literal. None of ours has a quote.
pub(super) fn pattern(pattern: &str) -> String {
    format!("r'{pattern}'")
}

/// Returns a column's name in backquotes. No name has one in it.
pub(super) fn name(name: &ColumnName) -> String {
    format!("`{name}`")
}

/// Returns a condition that all of `value` matches a pattern.
pub(super) fn matches(value: &str, of: &str) -> String {
    // `$` would also stand before a last line end.
    format!("{value} RLIKE {}", pattern(&format!("^(?:{of})\\z")))
}

/// Returns a condition that a value is one of these texts.
pub(super) fn is_one_of(value: &str, texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.map(|one| text(&one)).collect();
    if texts.is_empty() { "FALSE".to_owned() } else { format!("{value} IN ({})", texts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_literal_but_its_end() {
        assert_eq!(text("it's a \\ and\n\té"), "'it\\'s a \\\\ and\\u000A\\u0009é'");
        assert_eq!(name(&ColumnName::new("cost_$").unwrap()), "`cost_$`");
        assert!(ColumnName::new("a`b").is_err());
        assert_eq!(is_one_of("t", [String::new(), "NULL".to_owned()].into_iter()), "t IN ('', 'NULL')");
        assert_eq!(is_one_of("t", std::iter::empty()), "FALSE");
    }
}
