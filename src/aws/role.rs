//! Roles to assume, as a profile writes them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One hop of a role chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// ARN of the role: `arn:aws:iam::111111111111:role/name`.
    pub arn: RoleArn,
    /// External id that the role's trust policy requires, if it requires one.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Name of the session in AWS's logs. None: `adg-` and the profile's name.
    #[serde(default, deserialize_with = "session_name")]
    pub session_name: Option<String>,
    /// Requested lifetime of the credentials, 900 to 43,200 seconds; they are refreshed before it ends. AWS grants chained roles
    /// one hour at most, whatever the role allows.
    #[serde(default = "one_hour", deserialize_with = "granted_duration")]
    #[schemars(range(min = 900, max = 43_200))]
    pub duration_seconds: u32,
}

fn one_hour() -> u32 {
    3600
}

/// Reads a session name, by the rule of AssumeRole's RoleSessionName.
fn session_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    match &name {
        Some(text) if !(2..=64).contains(&text.len()) || !text.chars().all(allowed) => {
            Err(serde::de::Error::custom(format!("`{text}` is no session name: 2 to 64 letters, digits and `_+=,.@-`")))
        }
        _ => Ok(name),
    }
}

fn granted_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        seconds @ 900..=43_200 => Ok(seconds),
        seconds => Err(serde::de::Error::custom(format!("{seconds} seconds are outside of what AWS grants, 900 to 43200"))),
    }
}

/// The ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn(String);

/// An error for a text that is not the ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the ARN of a role; write arn:aws:iam::ACCOUNT:role/NAME")]
pub struct RoleError {
    text: String,
}

impl RoleArn {
    /// Returns the whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleArn {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        match parts[..] {
            ["arn", partition, "iam", "", account, role]
                if partition.starts_with("aws")
                    && is_account(account)
                    && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(RoleError { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RoleArn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RoleArn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for RoleArn {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoleArn".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "arn:aws:iam::ACCOUNT:role/NAME" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_roles_arn_is_one() {
        for right in ["arn:aws:iam::111111111111:role/a", "arn:aws-cn:iam::111111111111:role/path/to/a"] {
            assert_eq!(right.parse::<RoleArn>().unwrap().as_str(), right);
        }
        for wrong in ["", "a", "arn:aws:iam::1:role/a", "arn:aws:iam::111111111111:user/a", "arn:aws:iam::111111111111:role/"] {
            assert!(wrong.parse::<RoleArn>().is_err(), "{wrong}");
        }
    }
}
