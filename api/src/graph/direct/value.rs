//! What can be written directly.

use async_graphql::ID;
use async_graphql::parser::types::SelectionSet;

use super::kept::MadeOf;
use super::plan::{Compiler, Plan};
use super::text::Text;
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Decimal};

/// A value that can be written without the library.
pub(crate) trait Direct {
    /// How a selection of it is written; `None` if it is for the library.
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan>;

    /// Writes it; `None` if it is for the library, which says why.
    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()>;

    /// How often a field with this value is paid for: once for each member of a list, and once for
    /// everything else.
    fn members(&self) -> u64 {
        1
    }

    /// The documents that all of it follows from, whatever is asked for; `None` if that cannot be said.
    fn made_of(&self) -> Option<MadeOf> {
        None
    }
}

impl<T: Direct + ?Sized> Direct for &T {
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
        T::plan(compiler, set)
    }

    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
        T::write(self, plan, text)
    }

    fn members(&self) -> u64 {
        T::members(self)
    }

    fn made_of(&self) -> Option<MadeOf> {
        T::made_of(self)
    }
}

impl<T: Direct> Direct for Option<T> {
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
        T::plan(compiler, set)
    }

    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
        match self {
            Some(value) => value.write(plan, text),
            None => text.bare("null"),
        }
    }

    fn members(&self) -> u64 {
        self.as_ref().map_or(1, T::members)
    }
}

/// An error has a place in the answer, which the library knows.
impl<T: Direct, E> Direct for Result<T, E> {
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
        T::plan(compiler, set)
    }

    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
        self.as_ref().ok()?.write(plan, text)
    }

    fn members(&self) -> u64 {
        self.as_ref().map_or(1, T::members)
    }
}

impl<T: Direct> Direct for Vec<T> {
    fn plan(compiler: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
        T::plan(compiler, set)
    }

    fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
        text.list(self, |text, member| member.write(plan, text))
    }

    fn members(&self) -> u64 {
        u64::try_from(self.len().max(1)).unwrap_or(u64::MAX)
    }
}

/// Values without fields.
macro_rules! leaves {
    ($($type:ty: |$value:ident, $text:ident| $write:expr;)*) => {$(
        impl Direct for $type {
            fn plan(_: &Compiler<'_>, set: &SelectionSet) -> Option<Plan> {
                set.items.is_empty().then(Plan::default)
            }

            fn write(&self, _: &Plan, $text: &mut Text) -> Option<()> {
                let $value = self;
                $write
            }
        }
    )*};
}

leaves! {
    str: |value, text| text.string(value);
    String: |value, text| text.string(value);
    bool: |value, text| text.bare(value);
    u32: |value, text| text.bare(value);
    ID: |value, text| text.string(value);
    BigInt: |value, text| text.quoted(value.0);
    CurrencyCode: |value, text| text.quoted(value.0);
    Date: |value, text| text.quoted(value.0);
    DateTime: |value, text| text.quoted(value.0);
    Decimal: |value, text| text.quoted(&value.0);
}

/// Makes enums writable, by the names that the library gives their members.
macro_rules! names {
    ($($type:ty),*) => {$(
        impl $crate::graph::direct::Direct for $type {
            fn plan(
                _: &$crate::graph::direct::Compiler<'_>,
                set: &::async_graphql::parser::types::SelectionSet,
            ) -> Option<$crate::graph::direct::Plan> {
                set.items.is_empty().then($crate::graph::direct::Plan::default)
            }

            fn write(
                &self,
                _: &$crate::graph::direct::Plan,
                text: &mut $crate::graph::direct::Text,
            ) -> Option<()> {
                use ::async_graphql::resolver_utils::EnumType as _;
                let item = Self::items().iter().find(|item| item.value == *self)?;
                text.quoted(item.name)
            }
        }
    )*};
}
pub(crate) use names;

/// Objects that are for the library as they stand.
macro_rules! general {
    ($($type:ty),*) => {$(
        impl $crate::graph::direct::Direct for $type {
            fn plan(
                _: &$crate::graph::direct::Compiler<'_>,
                _: &::async_graphql::parser::types::SelectionSet,
            ) -> Option<$crate::graph::direct::Plan> {
                None
            }

            fn write(
                &self,
                _: &$crate::graph::direct::Plan,
                _: &mut $crate::graph::direct::Text,
            ) -> Option<()> {
                None
            }
        }
    )*};
}
pub(crate) use general;
