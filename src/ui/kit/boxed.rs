//! A type-erased view, smaller in a browser than Leptos' [`AnyView`](leptos::prelude::AnyView).
//!
//! `AnyView` carries, for each type of view, the code that updates the old nodes in place. A [`Boxed`] view replaces them.
//! Use `AnyView` where nodes must survive a change, because somebody may be pressing them or have the focus there.

#[cfg(not(feature = "ssr"))]
pub(crate) use in_browser::Boxed;
#[cfg(feature = "ssr")]
pub(crate) use on_server::Boxed;

/// Erases the type of a view.
pub(crate) trait Boxing {
    fn boxed(self) -> Boxed;
    /// Keeps the nodes as long as the key stays the same, so that a text selection survives and screen readers do not repeat
    /// the text.
    fn boxed_as(self, key: &str) -> Boxed;
}

#[cfg(feature = "ssr")]
mod on_server {
    use leptos::prelude::*;

    use super::Boxing;

    pub(crate) type Boxed = AnyView;

    impl<V: IntoView + 'static> Boxing for V {
        fn boxed(self) -> Boxed {
            self.into_any()
        }

        fn boxed_as(self, _: &str) -> Boxed {
            self.into_any()
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod in_browser {
    use leptos::{
        prelude::*,
        tachys::{
            html::attribute::any_attribute::AnyAttribute,
            hydration::Cursor,
            no_attrs,
            renderer::{
                CastFrom as _, Rndr,
                types::{Element, Node, Placeholder},
            },
            view::{Mountable, Position, PositionState},
        },
    };

    use super::Boxing;

    pub(crate) struct Boxed {
        build: Box<dyn FnOnce() -> Box<dyn MountedView> + Send>,
        /// If the next view has the same key, the nodes stay.
        key: Option<String>,
    }

    impl<V: IntoView + 'static> Boxing for V {
        fn boxed(self) -> Boxed {
            Boxed { build: Box::new(move || Box::new(self.into_view().build())), key: None }
        }

        fn boxed_as(self, key: &str) -> Boxed {
            Boxed { key: Some(key.to_owned()), ..self.boxed() }
        }
    }

    /// The methods of [`Mountable`] that are used. A trait object of `Mountable` itself would add code for all of its methods, for
    /// every type of view.
    trait MountedView {
        fn remove(&mut self);
        fn insert(&mut self, parent: &Element, before: Option<&Node>);
    }

    impl<M: Mountable> MountedView for M {
        fn remove(&mut self) {
            self.unmount();
        }

        fn insert(&mut self, parent: &Element, before: Option<&Node>) {
            self.mount(parent, before);
        }
    }

    pub(crate) struct BoxedState {
        /// Marks where the view is, because a view may have no nodes.
        start: Placeholder,
        view: Box<dyn MountedView>,
        key: Option<String>,
    }

    impl Render for Boxed {
        type State = BoxedState;

        fn build(self) -> BoxedState {
            BoxedState { start: Rndr::create_placeholder(), view: (self.build)(), key: self.key }
        }

        fn rebuild(self, state: &mut BoxedState) {
            if self.key.is_some() && self.key == state.key {
                return;
            }
            let mut next = (self.build)();
            state.view.remove();
            if let Some(parent) = Rndr::get_parent(&state.start).and_then(Element::cast_from) {
                next.insert(&parent, Rndr::next_sibling(&state.start).as_ref());
            }
            state.view = next;
            state.key = self.key;
        }
    }

    impl Mountable for BoxedState {
        fn unmount(&mut self) {
            self.start.unmount();
            self.view.remove();
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.start.mount(parent, marker);
            self.view.insert(parent, marker);
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.start.insert_before_this(child)
        }

        fn elements(&self) -> Vec<Element> {
            Vec::new()
        }
    }

    no_attrs!(Boxed);

    // Leptos requires this, but no page is hydrated, so a browser never calls it.
    impl RenderHtml for Boxed {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

        fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> BoxedState {
            self.build()
        }

        fn into_owned(self) -> Self {
            self
        }
    }
}
