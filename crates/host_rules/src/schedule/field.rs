use std::fmt;

/// One of the six fields of an NCrontab expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// 0 to 59.
    Second,
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    Day,
    /// 1 to 12, or an English name or a prefix of one.
    Month,
    /// 0 (Sunday) to 6, or an English name or a prefix of one.
    DayOfWeek,
}

/// Why a field is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Nothing between two commas.
    #[error("a crontab field value cannot be empty")]
    Empty,
    /// Not a number, name, range, list or step.
    #[error("'{0}' is not a valid crontab field expression")]
    Malformed(String),
    /// Below the field's minimum.
    #[error("{0} is lower than the minimum allowable value for the field")]
    TooLow(i32),
    /// Above the field's maximum.
    #[error("{0} is higher than the maximum allowable value for the field")]
    TooHigh(i32),
    /// Does not fit 32 bits.
    #[error("a value is too large for a 32-bit number")]
    Overflow,
}

/// The values a field allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    kind: FieldKind,
    bits: u64,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

impl FieldKind {
    fn bounds(self) -> (i32, i32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
        }
    }

    fn value(self, text: &str, whole: &str) -> Result<i32, FieldError> {
        let malformed = || FieldError::Malformed(whole.to_owned());
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return integer(text, whole);
        }
        let names: &[&str] = match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
            _ => return Err(malformed()),
        };
        let prefix = text.to_lowercase();
        if prefix.is_empty() {
            return Err(malformed());
        }
        let index = names
            .iter()
            .position(|name| name.starts_with(&prefix))
            .ok_or_else(malformed)?;
        let (minimum, _) = self.bounds();
        Ok(minimum + i32::try_from(index).unwrap_or(i32::MAX))
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self:?}]")
    }
}

/// `int.Parse`: an optional sign and digits.
fn integer(text: &str, whole: &str) -> Result<i32, FieldError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldError::Malformed(whole.to_owned()));
    }
    text.parse().map_err(|_| FieldError::Overflow)
}

impl Field {
    pub(super) fn parse(kind: FieldKind, text: &str) -> Result<Self, FieldError> {
        let mut field = Self { kind, bits: 0 };
        // A comma at the start does not make a list; the rest then fails as a value.
        if text.find(',').is_some_and(|index| index > 0) {
            for item in text.split(',') {
                field.add(item)?;
            }
        } else {
            field.add(text)?;
        }
        Ok(field)
    }

    pub(super) fn only(kind: FieldKind, value: u32) -> Self {
        Self { kind, bits: 1 << value }
    }

    fn add(&mut self, text: &str) -> Result<(), FieldError> {
        let (minimum, maximum) = self.kind.bounds();
        if text.is_empty() {
            return Err(FieldError::Empty);
        }
        let (range, step) = match text.find('/') {
            Some(slash) if slash > 0 => (&text[..slash], Some(integer(&text[slash + 1..], text)?)),
            _ => (text, None),
        };
        let (start, end) = if range == "*" {
            (minimum, maximum)
        } else if let Some(dash) = range.find('-').filter(|dash| *dash > 0) {
            let first = self.kind.value(&range[..dash], text)?;
            let last = self.kind.value(&range[dash + 1..], text)?;
            // A reversed range is swapped, so FRI-SUN is Sunday to Friday.
            (first.min(last), first.max(last))
        } else {
            let value = self.kind.value(range, text)?;
            (value, if step.is_some() { value.max(maximum) } else { value })
        };
        if start < minimum {
            return Err(FieldError::TooLow(start));
        }
        if end > maximum {
            return Err(FieldError::TooHigh(end));
        }
        let step = usize::try_from(step.unwrap_or(1)).unwrap_or(1).max(1);
        for value in (start..=end).step_by(step) {
            self.bits |= 1 << value;
        }
        Ok(())
    }

    pub(super) fn contains(self, value: i8) -> bool {
        value >= 0 && self.bits & (1 << value) != 0
    }

    /// The first allowed value that is not below `from`.
    pub(super) fn first_from(self, from: i8) -> Option<i8> {
        let candidates = self.bits & (u64::MAX << u32::from(from.unsigned_abs()).min(63));
        i8::try_from(candidates.trailing_zeros())
            .ok()
            .filter(|value| *value < 64)
    }

    /// The first allowed value; a field is never empty.
    pub(super) fn first(self) -> i8 {
        self.first_from(0).unwrap_or(0)
    }

    /// Whether the field is a wildcard or holds a range once steps are written out as lists.
    pub(super) fn is_open(self) -> bool {
        self.to_string().contains(['*', '-'])
    }
}

impl fmt::Display for Field {
    /// Runs of values as ranges, the full range as `*`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minimum, maximum) = self.kind.bounds();
        let mut next = minimum;
        let mut any = false;
        while next <= maximum {
            let first = next;
            let set = |value: i32| value <= maximum && self.bits & (1 << value) != 0;
            while set(next) {
                next += 1;
            }
            let last = next - 1;
            if last < first {
                next += 1;
                continue;
            }
            if first == minimum && last == maximum {
                return f.write_str("*");
            }
            if any {
                f.write_str(",")?;
            }
            any = true;
            if first == last {
                write!(f, "{first}")?
            } else {
                write!(f, "{first}-{last}")?
            }
        }
        Ok(())
    }
}
