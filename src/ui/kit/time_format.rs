//! Dates and times in the reader's time zone and language. The server knows no time zone and renders UTC.

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
    ui::i18n::{Language, Texts, settings::SettingsTexts},
};

/// A day in milliseconds.
const DAY: f64 = 24.0 * 60.0 * 60.0 * 1_000.0;

/// An hour in milliseconds.
const HOUR: u64 = 60 * 60 * 1_000;

const IS_SERVER: bool = cfg!(feature = "ssr");

/// The day of a timestamp in the reader's time zone, counted from 1970-01-01.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    if IS_SERVER {
        return utc::day_of(at);
    }
    let date = date(at);
    #[expect(clippy::cast_possible_truncation, reason = "days since 1970 are few")]
    let day = ((date.get_time() - date.get_timezone_offset() * 60_000.0) / DAY).floor() as i64;
    day
}

/// Today, as [`day_of`] counts. Always 0 on the server, which shows dates instead of “today”.
pub(crate) fn today() -> i64 {
    if IS_SERVER { 0 } else { day_of(now()) }
}

/// Hours and minutes.
pub(crate) fn time_of_day(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::time_of_day(at);
    }
    format(at, language, &[("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")])
}

/// The full date and time.
pub(crate) fn full_date_and_time(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::in_full(at);
    }
    format(at, language, &[("dateStyle", "full"), ("timeStyle", "medium")])
}

/// The date and time in short form, without the year.
pub(crate) fn short_date_and_time(at: Timestamp, language: Language) -> String {
    if IS_SERVER {
        return utc::in_full(at);
    }
    let options =
        &[("day", "numeric"), ("month", "short"), ("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")];
    format(at, language, options)
}

/// The date and time in ISO 8601, in UTC, for `<time datetime>`.
pub(crate) fn iso_8601(at: Timestamp) -> String {
    if IS_SERVER {
        return utc::for_machines(at);
    }
    date(at).to_iso_string().into()
}

/// The name of `day`, on which `at` lies: today, yesterday, or its date.
pub(crate) fn day_name(day: i64, at: Timestamp, language: Language, texts: &Texts) -> String {
    if IS_SERVER {
        return utc::date(at);
    }
    match today() - day {
        0 => texts.timeline.today.to_owned(),
        1 => texts.timeline.yesterday.to_owned(),
        _ => {
            if date(at).get_full_year() == date(now()).get_full_year() {
                format(at, language, &[("weekday", "long"), ("month", "long"), ("day", "numeric")])
            } else {
                format(at, language, &[("weekday", "long"), ("month", "long"), ("day", "numeric"), ("year", "numeric")])
            }
        }
    }
}

/// How long ago `at` was. `at` is known to the hour only.
pub(crate) fn relative_time(at: Timestamp, language: Language, texts: &SettingsTexts) -> String {
    let Some((count, unit)) = largest_unit(now().0.saturating_sub(at.0)) else { return texts.recently.to_owned() };
    let format = RelativeTimeFormat::new(&Array::of1(&language.tag().into()), &Object::new());
    format.format(-f64::from(count), unit).into()
}

/// A duration in its largest unit of time. `None` below two hours, where the value would be uncertain by half or more.
fn largest_unit(milliseconds: u64) -> Option<(u32, &'static str)> {
    let hours = u32::try_from(milliseconds / HOUR).unwrap_or(u32::MAX);
    Some(match hours {
        0..2 => return None,
        2..24 => (hours, "hour"),
        24..720 => (hours / 24, "day"),
        720..8_760 => (hours / 720, "month"),
        8_760.. => (hours / 8_760, "year"),
    })
}

/// The options of an `Intl.DateTimeFormat`, by name.
type FormatOptions = &'static [(&'static str, &'static str)];

thread_local! {
    /// The formatters that have been used, because making one takes a browser a quarter of a millisecond.
    static FORMATS: RefCell<Vec<(Language, FormatOptions, Function)>> = const { RefCell::new(Vec::new()) };
}

fn format(at: Timestamp, language: Language, options: FormatOptions) -> String {
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
        // Setting a property of a new object cannot fail.
        drop(Reflect::set(&object, &(*name).into(), &(*value).into()));
    }
    object
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_given_in_its_largest_unit() {
        assert_eq!(largest_unit(0), None);
        assert_eq!(largest_unit(2 * HOUR - 1), None);
        assert_eq!(largest_unit(2 * HOUR), Some((2, "hour")));
        assert_eq!(largest_unit(47 * HOUR), Some((1, "day")));
        assert_eq!(largest_unit(29 * 24 * HOUR), Some((29, "day")));
        assert_eq!(largest_unit(60 * 24 * HOUR), Some((2, "month")));
        assert_eq!(largest_unit(400 * 24 * HOUR), Some((1, "year")));
        assert_eq!(largest_unit(u64::MAX).map(|(_, unit)| unit), Some("year"));
    }
}
