//! Check that a text has as many digits as its `strptime` format says: the library takes `24` for the year 24.

/// Returns true if each number of a text is as long as its directive: a year has four digits, and where numbers stand without a
/// character between them, all digits are there. Months, days and hours between other characters may have one digit.
pub(super) fn fits(format: &str, text: &str) -> bool {
    let directives = directives(format);
    let mut rest = text;
    for (i, directive) in directives.iter().enumerate() {
        let adjoins = i.checked_sub(1).is_some_and(|before| directives[before].is_number())
            || directives.get(i + 1).is_some_and(Directive::is_number);
        let length = match directive {
            Directive::Number(longest) if adjoins => *longest,
            Directive::Number(longest) => {
                let length = digits(rest);
                let shortest = if *longest == 2 { 1 } else { *longest };
                if !(shortest..=*longest).contains(&length) {
                    return false;
                }
                length
            }
            Directive::ShortYear => 2,
            Directive::Fraction => rest.len() - rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).len(),
            Directive::Word => rest.len() - rest.trim_start_matches(char::is_alphabetic).len(),
            Directive::Space => rest.len() - rest.trim_start().len(),
            Directive::Text(c) => c.len_utf8(),
            // Zones, and directives of other kinds: the library has read them.
            Directive::Other => return true,
        };
        let Some((taken, after)) = rest.split_at_checked(length) else { return false };
        if matches!(directive, Directive::Number(_) | Directive::ShortYear) && digits(taken) != length {
            return false;
        }
        rest = after;
    }
    true
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Returns true if a format has a year of two digits, whose century is a guess.
pub(super) fn has_short_year(format: &str) -> bool {
    directives(format).contains(&Directive::ShortYear)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    /// A number of at most so many digits.
    Number(usize),
    ShortYear,
    Fraction,
    Word,
    Space,
    Text(char),
    Other,
}

impl Directive {
    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::ShortYear)
    }
}

fn directives(format: &str) -> Vec<Directive> {
    let mut found = Vec::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            found.push(if c.is_whitespace() { Directive::Space } else { Directive::Text(c) });
            continue;
        }
        // Flags and widths: `%-d`, `%_d`, `%3f`, `%.f`.
        let name = chars.by_ref().find(|c| !matches!(c, '-' | '_' | '^' | '#' | '.' | ':' | '0'..='9'));
        match name {
            Some('Y') => found.push(Directive::Number(4)),
            Some('m' | 'd' | 'e' | 'H' | 'k' | 'I' | 'l' | 'M' | 'S') => found.push(Directive::Number(2)),
            Some('j') => found.push(Directive::Number(3)),
            Some('y') => found.push(Directive::ShortYear),
            Some('f' | 'N') => found.push(Directive::Fraction),
            Some('a' | 'A' | 'b' | 'B' | 'h' | 'p' | 'P') => found.push(Directive::Word),
            Some('%') => found.push(Directive::Text('%')),
            Some('n' | 't') => found.push(Directive::Space),
            Some('F') => found.extend(directives("%Y-%m-%d")),
            Some('T') => found.extend(directives("%H:%M:%S")),
            Some('R') => found.extend(directives("%H:%M")),
            Some('D') => found.extend(directives("%m/%d/%y")),
            _ => found.push(Directive::Other),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_their_format_says() {
        for (format, text, expected) in [
            ("%d/%m/%Y", "01/05/2024", true),
            ("%d/%m/%Y", "1/5/2024", true),
            ("%d/%m/%Y", "01/05/24", false),
            ("%d/%m/%Y", "01/05/202", false),
            ("%d/%m/%Y", "001/05/2024", false),
            ("%Y%m%d", "20240501", true),
            ("%Y%m%d", "2024051", false),
            ("%Y%m%d", "240501", false),
            ("%Y%m%d %H%M", "20240501 0930", true),
            ("%Y%m%d %H%M", "20240501 930", false),
            ("%d%b%Y", "1May2024", true),
            ("%d%b%Y", "01MAY24", false),
            ("%d.%m.%y", "1.5.24", true),
            ("%d.%m.%y", "1.5.2024", true),
            ("%y%m%d", "240501", true),
            ("%Y-%m-%d %H:%M:%S%.f", "2024-05-01 9:30:00.5", true),
            ("%F %T", "2024-05-01 09:30:00", true),
            ("%D", "5/1/24", true),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-05-01T09:30:00+0100", true),
            ("%A, %d %B %Y", "Wednesday, 1 May 2024", true),
            ("%Y/%j", "2024/122", true),
            ("%Y/%j", "2024/12", false),
        ] {
            assert_eq!(fits(format, text), expected, "{format} {text}");
        }
        assert!(has_short_year("%d.%m.%y") && has_short_year("%D") && !has_short_year("%d.%m.%Y"));
    }
}
