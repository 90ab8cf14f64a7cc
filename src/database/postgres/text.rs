//! Values in the server's binary form as text, for those that no type holds.

use super::field::{Malformed, field, fixed};
use super::list::List;
use super::numeric::Numeric;
use super::reading::Reading;

/// Appends a value as the server shows it.
pub(super) fn write(reading: &Reading, bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    match reading {
        Reading::Boolean => out.push_str(if fixed::<1>(bytes)? == [0] { "f" } else { "t" }),
        Reading::SmallInt => out.push_str(&i16::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::Int => out.push_str(&i32::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::BigInt => out.push_str(&i64::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::Oid => out.push_str(&u32::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::Real => out.push_str(&f32::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::Double => out.push_str(&f64::from_be_bytes(fixed(bytes)?).to_string()),
        Reading::Decimal { .. } => Numeric::read(bytes)?.write(out),
        Reading::Date => match i32::from_be_bytes(fixed(bytes)?) {
            i32::MAX => out.push_str("infinity"),
            i32::MIN => out.push_str("-infinity"),
            days => out.push_str(&format!("{days} days after 2000-01-01")),
        },
        Reading::Timestamp => match i64::from_be_bytes(fixed(bytes)?) {
            i64::MAX => out.push_str("infinity"),
            i64::MIN => out.push_str("-infinity"),
            micros => out.push_str(&format!("{micros} microseconds after 2000-01-01 00:00:00")),
        },
        Reading::Uuid => out.push_str(&uuid::Uuid::from_bytes(fixed(bytes)?).to_string()),
        Reading::Text { from } => {
            out.push_str(std::str::from_utf8(bytes.get(*from..).ok_or(Malformed)?).map_err(|_| Malformed)?);
        }
        Reading::List(item) => List::read(bytes)?.write(item, out)?,
    }
    Ok(())
}

impl List<'_> {
    /// Appends the array as the server shows it, but for quotes of texts: `[0:1]={7,8}`, `{{1,2},{3,4}}`.
    fn write(&self, item: &Reading, out: &mut String) -> Result<(), Malformed> {
        if self.dimensions.iter().any(|(_, first)| *first != 1) {
            for (length, first) in &self.dimensions {
                out.push_str(&format!("[{first}:{}]", i64::from(*first) + i64::from(*length) - 1));
            }
            out.push('=');
        }
        let mut items = self.items;
        self.write_level(0, item, &mut items, out)
    }

    fn write_level(&self, level: usize, item: &Reading, items: &mut &[u8], out: &mut String) -> Result<(), Malformed> {
        let length = self.dimensions.get(level).map_or(0, |(length, _)| *length);
        out.push('{');
        for nth in 0..length {
            if nth > 0 {
                out.push(',');
            }
            if level + 1 < self.dimensions.len() {
                self.write_level(level + 1, item, items, out)?;
                continue;
            }
            let (value, rest) = field(items).ok_or(Malformed)?;
            *items = rest;
            match value {
                Some(value) => write(item, value, out)?,
                None => out.push_str("NULL"),
            }
        }
        out.push('}');
        Ok(())
    }
}
