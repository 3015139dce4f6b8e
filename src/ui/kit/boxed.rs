//! A type-erased view, smaller in a browser than Leptos' [`AnyView`](leptos::prelude::AnyView).
//!
//! `AnyView` carries, for each type of view, the code that updates the old nodes in place. A [`Boxed`] view replaces them.
//! Use `AnyView` where nodes must survive a change, because somebody may be pressing them or have the focus there.

#[cfg(not(feature = "ssr"))]
pub(crate) use in_browser::{Boxed, Boxing};
#[cfg(feature = "ssr")]
pub(crate) use on_server::{Boxed, Boxing};

#[cfg(feature = "ssr")]
mod on_server {
    use leptos::prelude::*;

    pub(crate) type Boxed = AnyView;

    pub(crate) trait Boxing {
        fn boxed(self) -> Boxed;
        fn boxed_as(self, key: &str) -> Boxed;
    }

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

    pub(crate) struct Boxed {
        build: Box<dyn FnOnce() -> Box<dyn OnPage> + Send>,
        /// What it is known by, if it is to stay.
        key: Option<String>,
    }

    pub(crate) trait Boxing {
        fn boxed(self) -> Boxed;
        /// Keeps the nodes while the next view has the same key, so that a selection survives and no screen reader repeats it.
        fn boxed_as(self, key: &str) -> Boxed;
    }

    impl<V: IntoView + 'static> Boxing for V {
        fn boxed(self) -> Boxed {
            Boxed { build: Box::new(move || Box::new(self.into_view().build())), key: None }
        }

        fn boxed_as(self, key: &str) -> Boxed {
            Boxed { key: Some(key.to_owned()), ..self.boxed() }
        }
    }

    /// The part of [`Mountable`] that is used: the rest would be made for each type, too.
    trait OnPage {
        fn take_away(&mut self);
        fn put(&mut self, parent: &Element, before: Option<&Node>);
    }

    impl<M: Mountable> OnPage for M {
        fn take_away(&mut self) {
            self.unmount();
        }

        fn put(&mut self, parent: &Element, before: Option<&Node>) {
            self.mount(parent, before);
        }
    }

    pub(crate) struct State {
        /// Keeps the place, also of what has no node.
        start: Placeholder,
        view: Box<dyn OnPage>,
        key: Option<String>,
    }

    impl Render for Boxed {
        type State = State;

        fn build(self) -> State {
            State { start: Rndr::create_placeholder(), view: (self.build)(), key: self.key }
        }

        fn rebuild(self, state: &mut State) {
            if self.key.is_some() && self.key == state.key {
                return;
            }
            let mut next = (self.build)();
            state.view.take_away();
            if let Some(parent) = Rndr::get_parent(&state.start).and_then(Element::cast_from) {
                next.put(&parent, Rndr::next_sibling(&state.start).as_ref());
            }
            state.view = next;
            state.key = self.key;
        }
    }

    impl Mountable for State {
        fn unmount(&mut self) {
            self.start.unmount();
            self.view.take_away();
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.start.mount(parent, marker);
            self.view.put(parent, marker);
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.start.insert_before_this(child)
        }

        fn elements(&self) -> Vec<Element> {
            Vec::new()
        }
    }

    no_attrs!(Boxed);

    // No page is taken over as it stands, so a browser does nothing of this.
    impl RenderHtml for Boxed {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

        fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> State {
            self.build()
        }

        fn into_owned(self) -> Self {
            self
        }
    }
}
