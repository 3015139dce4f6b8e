//! QR codes as SVG.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcode::{Color, QrCode};

/// The quiet zone around the code, in modules (ISO/IEC 18004 wants four).
const MARGIN: usize = 4;

/// The QR code of a text as one path of dark modules; `None` if the text is too long for a code.
pub(super) fn picture(text: &str, name: &'static str) -> Option<AnyView> {
    let code = QrCode::new(text).ok()?;
    let side = code.width() + 2 * MARGIN;
    let path = path(&code.to_colors(), code.width());
    Some(
        view! {
            <svg class="qr" viewBox=format!("0 0 {side} {side}") role="img" aria-label=name shape-rendering="crispEdges">
                <path d=path></path>
            </svg>
        }
        .into_any(),
    )
}

/// The SVG path that draws each run of dark modules in a row as a rectangle.
fn path(colors: &[Color], width: usize) -> String {
    let mut path = String::new();
    for (y, row) in colors.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + MARGIN, y + MARGIN, run.len());
                // Writing to a string can't fail.
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_modules_become_rectangles() {
        use Color::{Dark, Light};
        assert_eq!(
            path(&[Dark, Dark, Light, Light, Dark, Dark, Light, Light, Dark], 3),
            "M4 4h2v1h-2zM5 5h2v1h-2zM6 6h1v1h-1z"
        );
    }
}
