//! Where lines are, and what was found at the first of them.

use super::nodes::Block;

/// How deep quotes and lists may contain each other. Deeper marks are text.
const MAX_DEPTH: usize = 8;

/// What was found at the first of some lines: a block, or text if it is `None`; and the number of its lines.
pub(super) type Found = (Option<Block>, usize);

/// The first of some lines is text.
pub(super) const TEXT: Found = (None, 1);

/// Where lines are.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    depth: usize,
    /// Whether they belong to an item of a list, so that another mark is surely that of a list.
    pub(super) is_in_list: bool,
}

impl Place {
    /// Inside a quote, or inside an item of a list.
    pub(super) fn inside(self, is_in_list: bool) -> Self {
        Self { depth: self.depth + 1, is_in_list }
    }

    /// Whether there may be a quote or a list.
    pub(super) fn may_contain(self) -> bool {
        self.depth < MAX_DEPTH
    }
}
