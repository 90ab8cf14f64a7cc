//! Lines of a text for display.

/// Returns lines of a text for display, from 0.
pub(super) fn shown(text: &str, from: u64, count: u64) -> String {
    const MOST: usize = 3;
    let (from, count) = (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(count).unwrap_or(usize::MAX));
    let line_end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = text.split(line_end).skip(from).take(count).filter(|line| !line.trim().is_empty());
    let cut = |line: &str| {
        format!("`{}`", line.trim().chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>())
    };
    lines.take(MOST).map(cut).collect::<Vec<_>>().join(", ")
}
