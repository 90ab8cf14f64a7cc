//! Pieces of a file pattern: texts, tokens and stars.

use regex::Regex;

use crate::identity::{ProcessingDate, SliceLength};

use super::super::KeyPatternError;
use super::super::name_date::{self, DateToken};
use super::slicing::Slicing;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `*`, and `**` with a slash that follows it.
    Any(&'static str),
    Collection,
    Token(Token),
}

/// A token whose text differs between a collection's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Date(DateToken),
    EpochMs,
    Seq,
}

pub(super) fn malformed(pattern: &str, reason: &str) -> KeyPatternError {
    KeyPatternError::Malformed { pattern: pattern.to_owned(), reason: reason.to_owned() }
}

/// Refuses what no key of a store is like: keys begin below its root, and have no empty folders.
///
/// # Errors
/// The pattern begins with `/`, or has a folder that is empty, `.` or `..`.
pub fn must_be_of_keys(pattern: &str) -> Result<(), KeyPatternError> {
    if !pattern.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Ok(());
    }
    let reason = "keys begin below the root of the store, without `/`, and have no folders that are empty, `.` or `..`: write \
                  `in/…`; the root is the `url` of the store in adg.yaml";
    Err(malformed(pattern, reason))
}

/// Returns the parts of a pattern, in order.
pub(super) fn pieces(pattern: &str) -> Result<Vec<Piece>, KeyPatternError> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(deep) = rest.strip_prefix("**") {
            let after = deep.trim_start_matches('*');
            // `a/**/b` matches `a/b` too, as in other globs.
            let (regex, after) = after.strip_prefix('/').map_or((".*", after), |after| ("(?:.*/)?", after));
            pieces.push(Piece::Any(regex));
            rest = after;
            continue;
        }
        match c {
            '{' => {
                let end = rest.find('}').ok_or_else(|| malformed(pattern, "a `{` is not closed"))?;
                pieces.push(token(&rest[1..end], pattern)?);
                rest = &rest[end + 1..];
            }
            '}' => return Err(malformed(pattern, "a `}` has no `{`")),
            '*' => {
                pieces.push(Piece::Any("[^/]*"));
                rest = &rest[1..];
            }
            _ => {
                let end = rest.find(['{', '}', '*']).unwrap_or(rest.len());
                pieces.push(Piece::Text(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
    }
    Ok(pieces)
}

fn token(word: &str, pattern: &str) -> Result<Piece, KeyPatternError> {
    if let Some(date) = DateToken::read(word) {
        return Ok(Piece::Token(Token::Date(date)));
    }
    match word {
        "collection" => Ok(Piece::Collection),
        "epoch_ms" => Ok(Piece::Token(Token::EpochMs)),
        "seq" => Ok(Piece::Token(Token::Seq)),
        _ => Err(KeyPatternError::UnknownToken { pattern: pattern.to_owned(), word: word.to_owned() }),
    }
}

/// Returns the regular expression of a collection's keys, and the tokens of its groups.
pub(super) fn compile(pieces: &[Piece], file_name: &str, pattern: &str) -> Result<(Regex, Vec<Token>), KeyPatternError> {
    let mut regex = String::from("^");
    let mut tokens = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => regex.push_str(&regex::escape(text)),
            Piece::Any(any) => regex.push_str(any),
            Piece::Collection => regex.push_str(&regex::escape(file_name)),
            Piece::Token(token) => {
                let texts = match token {
                    Token::Date(date) => date.regex().map_err(|reason| malformed(pattern, &reason))?,
                    Token::EpochMs | Token::Seq => "[0-9]+".to_owned(),
                };
                regex.push_str(&format!("({texts})"));
                tokens.push(token.clone());
            }
        }
    }
    regex.push('$');
    let regex = Regex::new(&regex).map_err(|error| malformed(pattern, &error.to_string()))?;
    Ok((regex, tokens))
}

/// Checks that the tokens give whole slices: tried with one.
pub(super) fn must_give_slices(pieces: &[Piece], pattern: &str, slicing: &Slicing) -> Result<(), KeyPatternError> {
    let dates: Vec<&DateToken> =
        pieces.iter().filter_map(|piece| if let Piece::Token(Token::Date(date)) = piece { Some(date) } else { None }).collect();
    if slicing.by_time_in.is_some() {
        return match dates.first() {
            Some(_) => Err(malformed(pattern, "with `date_from: modified`, a date in the name has no meaning; write `*`")),
            None => Ok(()),
        };
    }
    for date in &dates {
        date.regex().map_err(|reason| malformed(pattern, &reason))?;
    }
    let sample = "2024-11-22T13".parse::<ProcessingDate>().ok();
    let texts: Vec<String> = dates.iter().filter_map(|token| Some(token.text(sample?))).collect();
    let found = name_date::date(dates.into_iter().zip(texts.iter().map(String::as_str)));
    match found {
        None => Err(KeyPatternError::NoDate { pattern: pattern.to_owned() }),
        Some(date) if slicing.length == SliceLength::Hour && date.hour().is_none() => {
            Err(KeyPatternError::NoHour { pattern: pattern.to_owned() })
        }
        Some(_) => Ok(()),
    }
}

/// Returns a pattern with its date filled in, for display and for keys of markers.
pub fn with_date(pattern: &str, date: ProcessingDate) -> String {
    let mut filled = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        let end = start + length;
        filled.push_str(&rest[..start]);
        match DateToken::read(&rest[start + 1..end]) {
            Some(token) => filled.push_str(&token.text(date)),
            None => filled.push_str(&rest[start..=end]),
        }
        rest = &rest[end + 1..];
    }
    filled + rest
}
