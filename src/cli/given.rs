//! Values of flags and environment variables: a flag wins over a variable, and a blank value counts as none.

use crate::identity::ProcessingDate;
use crate::jobs::JobError;

/// A reader of environment variables; tests bring their own.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A flag with its environment variable.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) flag: &'a str,
    pub(super) variable: &'a str,
    pub(super) env: Env<'a>,
}

impl Given<'_> {
    /// Returns the value, and the name of the flag or variable that gave it.
    fn value(self, flag: Option<&str>) -> Option<(String, String)> {
        let present = |value: String| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let by_flag = flag.map(str::to_owned).and_then(present).map(|value| (value, self.flag.to_owned()));
        by_flag.or_else(|| (self.env)(self.variable).and_then(present).map(|value| (value, self.variable.to_owned())))
    }

    pub(super) fn text(self, flag: Option<&str>) -> Option<String> {
        self.value(flag).map(|(value, _)| value)
    }

    pub(super) fn date(self, flag: Option<&str>) -> Result<Option<ProcessingDate>, JobError> {
        let parse = |(value, source): (String, String)| {
            value.parse().map_err(|error| JobError::Usage { message: format!("{source}: {error}"), hint: None })
        };
        self.value(flag).map(parse).transpose()
    }

    pub(super) fn truth(self, flag: Option<&str>) -> Result<bool, JobError> {
        match self.value(flag) {
            None => Ok(false),
            Some((value, _)) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some((value, _)) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some((value, source)) => {
                Err(JobError::Usage { message: format!("{source}: `{value}` is neither `true` nor `false`"), hint: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(env: Env<'_>) -> Given<'_> {
        Given { flag: "--start-dt", variable: "START_DT", env }
    }

    #[test]
    fn a_flag_wins_and_blank_is_not_given() {
        let env = |name: &str| (name == "START_DT").then(|| " 2021-04-12 ".to_owned());
        let blank = |_: &str| Some("  ".to_owned());
        let date = |text: &str| Some(text.parse().unwrap());
        assert_eq!(given(&env).date(Some("2021-04-13")).unwrap(), date("2021-04-13"));
        assert_eq!(given(&env).date(Some("")).unwrap(), date("2021-04-12"));
        assert_eq!(given(&blank).date(None).unwrap(), None);
        let error = given(&env).date(Some("12/04/2021")).unwrap_err().to_string();
        assert_eq!(error, "--start-dt: `12/04/2021` is not a date; write it as YYYY-MM-DD, or an hour as YYYY-MM-DDTHH");
    }

    #[test]
    fn truth_in_any_case() {
        let python = |_: &str| Some("True".to_owned());
        assert!(given(&python).truth(None).unwrap());
        assert!(!given(&python).truth(Some("FALSE")).unwrap());
        assert!(given(&python).truth(Some("yes")).is_err());
    }
}
