//! Reads the sources of a crate, and follows every `use` and every path in them to the file that defines the name.
//! Code that only tests are compiled with is left out: a test may import what it likes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Item, ItemMod, ItemUse, Macro, Meta, UseTree, VisRestricted,
    buffer::{Cursor, TokenBuffer},
    visit::{self, Visit},
};

/// Longer chains of `pub use` than this are taken for a circle of them.
const LONGEST_CHAIN: usize = 24;

/// A name that one file takes from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The importing file. Paths are relative to the folder that [`Program::new`] was given.
    pub(crate) from: PathBuf,
    /// The file that defines the name.
    pub(crate) to: PathBuf,
    pub(crate) name: String,
    /// Whether the path leads over a module that contains the importing one, and takes from it what is not a module.
    pub(crate) from_parent: bool,
}

/// The modules of a library, and of binaries and benches that use it.
pub(crate) struct Program {
    folder: PathBuf,
    modules: Vec<Module>,
    library: Option<(String, usize)>,
}

/// A file, or a module written inside one.
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    items: BTreeSet<String>,
    /// What `use` brings in, by the name that it has here. Several paths where a type and a function share a name.
    uses: HashMap<String, Vec<Vec<String>>>,
    globs: Vec<Vec<String>>,
    paths: BTreeSet<Vec<String>>,
}

#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

impl Program {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), modules: Vec::new(), library: None }
    }

    /// Reads the library called `name`, whose root is `root`. Crates that are added later see it by that name.
    pub(crate) fn add_library(&mut self, name: &str, root: &str) {
        let module = self.add_crate(root);
        self.library = Some((name.to_owned(), module));
    }

    /// Reads the crate whose root is the file `root`, and returns its module.
    pub(crate) fn add_crate(&mut self, root: &str) -> usize {
        let root = Path::new(root);
        self.add_file(root.to_owned(), root.parent().expect("a folder"), None)
    }

    /// Reads a file, whose child modules are found in `folder`.
    fn add_file(&mut self, file: PathBuf, folder: &Path, parent: Option<usize>) -> usize {
        let path = self.folder.join(&file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let parsed = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let module = self.add_module(file, parent);
        Collector { program: self, module, folder: folder.to_owned() }.visit_file(&parsed);
        module
    }

    fn add_module(&mut self, file: PathBuf, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            file,
            parent,
            children: HashMap::new(),
            items: BTreeSet::new(),
            uses: HashMap::new(),
            globs: Vec::new(),
            paths: BTreeSet::new(),
        });
        self.modules.len() - 1
    }

    pub(crate) fn files(&self) -> BTreeSet<&Path> {
        self.modules.iter().map(|module| module.file.as_path()).collect()
    }

    /// Every import from one file of the program to another.
    pub(crate) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for (at, module) in self.modules.iter().enumerate() {
            let used = module.uses.values().flatten().chain(&module.paths);
            imports.extend(used.filter_map(|path| self.import(at, path)));
            for glob in &module.globs {
                if let Some(Target::Module(target)) = self.resolve(at, glob, LONGEST_CHAIN)
                    && self.modules[target].file != module.file
                {
                    imports.insert(Import {
                        from: module.file.clone(),
                        to: self.modules[target].file.clone(),
                        name: "*".to_owned(),
                        from_parent: self.contains(target, at),
                    });
                }
            }
        }
        imports
    }

    fn import(&self, at: usize, path: &[String]) -> Option<Import> {
        let Target::Item(target) = self.resolve(at, path, LONGEST_CHAIN)? else { return None };
        let (from, to) = (&self.modules[at].file, &self.modules[target].file);
        let from_parent = self.leads_over_parent(at, path);
        (from != to || from_parent).then(|| Import {
            from: from.clone(),
            to: to.clone(),
            name: path.join("::"),
            from_parent,
        })
    }

    /// Whether `path` takes something that is not a module from a module of another file that contains `at`.
    fn leads_over_parent(&self, at: usize, path: &[String]) -> bool {
        (1..path.len()).any(|length| {
            let Some(Target::Module(module)) = self.resolve_prefix(at, path, length, LONGEST_CHAIN) else {
                return false;
            };
            let next = self.resolve_prefix(at, path, length + 1, LONGEST_CHAIN);
            matches!(next, Some(Target::Item(_))) && self.contains(module, at)
        })
    }

    /// Whether `outer`, in another file, contains `inner`.
    fn contains(&self, outer: usize, inner: usize) -> bool {
        let mut ancestors = std::iter::successors(self.modules[inner].parent, |module| self.modules[*module].parent);
        self.modules[outer].file != self.modules[inner].file && ancestors.any(|ancestor| ancestor == outer)
    }

    /// What `path` means in the module `at`. `None` for what other crates define.
    fn resolve(&self, at: usize, path: &[String], chain: usize) -> Option<Target> {
        self.resolve_prefix(at, path, path.len(), chain)
    }

    /// What the first `length` names of `path` mean there.
    fn resolve_prefix(&self, at: usize, path: &[String], length: usize, chain: usize) -> Option<Target> {
        let is_last = |place: usize| place + 1 == path.len();
        let (first, rest) = path[..length].split_first()?;
        let mut target = match first.as_str() {
            "crate" => {
                let mut root = at;
                while let Some(parent) = self.modules[root].parent {
                    root = parent;
                }
                Target::Module(root)
            }
            "self" => Target::Module(at),
            "super" => Target::Module(self.modules[at].parent?),
            name => match self.look_up(at, name, is_last(0), chain) {
                Some(target) => target,
                None => match &self.library {
                    Some((library, root)) if library == name => Target::Module(*root),
                    _ => return None,
                },
            },
        };
        for (place, name) in rest.iter().enumerate() {
            let Target::Module(module) = target else { break };
            target = if name == "super" {
                Target::Module(self.modules[module].parent?)
            } else {
                // A name that no item in the file has is one that a macro defines.
                self.look_up(module, name, is_last(place + 1), chain).unwrap_or(Target::Item(module))
            };
        }
        Some(target)
    }

    /// What `name` means in `module`. Where a module and an item share the name, the item is meant at the end of a path.
    fn look_up(&self, module: usize, name: &str, is_last: bool, chain: usize) -> Option<Target> {
        let chain = chain.checked_sub(1)?;
        let Module { children, items, uses, globs, .. } = &self.modules[module];
        let child = children.get(name).map(|child| Target::Module(*child));
        let item = items.contains(name).then_some(Target::Item(module));
        let mut used = uses.get(name).into_iter().flatten().filter_map(|path| self.resolve(module, path, chain));
        let own = if is_last { item.or_else(|| used.next()).or(child) } else { child.or_else(|| used.next()).or(item) };
        own.or_else(|| {
            globs.iter().find_map(|glob| match self.resolve(module, glob, chain)? {
                Target::Module(other) if other != module => self.look_up(other, name, is_last, chain),
                _ => None,
            })
        })
    }
}

/// Collects what a file defines and names.
struct Collector<'a> {
    program: &'a mut Program,
    module: usize,
    /// Where the files of child modules are.
    folder: PathBuf,
}

impl Collector<'_> {
    fn here(&mut self) -> &mut Module {
        &mut self.program.modules[self.module]
    }

    fn add_use(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.add_use(&part.tree, path);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(tree, path)),
            UseTree::Glob(_) => self.here().globs.push(path.clone()),
            UseTree::Name(name) if name.ident == "self" => {
                let name = path.last().cloned().unwrap_or_default();
                self.here().uses.entry(name).or_default().push(path.clone());
            }
            UseTree::Name(name) => self.add_used(name.ident.to_string(), name.ident.to_string(), path),
            UseTree::Rename(rename) => self.add_used(rename.rename.to_string(), rename.ident.to_string(), path),
        }
    }

    fn add_used(&mut self, name: String, last: String, path: &[String]) {
        let path = path.iter().cloned().chain([last]).collect::<Vec<_>>();
        // `use name;` and `use name::{self}` would look themselves up for ever.
        if path.len() > 1 {
            self.here().uses.entry(name).or_default().push(path);
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = match item {
            Item::Const(item) => (Some(&item.ident), &item.attrs),
            Item::Enum(item) => (Some(&item.ident), &item.attrs),
            Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
            Item::Static(item) => (Some(&item.ident), &item.attrs),
            Item::Struct(item) => (Some(&item.ident), &item.attrs),
            Item::Trait(item) => (Some(&item.ident), &item.attrs),
            Item::TraitAlias(item) => (Some(&item.ident), &item.attrs),
            Item::Type(item) => (Some(&item.ident), &item.attrs),
            Item::Union(item) => (Some(&item.ident), &item.attrs),
            Item::Impl(item) => (None, &item.attrs),
            Item::Mod(item) => (None, &item.attrs),
            Item::Use(item) => (None, &item.attrs),
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        if let Some(name) = name {
            let name = name.to_string();
            self.here().items.insert(name);
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        let folder = self.folder.join(&name);
        let child = if item.content.is_some() {
            let file = self.here().file.clone();
            let child = self.program.add_module(file, Some(self.module));
            let mut collector = Collector { program: &mut *self.program, module: child, folder };
            item.content.iter().flat_map(|(_, items)| items).for_each(|item| collector.visit_item(item));
            child
        } else {
            let beside = self.here().file.parent().expect("a folder").to_owned();
            let flat = folder.with_extension("rs");
            let (file, folder) = match path_attribute(&item.attrs) {
                Some(path) => {
                    (normal(&beside.join(&path)), normal(&beside.join(path)).parent().expect("a folder").to_owned())
                }
                None if self.program.folder.join(&flat).is_file() => (flat, folder),
                None => (folder.join("mod.rs"), folder),
            };
            self.program.add_file(file, &folder, Some(self.module))
        };
        self.here().children.insert(name, child);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_use(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>();
        if names.len() > 1 {
            self.here().paths.insert(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        let tokens = TokenBuffer::new2(call.tokens.clone());
        find_paths(tokens.begin(), &mut self.here().paths);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// `pub(in path)` and `pub(super)` import nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

/// Whether code with these attributes is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.replace(' ', "").starts_with("all(test,")
        }
        _ => false,
    })
}

/// The file that `#[path = "…"]` names.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// `path` without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut parts = Vec::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.into_iter().collect()
}

/// Adds the paths of two names or more among the tokens of a macro call.
fn find_paths(mut cursor: Cursor, paths: &mut BTreeSet<Vec<String>>) {
    fn colon(cursor: Cursor) -> Option<Cursor> {
        cursor.punct().filter(|(punct, _)| punct.as_char() == ':').map(|(_, after)| after)
    }
    let mut path = Vec::new();
    loop {
        if let Some((name, after)) = cursor.ident() {
            path.push(name.to_string());
            cursor = after;
            let after_colons = colon(cursor).and_then(colon);
            if let Some(next) = after_colons.filter(|next| next.ident().is_some()) {
                cursor = next;
                continue;
            }
        } else if let Some((inside, _, _, after)) = cursor.any_group() {
            find_paths(inside, paths);
            cursor = after;
        } else if let Some((_, after)) = cursor.token_tree() {
            cursor = after;
        } else {
            return;
        }
        let found = std::mem::take(&mut path);
        if found.len() > 1 {
            paths.insert(found);
        }
    }
}

/// The imports that lie on a circle of files: from the importing file there is a way back to it. With the names taken.
pub(crate) fn circles(imports: &BTreeSet<Import>) -> BTreeMap<(&Path, &Path), Vec<&str>> {
    let mut next: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for import in imports {
        next.entry(&import.from).or_default().insert(&import.to);
    }
    let reached = next.keys().map(|from| (*from, reachable(from, &next))).collect::<BTreeMap<_, _>>();
    let mut found: BTreeMap<(&Path, &Path), Vec<&str>> = BTreeMap::new();
    for Import { from, to, name, .. } in imports {
        if from != to && reached.get(to.as_path()).is_some_and(|reached| reached.contains(from.as_path())) {
            found.entry((from, to)).or_default().push(name);
        }
    }
    found
}

/// The files that `from` imports, straight or over others.
fn reachable<'a>(from: &Path, next: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open = next.get(from).into_iter().flatten().copied().collect::<Vec<_>>();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(next.get(file).into_iter().flatten());
        }
    }
    reached
}
