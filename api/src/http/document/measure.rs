//! How much a document asks for, with its fragments expanded but without expanding them.
//!
//! Each fragment is measured once and its measure added wherever it is spread, so that a document
//! whose expansion doubles with every fragment is refused in the time it takes to read it.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet,
    },
};

use crate::http::refusal::Refusal;

/// Bounds on one document.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    /// Bytes of text.
    pub bytes_max: usize,
    /// Tokens of text.
    pub tokens_max: usize,
    /// Operations and fragments.
    pub definitions_max: usize,
    /// Selections, with fragments expanded.
    pub selections_max: usize,
    /// Fields inside fields. The standard introspection query needs 15.
    pub depth_max: usize,
    /// Aliases, with fragments expanded.
    pub aliases_max: usize,
    /// Directives, with fragments expanded.
    pub directives_max: usize,
    /// Fields at the root of a query or subscription.
    pub root_fields_max: usize,
    /// Fields at the root of a mutation: commands.
    pub commands_max: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            bytes_max: 64 * 1024,
            tokens_max: 5_000,
            definitions_max: 200,
            selections_max: 5_000,
            depth_max: 15,
            aliases_max: 100,
            directives_max: 50,
            root_fields_max: 20,
            commands_max: 10,
        }
    }
}

pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<(), Refusal> {
    let definitions = document.operations.iter().len() + document.fragments.len();
    if definitions > limits.definitions_max {
        let message = format!(
            "the document has more than {} definitions",
            limits.definitions_max
        );
        return Err(Refusal::request("QUERY_TOO_LARGE", message));
    }
    let mut measurer = Measurer {
        fragments: &document.fragments,
        known: HashMap::new(),
    };
    for (name, fragment) in &document.fragments {
        let size = measurer.fragment(name, fragment.pos)?;
        size.check(limits, fragment.pos)?;
    }
    for (_, operation) in document.operations.iter() {
        let mut size = measurer.selections(&operation.node.selection_set.node)?;
        size.directives = size
            .directives
            .saturating_add(operation.node.directives.len());
        size.check(limits, operation.pos)?;
        let root_max = match operation.node.ty {
            OperationType::Mutation => limits.commands_max,
            OperationType::Query | OperationType::Subscription => limits.root_fields_max,
        };
        if size.fields > root_max {
            let message = format!("the operation has more than {root_max} root fields");
            return Err(Refusal::request("TOO_MANY_ROOT_FIELDS", message).at(operation.pos));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
    /// Fields of this level itself, fragments looked through.
    fields: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            fields: self.fields.saturating_add(other.fields),
        }
    }

    fn check(self, limits: &DocumentLimits, at: Pos) -> Result<(), Refusal> {
        let bounds = [
            (
                "QUERY_TOO_DEEP",
                "levels of fields",
                self.depth,
                limits.depth_max,
            ),
            (
                "QUERY_TOO_LARGE",
                "selections",
                self.selections,
                limits.selections_max,
            ),
            (
                "TOO_MANY_ALIASES",
                "aliases",
                self.aliases,
                limits.aliases_max,
            ),
            (
                "TOO_MANY_DIRECTIVES",
                "directives",
                self.directives,
                limits.directives_max,
            ),
        ];
        match bounds.into_iter().find(|(_, _, size, max)| size > max) {
            None => Ok(()),
            Some((code, what, _, max)) => Err(Refusal::request(
                code,
                format!("the document has more than {max} {what}"),
            )
            .at(at)),
        }
    }
}

struct Measurer<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured: meeting it again then is a cycle.
    known: HashMap<&'d str, Option<Size>>,
}

impl<'d> Measurer<'d> {
    fn fragment(&mut self, name: &str, at: Pos) -> Result<Size, Refusal> {
        // A fragment that is not there costs nothing: validation refuses the document.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        match self.known.get(name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = "a fragment spreads itself, directly or through others";
                return Err(Refusal::request("GRAPHQL_VALIDATION_FAILED", message).at(at));
            }
            None => {}
        }
        self.known.insert(name, None);
        let mut size = self.selections(&fragment.node.selection_set.node)?;
        size.directives = size
            .directives
            .saturating_add(fragment.node.directives.len());
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn selections(&mut self, set: &'d SelectionSet) -> Result<Size, Refusal> {
        let mut total = Size::default();
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, spread.pos)?
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node)?
                }
            };
            let own = Size {
                selections: 1,
                directives: selection.node.directives().len(),
                ..Size::default()
            };
            total = total.and(own).and(inner);
        }
        Ok(total)
    }

    fn field(&mut self, field: &'d Field) -> Result<Size, Refusal> {
        let inner = self.selections(&field.selection_set.node)?;
        Ok(Size {
            depth: inner.depth.saturating_add(1),
            aliases: inner
                .aliases
                .saturating_add(usize::from(field.alias.is_some())),
            fields: 1,
            ..inner
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;

    use super::*;

    fn code(source: &str) -> Option<&'static str> {
        let document = parse_query(source).unwrap();
        check(&document, &DocumentLimits::default())
            .err()
            .map(|refusal| refusal.code)
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "{a".repeat(levels), "}".repeat(levels))
    }

    #[test]
    fn depth_counts_fields_through_fragments() {
        assert_eq!(code(&nested(15)), None);
        assert_eq!(code(&nested(16)), Some("QUERY_TOO_DEEP"));
        let split = format!("{{b{{...F}}}} fragment F on Q {}", nested(14));
        assert_eq!(code(&split), None);
        let split = format!("{{b{{...F}}}} fragment F on Q {}", nested(15));
        assert_eq!(code(&split), Some("QUERY_TOO_DEEP"));
    }

    #[test]
    fn a_fragment_bomb_is_refused_without_expanding_it() {
        let mut bomb = "{...F0}".to_owned();
        for level in 0..60 {
            let next = level + 1;
            write!(bomb, " fragment F{level} on Q {{...F{next} ...F{next}}}").unwrap();
        }
        bomb.push_str(" fragment F60 on Q {a}");
        assert_eq!(code(&bomb), Some("QUERY_TOO_LARGE"));
    }

    #[test]
    fn cycles_are_refused_also_where_nobody_uses_them() {
        for source in [
            "{...A} fragment A on Q {...B} fragment B on Q {...A}",
            "{a} fragment A on Q {a{...A}}",
            "{a} fragment A on Q {b ...A @include(if: true)}",
        ] {
            assert_eq!(code(source), Some("GRAPHQL_VALIDATION_FAILED"), "{source}");
        }
    }

    #[test]
    fn aliases_directives_and_root_fields_are_bounded() {
        let many = |count: usize, item: &str| item.repeat(count);
        assert_eq!(code(&format!("{{b{{{}}}}}", many(100, "x:a "))), None);
        assert_eq!(
            code(&format!("{{b{{{}}}}}", many(101, "x:a "))),
            Some("TOO_MANY_ALIASES")
        );
        assert_eq!(
            code(&format!("{{a{}}}", many(51, "@a "))),
            Some("TOO_MANY_DIRECTIVES")
        );
        assert_eq!(code(&format!("{{{}}}", many(20, "a "))), None);
        assert_eq!(
            code(&format!("{{{}}}", many(21, "a "))),
            Some("TOO_MANY_ROOT_FIELDS")
        );
        let commands = format!("mutation{{...F}} fragment F on M{{{}}}", many(11, "a "));
        assert_eq!(code(&commands), Some("TOO_MANY_ROOT_FIELDS"));
    }
}
