//! The header of a delimited text, if it has one.

use super::super::looks::looks_like_a_value;
use super::notations;
use crate::schema::ColumnType;

/// Returns true if the first record names the fields of the others, and a doubt about it.
pub(super) fn has_header(records: &[Vec<String>]) -> (bool, Option<String>) {
    let Some((first, rest)) = records.split_first() else { return (false, None) };
    let is_value = |name: &String| looks_like_a_value(name, false);
    let is_typed = |place: usize| {
        let values: Vec<&str> = rest.iter().map(|record| record[place].as_str()).collect();
        !matches!(notations::column("", &values).ty, None | Some(ColumnType::String))
    };
    if first.iter().any(is_value) {
        return (false, None);
    }
    let mut names: Vec<String> = first.iter().map(|name| name.trim().to_lowercase()).collect();
    let has_empty = names.iter().any(String::is_empty);
    names.sort_unstable();
    let has_twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    if (0..first.len()).any(|place| is_typed(place) && !first[place].trim().is_empty()) {
        return (true, None);
    }
    // All is text. Names do not come again in their columns, and are short.
    let comes_again = (0..first.len()).any(|place| rest.iter().any(|record| record[place] == first[place]));
    let is_long = first.iter().any(|name| name.chars().count() > 64);
    if rest.is_empty() {
        return (true, Some("there is one line only: is it a header?".to_owned()));
    }
    let is_header = !comes_again && !is_long && !has_empty && !has_twice;
    let doubt = format!("all values are text: is `{}` {} header?", first.join(", "), if is_header { "really a" } else { "no" });
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
    }
}
