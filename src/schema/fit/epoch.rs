//! Instants as numbers of seconds, or parts of them, since 1970-01-01.

use super::clock::{ClockRules, Nanoseconds};
use super::exact_decimal;

/// Unit of a number that is an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EpochUnit {
    /// Its microseconds, as a power of ten.
    power: i32,
    /// True if the number stands in `/Date(…)/`, as .NET writes instants in JSON.
    is_wrapped: bool,
}

/// Returns the unit of the formats `epoch_s` (in `strptime`: `%s`), `epoch_ms`, `epoch_us`, `epoch_ns` and `dotnet`; `None` for
/// other formats.
pub(super) fn unit(format: &str) -> Option<EpochUnit> {
    let (power, is_wrapped) = match format {
        "epoch_s" | "%s" => (6, false),
        "epoch_ms" => (3, false),
        "epoch_us" => (0, false),
        "epoch_ns" => (-3, false),
        "dotnet" => (3, true),
        _ => return None,
    };
    Some(EpochUnit { power, is_wrapped })
}

impl EpochUnit {
    /// Returns the microseconds of a number such as `1714554000.5`.
    pub(super) fn micros(self, text: &str, clock: &ClockRules) -> Option<i64> {
        let text = if self.is_wrapped { unwrapped(text)? } else { text };
        let (mantissa, exponent) = exact_decimal(text.as_bytes())?;
        let power = exponent.checked_add(self.power)?;
        if power >= 0 {
            return i64::try_from(mantissa.checked_mul(10_i128.checked_pow(power.unsigned_abs())?)?).ok();
        }
        let divisor = 10_i128.checked_pow(power.unsigned_abs())?;
        let whole = match clock.nanoseconds {
            Nanoseconds::Invalid if mantissa % divisor != 0 => return None,
            Nanoseconds::Invalid | Nanoseconds::Truncate => mantissa.div_euclid(divisor),
            Nanoseconds::Round => mantissa.checked_mul(2)?.checked_add(divisor)?.div_euclid(divisor.checked_mul(2)?),
        };
        i64::try_from(whole).ok()
    }
}

/// Returns the number in `/Date(1714557600123)/` or `/Date(1714557600123+0200)/`. The offset is that of the writer's place; the
/// number is in UTC. <https://learn.microsoft.com/en-us/dotnet/framework/wcf/feature-details/stand-alone-json-serialization>
fn unwrapped(text: &str) -> Option<&str> {
    let number = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let Some(at) = number.rfind(['+', '-']).filter(|at| *at > 0) else { return Some(number) };
    let (number, offset) = number.split_at(at);
    (offset.len() == 5 && offset[1..].bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_instants_in_their_unit() {
        for (format, text, expected) in [
            ("epoch_s", "1714554000", Some(1_714_554_000_000_000)),
            ("epoch_s", "1714554000.5", Some(1_714_554_000_500_000)),
            ("epoch_s", "-1", Some(-1_000_000)),
            ("epoch_ms", "1714554001500", Some(1_714_554_001_500_000)),
            ("epoch_ms", "1.7145540015e12", Some(1_714_554_001_500_000)),
            ("epoch_us", "1714554001500000", Some(1_714_554_001_500_000)),
            ("epoch_us", "1.5", None),
            ("epoch_ns", "1714554001500000000", Some(1_714_554_001_500_000)),
            ("epoch_ns", "1714554001500000001", None),
            ("epoch_s", "today", None),
            ("epoch_s", "1e99", None),
            ("dotnet", "/Date(1714557600123)/", Some(1_714_557_600_123_000)),
            ("dotnet", "/Date(-62135596800000)/", Some(-62_135_596_800_000_000)),
            ("dotnet", "/Date(1714557600123+0200)/", Some(1_714_557_600_123_000)),
            ("dotnet", "/Date(1714557600123+2)/", None),
            ("dotnet", "1714557600123", None),
        ] {
            assert_eq!(unit(format).unwrap().micros(text, &ClockRules::default()), expected, "{format} {text}");
        }
        let of = |nanoseconds, text| unit("epoch_us").unwrap().micros(text, &ClockRules { nanoseconds, ..ClockRules::default() });
        assert_eq!((of(Nanoseconds::Truncate, "-1.5"), of(Nanoseconds::Round, "2.5")), (Some(-2), Some(3)));
        assert_eq!((unit("%s"), unit("%Y")), (unit("epoch_s"), None));
    }
}
