//! Errors of Polars.

use polars::prelude::PolarsError;

use crate::sql::SqlError;

pub(super) fn failed(error: PolarsError) -> SqlError {
    SqlError::Failed { reason: error.to_string() }
}

/// Returns the error of a statement that Polars does not take.
pub(super) fn refused(error: PolarsError) -> SqlError {
    SqlError::refused(in_words(&error.to_string()), "correct the statement, or write it otherwise: Polars knows no such part")
}

/// Returns a message without what is meant for programmers: trees of the statement, and plans.
fn in_words(message: &str) -> String {
    let message = message.split("\n\nResolved plan").next().unwrap_or_default().trim();
    let tree = ["TokenWithSpan", "Ident {", "quote_style"].into_iter().filter_map(|word| message.find(word)).min();
    match tree {
        // The words before the tree, without those that begin it.
        Some(tree) => {
            let begin = message[..tree].split([' ', '(', '{', '[']).filter(|word| !word.is_empty());
            let begin = begin.take_while(|word| !word.ends_with(':')).collect::<Vec<_>>().join(" ");
            format!("not known: {begin}")
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_not_shown() {
        for (message, told) in [
            (
                "expression Exists { subquery: Query { with: None, body: Select(Select { select_token: TokenWithSpan { x",
                "not known: expression Exists",
            ),
            (
                "join type 'LeftAnti(On(BinaryOp { left: CompoundIdentifier([Ident { value: \"o\"",
                "not known: join type 'LeftAnti On BinaryOp",
            ),
            (
                "not found: unable to find column \"ts\"\n\nResolved plan until failure:\n x",
                "not found: unable to find column \"ts\"",
            ),
            ("unsupported function 'rank'", "unsupported function 'rank'"),
        ] {
            assert_eq!(in_words(message), told);
        }
    }
}
