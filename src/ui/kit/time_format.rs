//! Moments as the reader's own clock and calendar tell them; on the server, which knows neither, in UTC.

use std::cell::RefCell;

use js_sys::{
    Array, Date, Function,
    Intl::{DateTimeFormat, RelativeTimeFormat},
    Object, Reflect,
};
use wasm_bindgen::JsValue;

use crate::{
    client::now,
    domain::{Timestamp, utc},
    ui::i18n::{Language, Texts},
};

const DAY: f64 = 24.0 * 60.0 * 60.0 * 1_000.0;

/// Whether this is the server.
const IS_SERVER: bool = cfg!(feature = "ssr");

const HOUR: u64 = 60 * 60 * 1_000;

/// The number of a moment's day in the reader's zone.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    if IS_SERVER {
        return utc::day_of(at);
    }
    let date = date(at);
    #[expect(clippy::cast_possible_truncation, reason = "days since 1970 are few")]
    let day = ((date.get_time() - date.get_timezone_offset() * 60_000.0) / DAY).floor() as i64;
    day
}

/// The number of today.
pub(crate) fn today() -> i64 {
    // The server, which calls days by their dates, has none.
    if IS_SERVER { 0 } else { day_of(now()) }
}

/// Hours and minutes.
pub(crate) fn time_of_day(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::time_of_day(at);
    }
    format(at, language, &[("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")])
}

/// The whole date and time.
pub(crate) fn in_full(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::in_full(at);
    }
    format(at, language, &[("dateStyle", "full"), ("timeStyle", "medium")])
}

/// Day and time in short.
pub(crate) fn date_and_time(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::in_full(at);
    }
    let options =
        &[("day", "numeric"), ("month", "short"), ("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")];
    format(at, language, options)
}

/// The same for machines (ISO 8601, UTC).
pub(crate) fn for_machines(at: Timestamp) -> String {
    if IS_SERVER {
        return utc::for_machines(at);
    }
    date(at).to_iso_string().into()
}

/// What to call a day.
pub(crate) fn day_name(day: i64, at: Timestamp, language: Language, texts: &Texts) -> String {
    if IS_SERVER {
        return utc::date(at);
    }
    match today() - day {
        0 => texts.today.to_owned(),
        1 => texts.yesterday.to_owned(),
        _ => {
            if date(at).get_full_year() == date(now()).get_full_year() {
                format(at, language, &[("weekday", "long"), ("month", "long"), ("day", "numeric")])
            } else {
                format(at, language, &[("weekday", "long"), ("month", "long"), ("day", "numeric"), ("year", "numeric")])
            }
        }
    }
}

/// How long ago something was that is known to the hour.
pub(crate) fn how_long_ago(at: Timestamp, language: Language, texts: &Texts) -> String {
    let Some((count, unit)) = ago(now().0.saturating_sub(at.0)) else { return texts.lately.to_owned() };
    let words = RelativeTimeFormat::new(&Array::of1(&language.tag().into()), &Object::new());
    words.format(-f64::from(count), unit).into()
}

/// A time in the largest unit that fits; none for less than two hours, of which one is not certain.
fn ago(milliseconds: u64) -> Option<(u32, &'static str)> {
    let hours = u32::try_from(milliseconds / HOUR).unwrap_or(u32::MAX);
    Some(match hours {
        0..2 => return None,
        2..24 => (hours, "hour"),
        24..720 => (hours / 24, "day"),
        720..8_760 => (hours / 720, "month"),
        8_760.. => (hours / 8_760, "year"),
    })
}

/// How a moment is to be written.
type Options = &'static [(&'static str, &'static str)];

thread_local! {
    /// What writes moments, by language and options: making one takes a browser a quarter of a millisecond.
    static FORMATS: RefCell<Vec<(Language, Options, Function)>> = const { RefCell::new(Vec::new()) };
}

fn format(at: Timestamp, language: Language, options: Options) -> String {
    let format = FORMATS.with_borrow_mut(|formats| {
        if let Some((.., known)) = formats.iter().find(|known| known.0 == language && known.1 == options) {
            return known.clone();
        }
        let format = DateTimeFormat::new(&Array::of1(&language.tag().into()), &object(options)).format();
        formats.push((language, options, format.clone()));
        format
    });
    format.call1(&JsValue::NULL, &date(at)).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn date(at: Timestamp) -> Date {
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 285,000 years")]
    let at = at.0 as f64;
    Date::new(&JsValue::from_f64(at))
}

fn object(pairs: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in pairs {
        // Setting a field of a fresh object cannot fail.
        drop(Reflect::set(&object, &(*name).into(), &(*value).into()));
    }
    object
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_largest_unit_that_fits() {
        assert_eq!(ago(0), None);
        assert_eq!(ago(2 * HOUR - 1), None);
        assert_eq!(ago(2 * HOUR), Some((2, "hour")));
        assert_eq!(ago(47 * HOUR), Some((1, "day")));
        assert_eq!(ago(29 * 24 * HOUR), Some((29, "day")));
        assert_eq!(ago(60 * 24 * HOUR), Some((2, "month")));
        assert_eq!(ago(400 * 24 * HOUR), Some((1, "year")));
        assert_eq!(ago(u64::MAX).map(|(_, unit)| unit), Some("year"));
    }
}
