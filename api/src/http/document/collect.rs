//! Collects the fields of a selection set by response key, and writes the set anew where two of
//! them are one.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        Field, FragmentDefinition, InlineFragment, Selection, SelectionSet, TypeCondition,
    },
};

use super::conditions::{Conditions, Directives, conditional};

pub(super) type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Merges the selection sets of one document.
pub(super) struct Collector<'d> {
    fragments: &'d Fragments,
    conditions: &'d Conditions,
    /// Fragments whose selections now stand in place of a spread.
    pub inlined: HashSet<Name>,
}

/// One member of a flattened set.
enum Piece {
    Field(Found),
    /// A selection that is not looked into.
    Other(Positioned<Selection>),
}

/// A field that runs, the conditions around it taken off.
struct Found {
    field: Positioned<Field>,
    bodies: Vec<Body>,
}

/// The selections of one occurrence of a field, under the conditions it stood under.
struct Body {
    conditions: Vec<Directives>,
    items: Vec<Positioned<Selection>>,
}

impl<'d> Collector<'d> {
    pub(super) fn new(fragments: &'d Fragments, conditions: &'d Conditions) -> Self {
        Self {
            fragments,
            conditions,
            inlined: HashSet::new(),
        }
    }

    /// Merges the set of a root type, looking through fragments on it, and all sets below.
    pub(super) fn root(&mut self, set: &mut SelectionSet, root: &str) {
        self.set(set, Some(root));
    }

    /// Merges a set whose type is not known, and all sets below.
    pub(super) fn inner(&mut self, set: &mut SelectionSet) {
        self.set(set, None);
    }

    fn set(&mut self, set: &mut SelectionSet, root: Option<&str>) {
        if self.repeats(&set.items, root) {
            let mut pieces = Vec::new();
            self.flatten(std::mem::take(&mut set.items), root, &[], &mut pieces);
            set.items = write(group(pieces));
        }
        for item in &mut set.items {
            match &mut item.node {
                Selection::Field(field) => self.set(&mut field.node.selection_set.node, None),
                Selection::InlineFragment(inline) => {
                    let same = inline.node.type_condition.as_ref();
                    let same = same.is_none_or(|it| root == Some(it.node.on.node.as_str()));
                    let root = root.filter(|_| same);
                    self.set(&mut inline.node.selection_set.node, root);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// How many fields of a root type's set run.
    pub(super) fn fields<'s>(&'s self, set: &'s SelectionSet, root: &str) -> usize {
        let mut keys = HashSet::new();
        self.any(&set.items, Some(root), &mut |key| {
            keys.insert(key);
            false
        });
        keys.len()
    }

    /// Whether a response key stands twice among the fields that [`Self::flatten`] would find.
    fn repeats<'s>(&'s self, items: &'s [Positioned<Selection>], root: Option<&str>) -> bool {
        let mut seen = HashSet::new();
        self.any(items, root, &mut |key| !seen.insert(key))
    }

    /// Whether `found` holds for the response key of any field that [`Self::flatten`] would find.
    fn any<'s>(
        &'s self,
        items: &'s [Positioned<Selection>],
        root: Option<&str>,
        found: &mut impl FnMut(&'s str) -> bool,
    ) -> bool {
        items.iter().any(|item| {
            if !self.conditions.include(item.node.directives()) {
                return false;
            }
            match &item.node {
                Selection::Field(field) => found(field.node.response_key().node.as_str()),
                Selection::InlineFragment(inline) if transparent(&inline.node, root) => {
                    self.any(&inline.node.selection_set.node.items, root, found)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.opened(&spread.node.fragment_name.node, root);
                    let fragment =
                        fragment.filter(|_| spread.node.directives.iter().all(conditional));
                    fragment
                        .is_some_and(|it| self.any(&it.node.selection_set.node.items, root, found))
                }
                Selection::InlineFragment(_) => false,
            }
        })
    }

    fn flatten(
        &mut self,
        items: Vec<Positioned<Selection>>,
        root: Option<&str>,
        outer: &[Directives],
        out: &mut Vec<Piece>,
    ) {
        for item in items {
            let under = |own: &Directives| {
                let own = Some(own).filter(|own| !own.is_empty()).cloned();
                outer.iter().cloned().chain(own).collect::<Vec<_>>()
            };
            if !self.conditions.include(item.node.directives()) {
                out.push(Piece::Other(wrap(outer, item)));
                continue;
            }
            match item.node {
                Selection::Field(field) => out.push(Piece::Field(found(field, outer))),
                Selection::InlineFragment(inline) if transparent(&inline.node, root) => {
                    let under = under(&inline.node.directives);
                    self.flatten(inline.node.selection_set.node.items, root, &under, out);
                }
                Selection::FragmentSpread(spread)
                    if spread.node.directives.iter().all(conditional)
                        && self.opened(&spread.node.fragment_name.node, root).is_some() =>
                {
                    let name = spread.node.fragment_name.node;
                    let items = self
                        .fragments
                        .get(&name)
                        .map(|it| &it.node.selection_set.node.items);
                    let items = items.cloned().unwrap_or_default();
                    self.inlined.insert(name);
                    self.flatten(items, root, &under(&spread.node.directives), out);
                }
                other @ (Selection::InlineFragment(_) | Selection::FragmentSpread(_)) => {
                    let item = Positioned::new(other, item.pos);
                    out.push(Piece::Other(wrap(outer, item)));
                }
            }
        }
    }

    /// The fragment, if it is one on the root type whose selections may stand in its place.
    fn opened(&self, name: &Name, root: Option<&str>) -> Option<&Positioned<FragmentDefinition>> {
        let fragment = self.fragments.get(name)?;
        let same = root == Some(fragment.node.type_condition.node.on.node.as_str());
        (same && fragment.node.directives.is_empty()).then_some(fragment)
    }
}

/// Whether an inline fragment changes nothing but conditions.
fn transparent(inline: &InlineFragment, root: Option<&str>) -> bool {
    let on = |it: &Positioned<TypeCondition>| root == Some(it.node.on.node.as_str());
    inline.type_condition.as_ref().is_none_or(on) && inline.directives.iter().all(conditional)
}

/// Takes the conditions off a field, and puts them with those around it.
fn found(mut field: Positioned<Field>, outer: &[Directives]) -> Found {
    let directives = std::mem::take(&mut field.node.directives);
    let (own, rest): (Directives, Directives) = directives.into_iter().partition(conditional);
    field.node.directives = rest;
    let items = std::mem::take(&mut field.node.selection_set.node.items);
    let own = Some(own).filter(|own| !own.is_empty());
    let conditions = outer.iter().cloned().chain(own).collect();
    Found {
        field,
        bodies: vec![Body { conditions, items }],
    }
}

/// Puts the bodies of fields that are one behind the first of them.
fn group(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut groups: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut first: HashMap<String, usize> = HashMap::new();
    for piece in pieces {
        let found = match piece {
            Piece::Field(found) => found,
            other @ Piece::Other(_) => {
                groups.push(other);
                continue;
            }
        };
        let key = found.field.node.response_key().node.to_string();
        let earlier = first.get(&key).and_then(|at| groups.get_mut(*at));
        match earlier {
            Some(Piece::Field(earlier)) if earlier.same(&found) => {
                earlier.bodies.extend(found.bodies);
            }
            Some(_) => groups.push(Piece::Field(found)),
            None => {
                first.insert(key, groups.len());
                groups.push(Piece::Field(found));
            }
        }
    }
    groups
}

impl Found {
    /// Whether both are one field. A leaf has no inside to move conditions to.
    fn same(&self, other: &Self) -> bool {
        let (one, two) = (&self.field.node, &other.field.node);
        let bodies = || self.bodies.iter().chain(&other.bodies);
        one.name.node == two.name.node
            && one.arguments.len() == two.arguments.len()
            && one
                .arguments
                .iter()
                .all(|argument| two.arguments.contains(argument))
            && same_directives(&one.directives, &two.directives)
            && (bodies().all(|body| !body.items.is_empty())
                || bodies().all(|body| body.items.is_empty() && body.conditions.is_empty()))
    }
}

fn same_directives(one: &Directives, two: &Directives) -> bool {
    one.len() == two.len()
        && one.iter().zip(two).all(|(one, two)| {
            one.node.name == two.node.name && one.node.arguments == two.node.arguments
        })
}

fn write(groups: Vec<Piece>) -> Vec<Positioned<Selection>> {
    let selection = |piece| match piece {
        Piece::Other(selection) => selection,
        Piece::Field(found) => found.selection(),
    };
    groups.into_iter().map(selection).collect()
}

impl Found {
    fn selection(mut self) -> Positioned<Selection> {
        let pos = self.field.pos;
        let items = &mut self.field.node.selection_set.node.items;
        // A field that stood once keeps its conditions outside.
        let outside = match self.bodies.as_mut_slice() {
            [only] => {
                *items = std::mem::take(&mut only.items);
                std::mem::take(&mut only.conditions)
            }
            bodies => {
                for body in bodies {
                    let inside = std::mem::take(&mut body.items);
                    match body.conditions.split_last() {
                        None => items.extend(inside),
                        Some((innermost, rest)) => {
                            items.push(wrap(rest, inline(innermost.clone(), inside, pos)));
                        }
                    }
                }
                Vec::new()
            }
        };
        let field = Positioned::new(Selection::Field(self.field), pos);
        wrap(&outside, field)
    }
}

/// One selection under conditions, the outermost first.
fn wrap(conditions: &[Directives], item: Positioned<Selection>) -> Positioned<Selection> {
    match conditions.split_first() {
        None => item,
        Some((outermost, rest)) => {
            let pos = item.pos;
            inline(outermost.clone(), vec![wrap(rest, item)], pos)
        }
    }
}

fn inline(
    directives: Directives,
    items: Vec<Positioned<Selection>>,
    pos: Pos,
) -> Positioned<Selection> {
    let selection_set = Positioned::new(SelectionSet { items }, pos);
    let inline = InlineFragment {
        type_condition: None,
        directives,
        selection_set,
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(inline, pos)), pos)
}

/// The names that a set spreads, at any depth.
pub(super) fn spreads(set: &SelectionSet) -> Vec<&Name> {
    fn inside(item: &Positioned<Selection>) -> Vec<&Name> {
        match &item.node {
            Selection::Field(field) => spreads(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => spreads(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => vec![&spread.node.fragment_name.node],
        }
    }
    set.items.iter().flat_map(inside).collect()
}
