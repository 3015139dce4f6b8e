//! The cells of the picker: moving between them with the keyboard.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::ui::kit::dom::focus;

/// The class of a cell.
pub(super) const CELL: &str = "emoji-cell";

/// Where a key leads from a cell.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum CellStep {
    /// To another cell.
    Cell(Element),
    /// Above the first row.
    Above,
    /// Nowhere: the key is used, but there is no cell.
    Nowhere,
}

/// Where an arrow key, Home or End leads from a cell; `None` for other keys. Home and End stay in the row, with Ctrl they lead
/// to the first and the last cell.
pub(super) fn step(container: &Element, cell: &Element, event: &KeyboardEvent) -> Option<CellStep> {
    let cells = cells(container);
    let index = cells.iter().position(|other| other == cell)?;
    let row = |index: &usize| cells.get(*index).map(top);
    let here = top(cell);
    let reached = match (event.key().as_str(), event.ctrl_key()) {
        ("ArrowLeft", false) => index.checked_sub(1),
        ("ArrowRight", false) => Some(index + 1),
        ("Home", true) => Some(0),
        ("End", true) => cells.len().checked_sub(1),
        ("Home", false) => (0..=index).rev().take_while(|index| row(index) == Some(here)).last(),
        ("End", false) => (index..cells.len()).take_while(|index| row(index) == Some(here)).last(),
        ("ArrowUp", false) => {
            let Some(last) = (0..index).rev().find(|index| row(index) != Some(here)) else {
                return Some(CellStep::Above);
            };
            let next = row(&last);
            nearest(&cells, cell, (0..=last).rev().take_while(|index| row(index) == next))
        }
        ("ArrowDown", false) => {
            let first = (index..cells.len()).find(|index| row(index) != Some(here));
            let next = first.as_ref().and_then(row);
            let first = first.unwrap_or(cells.len());
            nearest(&cells, cell, (first..cells.len()).take_while(|index| row(index) == next))
        }
        _ => return None,
    };
    Some(reached.and_then(|index| cells.get(index)).map_or(CellStep::Nowhere, |cell| CellStep::Cell(cell.clone())))
}

/// Gives a cell the focus. Tab reaches only the cell that had it last.
pub(super) fn focus_cell(container: &Element, cell: &Element) {
    // Setting an attribute with a valid name cannot fail.
    for other in cells(container).iter().filter(|other| other.get_attribute("tabindex").as_deref() == Some("0")) {
        drop(other.set_attribute("tabindex", "-1"));
    }
    drop(cell.set_attribute("tabindex", "0"));
    focus(cell);
}

/// The first cell.
pub(super) fn first_cell(container: &Element) -> Option<Element> {
    container.get_elements_by_class_name(CELL).item(0)
}

fn cells(container: &Element) -> Vec<Element> {
    let cells = container.get_elements_by_class_name(CELL);
    (0..cells.length()).filter_map(|index| cells.item(index)).collect()
}

/// Of some cells, the one that is nearest to `cell` in the direction of the text.
fn nearest(cells: &[Element], cell: &Element, row: impl Iterator<Item = usize>) -> Option<usize> {
    let here = left(cell);
    row.min_by_key(|index| cells.get(*index).map_or(i32::MAX, |other| (left(other) - here).abs()))
}

fn top(cell: &Element) -> i32 {
    cell.dyn_ref::<HtmlElement>().map_or(0, |cell| cell.offset_top())
}

fn left(cell: &Element) -> i32 {
    cell.dyn_ref::<HtmlElement>().map_or(0, |cell| cell.offset_left())
}
