//! The icon of a browser's tab, with a number on it.
//!
//! An address of this server, because the Content-Security-Policy allows a page no images of its own making.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// The icon without a number.
const ICON: &str = include_str!("../../public/icon.svg");

/// The highest number on the icon. The next one stands for all above it.
const MOST: u32 = 9;

/// `GET /icon/{number}.svg`
pub(super) async fn numbered(Path(name): Path<String>) -> Response {
    let Some(svg) = name.strip_suffix(".svg").and_then(|number| svg(number.parse().ok()?)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")], svg).into_response()
}

/// The icon with a number in its corner, unless that is 0. `None` for numbers that no page asks for.
fn svg(number: u32) -> Option<String> {
    let shown = match number {
        0 => return Some(ICON.to_owned()),
        1..=MOST => number.to_string(),
        _ if number == MOST + 1 => format!("{MOST}+"),
        _ => return None,
    };
    let size = if number > MOST { 11 } else { 15 };
    let mark = format!(
        "<circle cx=\"22\" cy=\"22\" r=\"10\" fill=\"#a8442a\" stroke=\"#fff\" stroke-width=\"1.5\"/><text x=\"22\" y=\"{}\" \
         font-family=\"system-ui,sans-serif\" font-size=\"{size}\" font-weight=\"700\" text-anchor=\"middle\" \
         fill=\"#fff\">{shown}</text></svg>",
        22 + size / 3
    );
    Some(format!("{}{mark}", ICON.trim_end().strip_suffix("</svg>")?))
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn the_icon_shows_small_numbers_and_that_there_are_more() {
        for (number, shown) in [(1, ">1<"), (9, ">9<"), (10, ">9+<")] {
            assert!(svg(number).is_some_and(|svg| svg.contains(shown) && svg.ends_with("</svg>")), "{number}");
        }
        assert_eq!((svg(0).as_deref(), svg(11)), (Some(super::ICON), None));
    }
}
