//! States the fields of an object once, for the library and for the direct way.

/// `field: Type = |object| value;` for each field whose value is at hand. Behind them, if there are
/// any: `made_of`, the documents that all of them follow from; under `loaded`, values that may have been loaded with the object, for the direct way only;
/// under `general`, the library's own methods.
macro_rules! fields {
    (
        $(#[$about:meta])*
        $type:ident $(<$life:lifetime>)? $(as $($option:ident),+)? {
            $($(#[$doc:meta])* $vis:vis $field:ident: $value:ty = |$it:ident| $get:expr;)*
        }
        $(made_of |$whole:ident| $parts:expr;)?
        $(loaded {
            $($loaded:ident: $loaded_value:ty = |$loaded_it:ident| $loaded_get:expr;)*
        })?
        $(general {
            $($general:tt)*
        })?
    ) => {
        $(#[$about])*
        #[::async_graphql::Object($($($option),+)?)]
        impl $(<$life>)? $type $(<$life>)? {
            $($(#[$doc])* $vis async fn $field(&self) -> $value {
                let $it = self;
                $get
            })*
            $($($general)*)?
        }

        const _: () = {
            use $crate::graph::direct::{Compiler, Direct, Inner, Plan, Text};

            /// The fields' places.
            #[expect(non_camel_case_types, reason = "named like the fields")]
            enum At { $($field,)* $($($loaded,)*)? }

            impl $(<$life>)? Direct for $type $(<$life>)? {
                fn plan(
                    compiler: &Compiler<'_>,
                    set: &::async_graphql::parser::types::SelectionSet,
                ) -> Option<Plan> {
                    let of = <Self as ::async_graphql::OutputType>::type_name();
                    compiler.object(&of, set, |name| {
                        $(if $crate::graph::direct::camel_is(stringify!($field), name) {
                            return Some((At::$field as u16, <$value as Direct>::plan as Inner));
                        })*
                        $($(if $crate::graph::direct::camel_is(stringify!($loaded), name) {
                            return Some((At::$loaded as u16, <$loaded_value as Direct>::plan as Inner));
                        })*)?
                        None
                    })
                }

                fn write(&self, plan: &Plan, text: &mut Text) -> Option<()> {
                    text.object(plan, |text, at, inner| {
                        $(if at == At::$field as u16 {
                            let $it = self;
                            let value: $value = $get;
                            value.write(inner, text)?;
                            return Some(value.members());
                        })*
                        $($(if at == At::$loaded as u16 {
                            let $loaded_it = self;
                            let value: $loaded_value = $loaded_get?;
                            value.write(inner, text)?;
                            return Some(value.members());
                        })*)?
                        None
                    })
                }

                $(fn made_of(&self) -> Option<$crate::graph::direct::MadeOf> {
                    let $whole = self;
                    $parts
                })?
            }
        };
    };
}
pub(crate) use fields;

/// Whether a name of the graph, `amountMinor`, is that of a field, `amount_minor`.
pub(crate) fn camel_is(field: &str, name: &str) -> bool {
    let mut name = name.bytes();
    let mut upper = false;
    for letter in field.bytes() {
        if letter == b'_' {
            upper = true;
            continue;
        }
        let expected = if upper {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        if name.next() != Some(expected) {
            return false;
        }
        upper = false;
    }
    name.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::camel_is;

    #[test]
    fn fields_have_the_names_that_the_library_gives_them() {
        assert!(camel_is("amount_minor", "amountMinor") && camel_is("id", "id"));
        assert!(camel_is("line1", "line1"));
        for other in ["amount", "amountminor", "amount_minor", "amountMinors"] {
            assert!(!camel_is("amount_minor", other), "{other}");
        }
    }
}
