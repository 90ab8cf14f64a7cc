//! The header of a delimited text, if it has one.

use super::super::looks::looks_like_a_value;
use super::column::NULL_MARK;
use super::notations;
use crate::schema::ColumnType;
use crate::schema::fit::boolean;

/// Maximum number of values of a column that are compared with its name.
const MOST_VALUES: usize = 100;

/// Relation of a text of the first record to those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// A text over values of another type: a name.
    Name,
    /// A number, date or the like: a value.
    Value,
    /// A word such as `y` over such words: a name, or one of them.
    Word,
    /// A text over texts.
    Text,
}

impl First {
    fn of(name: &str, values: &[&str]) -> Self {
        let name = name.trim();
        // `t`, `no` and `nan` are names too.
        let is_word = name.chars().all(char::is_alphabetic);
        let is_boolean = |text: &&str| boolean(text.trim().as_bytes()).is_some();
        let is_typed = || !matches!(notations::column("", values).ty, None | Some(ColumnType::String));
        match () {
            () if name.is_empty() || name == NULL_MARK => Self::Text,
            () if !is_word && looks_like_a_value(name, false) => Self::Value,
            () if is_word && is_boolean(&name) && !values.is_empty() && values.iter().all(is_boolean) => Self::Word,
            () if is_typed() => Self::Name,
            () => Self::Text,
        }
    }
}

/// Returns true if the first record names the fields of the others, and a doubt about it. Where it may be one of them, it is: a
/// name among the records does less harm than a record that is lost.
pub(super) fn has_header(records: &[Vec<String>]) -> (bool, Option<String>) {
    let Some((first, rest)) = records.split_first() else { return (false, None) };
    let column = |place: usize| rest.iter().filter_map(move |record| record.get(place)).map(String::as_str);
    let kinds: Vec<First> =
        (0..first.len()).map(|place| First::of(&first[place], &column(place).take(MOST_VALUES).collect::<Vec<_>>())).collect();
    let has = |kind| kinds.contains(&kind);
    let shown = first.iter().take(10).map(|name| name.chars().take(60).collect::<String>()).collect::<Vec<_>>().join(", ");
    if has(First::Value) {
        // A value that its column does not have may be a name, such as a year or a month.
        let is_typed = |values: &[&str]| !matches!(notations::column("", values).ty, None | Some(ColumnType::String));
        let values = |place: usize| column(place).take(MOST_VALUES).collect::<Vec<&str>>();
        let is_odd = |place: &usize| {
            let values = values(*place);
            kinds[*place] == First::Value && is_typed(&values) && !is_typed(&[&[first[*place].as_str()][..], &values].concat())
        };
        // Below a line of values, names and a trailer make texts of all columns.
        let are_texts = !rest.is_empty() && (0..first.len()).all(|place| !is_typed(&values(place)));
        let is_mixed = are_texts || has(First::Name) || (0..first.len()).any(|place| is_odd(&place));
        let doubt = is_mixed.then(|| format!("`{shown}` has values that its columns do not have: is it no header?"));
        return (false, doubt);
    }
    if rest.is_empty() {
        return (true, Some("there is one line only: is it a header?".to_owned()));
    }
    if has(First::Name) {
        return (true, None);
    }
    if has(First::Word) {
        return (false, Some(format!("`{shown}` may be names or values: is it no header?")));
    }
    // All is text. Names do not come again in their columns, and are short.
    let mut names: Vec<String> = first.iter().map(|name| name.trim().to_lowercase()).collect();
    names.sort_unstable();
    let has_twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    let comes_again = (0..first.len()).any(|place| column(place).any(|value| value == first[place]));
    let is_long = names.iter().any(|name| name.chars().count() > 64);
    let is_header = !comes_again && !is_long && !has_twice && names.iter().all(|name| !name.is_empty());
    let doubt = format!("all values are text: is `{shown}` {} header?", if is_header { "really a" } else { "no" });
    (is_header, Some(doubt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (bool, bool) {
        let records: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        let (is_header, doubt) = has_header(&records);
        (is_header, doubt.is_some())
    }

    #[test]
    fn a_header_is_text_over_values() {
        assert_eq!(of("id,name\n1,Ann\n2,Bob"), (true, false));
        assert_eq!(of("1001,Ann\n1002,Bob"), (false, false));
        assert_eq!(of("name,city\nAnn,Bern\nBob,Basel"), (true, true));
        assert_eq!(of("Ann,Bern\nBob,Bern\nCem,Chur"), (false, true));
        assert_eq!(of("id,name"), (true, true));
        assert_eq!(of("1,\\N\n2,2.5"), (false, false));
        assert_eq!(of("item,2023-01-01\nA,5\nB,6"), (false, true));
        assert_eq!(of("H,20240501,x\nid,name,x\n1,Ann,a\nT,1,9.50"), (false, true));
        assert_eq!(of("n/a,5\n3,6\n4,7"), (false, true), "a null word in the first record");
    }

    #[test]
    fn words_are_values_only_over_such_words() {
        assert_eq!(of("t,f,y,n,no\n1,2,3,4,5\n6,7,8,9,1"), (true, false));
        assert_eq!(of("y,n\nAnn,Bern\nBob,Basel"), (true, true));
        assert_eq!(of("true,false\nfalse,false"), (false, true));
        assert_eq!(of("id,y\n1,n\n2,y"), (true, false));
        assert_eq!(of("nan,inf\n1,2"), (true, false));
    }

    #[test]
    fn a_record_of_another_width_is_compared_as_far_as_it_goes() {
        assert_eq!(of("id,name,x\n1,Ann\n2"), (true, false));
        assert_eq!(of("id\n1,Ann\n2,Bob"), (true, false));
    }
}
