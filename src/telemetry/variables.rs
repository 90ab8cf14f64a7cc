//! Values of environment variables.

/// Returns the trimmed value of a variable; none if it is blank.
pub(super) fn said(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
