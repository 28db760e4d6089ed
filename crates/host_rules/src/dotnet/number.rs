/// A double as .NET prints it: the shortest text that reads back, with an exponent from 1E+15 on (or from more digits than
/// that) and below 1E-05.
pub fn double_text(value: f64) -> String {
    const PRECISION: i32 = 15;
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    general(&format!("{value:e}"), PRECISION)
}

/// A single as .NET prints it; see [`double_text`], with an exponent from 1E+07 on.
pub fn single_text(value: f32) -> String {
    const PRECISION: i32 = 7;
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    general(&format!("{value:e}"), PRECISION)
}

/// .NET's general format of Rust's shortest scientific form (`-1.25e-7`).
fn general(scientific: &str, precision: i32) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The decimal point stands after this many digits; zero counts as one digit before the point.
    let point = exponent + 1;
    if point > count.max(precision) || point < -3 {
        let (first, rest) = digits.split_at(1);
        let fraction = if rest.is_empty() {
            String::new()
        } else {
            format!(".{rest}")
        };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{fraction}E{exponent_sign}{:02}", exponent.unsigned_abs());
    }
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let point = point as usize;
    if point >= digits.len() {
        return format!("{sign}{digits}{}", "0".repeat(point - digits.len()));
    }
    let (whole, fraction) = digits.split_at(point);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::{double_text, single_text};

    #[test]
    fn doubles_have_the_text_of_dotnet() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-60.0, "-60"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.000_01, "1E-05"),
            (1.25e-7, "1.25E-07"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e21, "1E+21"),
            (1e300, "1E+300"),
            (123.456, "123.456"),
        ] {
            assert_eq!(double_text(value), text);
        }
        assert_eq!(double_text(f64::NAN), "NaN");
        assert_eq!(double_text(f64::NEG_INFINITY), "-Infinity");
    }

    #[test]
    fn singles_are_shortest_too() {
        assert_eq!(single_text(0.1), "0.1");
        assert_eq!(single_text(1e7), "1E+07");
    }
}
