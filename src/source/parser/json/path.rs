//! Paths in JSON documents.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// The member of an object with this name.
    Member(String),
    /// Each item of an array.
    Items,
}

/// Parses a path: names joined by dots and `[*]` for each item of an array, such as `Records[*].body`, also with a leading `$.`
/// (a part of `JSONPath`, RFC 9535); or a JSON Pointer (RFC 6901) with `*` for each item, such as `/Records/*/body`.
///
/// # Errors
/// A name is missing, or a bracket has anything but `*` or a name in quotes.
pub fn parse_path(text: &str) -> Result<Vec<PathStep>, String> {
    let steps = match text.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(pointer_step).collect(),
        None => dotted(text.strip_prefix("$.").or_else(|| text.strip_prefix('$')).unwrap_or(text))?,
    };
    if let Some(place) = text.starts_with('/').then(|| text.split('/').find(|segment| is_number(segment))).flatten() {
        return Err(format!(
            "`{text}` has `{place}`: no single items of arrays are read; a member of that name is `['{place}']` in a path of \
             names and dots"
        ));
    }
    if text.split('.').any(|name| name == "*") {
        return Err(format!(
            "`{text}` has `*` for a name: `[*]` stands for the items of an array; members of objects are no items"
        ));
    }
    let is_nameless = |step: &PathStep| matches!(step, PathStep::Member(name) if name.is_empty());
    if steps.iter().any(is_nameless) || steps.is_empty() {
        return Err(format!("`{text}` is no path of names and dots"));
    }
    Ok(steps)
}

fn is_number(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn pointer_step(segment: &str) -> PathStep {
    match segment {
        "*" => PathStep::Items,
        name => PathStep::Member(name.replace("~1", "/").replace("~0", "~")),
    }
}

fn dotted(text: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    // A bracket may stand at the beginning: `[*].a`.
    let mut wants_name = !rest.starts_with('[');
    while wants_name || !rest.is_empty() {
        if wants_name {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(PathStep::Member(rest[..end].to_owned()));
            rest = &rest[end..];
            wants_name = false;
        } else if let Some(after) = rest.strip_prefix('.') {
            (rest, wants_name) = (after, true);
        } else {
            let wrong = || format!("`{text}` has a bracket other than `[*]` and `['name']`");
            let (inside, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(wrong)?;
            let quoted = |quote: char| inside.strip_prefix(quote)?.strip_suffix(quote);
            steps.push(match (inside, quoted('\'').or_else(|| quoted('"'))) {
                ("*", _) => PathStep::Items,
                (_, Some(name)) => PathStep::Member(name.to_owned()),
                _ => return Err(wrong()),
            });
            rest = after;
        }
    }
    Ok(steps)
}

/// Returns a path as [`parse_path`] reads it: `Records[*].body`.
pub fn written_path(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            PathStep::Items => text.push_str("[*]"),
            PathStep::Member(name) if name.contains(['.', '[', ']']) || name.starts_with(['/', '$']) => {
                let quote = if name.contains('\'') { '"' } else { '\'' };
                text.extend(["[", &quote.to_string(), name, &quote.to_string(), "]"]);
            }
            PathStep::Member(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        let step = |step: PathStep| match step {
            PathStep::Member(name) => name,
            PathStep::Items => "*".to_owned(),
        };
        parse_path(text).map_or_else(|_| "refused".to_owned(), |steps| steps.into_iter().map(step).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn paths_are_written_in_two_ways() {
        for (text, steps) in [
            ("data", "data"),
            ("a.b", "a|b"),
            ("Records[*].dynamodb.NewImage", "Records|*|dynamodb|NewImage"),
            ("$.Records[*]", "Records|*"),
            ("$['a.b'][*].c", "a.b|*|c"),
            ("[*].a", "*|a"),
            ("a[*][*]", "a|*|*"),
            ("/Records/*/a~1b", "Records|*|a/b"),
            ("", "refused"),
            ("a..b", "refused"),
            ("a.", "refused"),
            ("a[0]", "refused"),
            ("a[*", "refused"),
            ("a[*]b", "refused"),
            ("/", "refused"),
        ] {
            assert_eq!(path(text), steps, "{text}");
            if let Ok(steps) = parse_path(text) {
                assert_eq!(parse_path(&written_path(&steps)), Ok(steps), "{text}");
            }
        }
    }
}
