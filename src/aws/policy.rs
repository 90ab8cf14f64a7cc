//! Policy statements for hints, which show the missing one.

use serde_json::{Value, json};

/// Returns a policy's statement that allows `actions` on `resource`.
pub fn statement(actions: &[&str], resource: &str) -> String {
    let actions = match actions {
        [one] => json!(one),
        several => json!(several),
    };
    json!({"Effect": "Allow", "Action": actions, "Resource": resource}).to_string()
}

/// Returns a trust policy's statement that lets `principal` assume the role.
pub(super) fn trust(principal: &str, external_id: bool) -> String {
    let mut statement = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"});
    if external_id {
        statement["Condition"] = json!({"StringEquals": {"sts:ExternalId": "the external_id of adg.yaml"}});
    }
    Value::to_string(&statement)
}

/// Returns the principal of a caller in a policy: a role's session is written there as the role.
pub fn principal_of(caller: &str) -> String {
    match caller.split_once(":assumed-role/") {
        Some((account, session)) => {
            let role = session.split('/').next().unwrap_or(session);
            format!("{}:role/{role}", account.replace(":sts:", ":iam:"))
        }
        None => caller.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_role() {
        let session = "arn:aws:sts::111111111111:assumed-role/reader/adg-1";
        assert_eq!(principal_of(session), "arn:aws:iam::111111111111:role/reader");
        assert_eq!(principal_of("arn:aws:iam::1:user/a"), "arn:aws:iam::1:user/a");
    }

    #[test]
    fn a_statement_can_be_pasted() {
        assert_eq!(
            statement(&["s3:GetObject"], "arn:aws:s3:::b/*"),
            r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#
        );
        assert!(trust("arn:aws:iam::1:user/a", true).contains("sts:ExternalId"));
    }
}
