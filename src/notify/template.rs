//! Templates of messages.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::report::Notice;

/// Names that a template may contain.
const NAMES: [&str; 8] = ["title", "text", "module", "profile", "event", "severity", "run_id", "rerun"];

/// A text with `{title}`, `{text}`, `{module}`, `{profile}`, `{event}`, `{severity}`, `{run_id}` and `{rerun}` filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Template(String);

impl Default for Template {
    fn default() -> Self {
        Self("{title}\n{text}".to_owned())
    }
}

impl Template {
    /// Returns the message. Inserted values are not searched for names again.
    pub fn fill(&self, notice: &Notice) -> String {
        let rerun = notice.rerun.join("\n");
        let mut text = String::new();
        for piece in pieces(&self.0) {
            text.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Name("title") => &notice.title,
                Piece::Name("text") => &notice.text,
                Piece::Name("module") => &notice.module,
                Piece::Name("profile") => &notice.profile,
                Piece::Name("event") => notice.event.name(),
                Piece::Name("severity") => notice.event.severity(),
                Piece::Name("run_id") => &notice.id,
                Piece::Name(_) => &rerun,
            });
        }
        text.trim_end().to_owned()
    }
}

enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

/// Splits a text into the names in braces and the text between them.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.split_inclusive('}').flat_map(|part| match part.strip_suffix('}').and_then(|part| part.rsplit_once('{')) {
        Some((before, name)) => [Piece::Text(before), Piece::Name(name)],
        None => [Piece::Text(part), Piece::Text("")],
    })
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unknown = pieces(&text).find_map(|piece| match piece {
            Piece::Name(name) if !NAMES.contains(&name) => Some(name.to_owned()),
            Piece::Name(_) | Piece::Text(_) => None,
        });
        match unknown {
            None => Ok(Self(text)),
            Some(name) => {
                Err(serde::de::Error::custom(format!("`{{{name}}}` can't be filled in; there are {{{}}}", NAMES.join("}, {"))))
            }
        }
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A text with {title}, {text}, {module}, {profile}, {event}, {severity}, \
            {run_id} and {rerun} filled in." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Event;

    fn notice() -> Notice {
        Notice {
            id: "7".into(),
            event: Event::Partial,
            events: [Event::Partial].into(),
            module: "vacancy".into(),
            profile: "{title}".into(),
            title: "a title".into(),
            text: "some\nlines".into(),
            rerun: vec!["adg x".into(), "adg y".into()],
            body: serde_json::Value::Null,
        }
    }

    #[test]
    fn names_are_filled_in_once() {
        let filled = |text: &str| serde_json::from_value::<Template>(text.into()).map(|template| template.fill(&notice()));
        assert_eq!(filled("{title}\n{text}").unwrap(), Template::default().fill(&notice()));
        assert_eq!(
            filled("[{severity}] {module}: {event} in {profile} ({run_id})").unwrap(),
            "[Error] vacancy: partial in {title} (7)"
        );
        assert_eq!(filled("{rerun} }").unwrap(), "adg x\nadg y }");
        let error = filled("{titel}").unwrap_err().to_string();
        assert!(error.contains("`{titel}` can't be filled in") && error.contains("{title}"), "{error}");
    }
}
