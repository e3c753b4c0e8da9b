//! The served schema, as introspection tells it: tests that walk it cannot forget a new field.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::client::Client;

const TYPE: &str = "type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { name } } } } }";

/// The served schema.
pub(super) struct Schema {
    types: HashMap<String, Json>,
}

/// A field at the root.
pub(super) struct Field<'s> {
    pub(super) name: &'s str,
    args: &'s [Json],
    of: &'s Json,
}

/// An argument or a field of an input object that names an object: the names that lead to it.
pub(super) type Path = Vec<String>;

impl Schema {
    pub(super) async fn of(client: &Client) -> Self {
        let query = format!(
            "{{ __schema {{ types {{ kind name enumValues {{ name }} possibleTypes {{ name }}
               inputFields {{ name defaultValue {TYPE} }}
               fields {{ name {TYPE} args {{ name defaultValue {TYPE} }} }} }} }} }}"
        );
        let mut data = client.ask(&query, json!({})).await;
        let Json::Array(types) = data["__schema"]["types"].take() else {
            panic!("types are a list")
        };
        let types = types
            .into_iter()
            .map(|kind| (text(&kind["name"]).to_owned(), kind))
            .collect();
        Self { types }
    }

    /// The fields of `Query`, `Mutation` or `Subscription`.
    pub(super) fn roots(&self, root: &str) -> Vec<Field<'_>> {
        let fields = list(
            self.types
                .get(root)
                .map_or(&Json::Null, |root| &root["fields"]),
        )
        .iter();
        let field = |field| -> Field<'_> {
            let field: &Json = field;
            Field {
                name: text(&field["name"]),
                args: list(&field["args"]),
                of: &field["type"],
            }
        };
        // What Federation adds is not ours to describe.
        fields
            .map(field)
            .filter(|field| !field.name.starts_with('_'))
            .collect()
    }

    /// The fields of a type, and the types of objects that each leads to.
    pub(super) fn fields(&self, of: &str) -> Vec<(String, Vec<String>)> {
        let fields = list(&self.types.get(of).unwrap_or(&Json::Null)["fields"]).iter();
        let ours = fields.filter(|field| !text(&field["name"]).starts_with('_'));
        let leads = |field: &Json| {
            let to = &self.types[named(&field["type"])];
            let possible = list(&to["possibleTypes"])
                .iter()
                .map(|it| text(&it["name"]));
            let own = (!list(&to["fields"]).is_empty()).then(|| text(&to["name"]));
            own.into_iter().chain(possible).map(str::to_owned).collect()
        };
        ours.map(|field| (text(&field["name"]).to_owned(), leads(field)))
            .collect()
    }

    /// Whether something must be selected of a field.
    pub(super) fn is_object(&self, of: &str, field: &str) -> bool {
        let fields = self.fields(of);
        let field = fields.iter().find(|(name, _)| name == field);
        field.is_some_and(|(_, leads)| !leads.is_empty())
    }

    /// A field at the root called with every argument as a variable of its name, under a name of its
    /// own or another: the variables' declarations, after others, and the call.
    pub(super) fn called(field: &Field<'_>, name: &str, more: &str) -> (String, String) {
        let (mut declared, mut given) = (more.to_owned(), String::new());
        for arg in field.args {
            let name = text(&arg["name"]);
            let default = arg["defaultValue"]
                .as_str()
                .map(|value| format!(" = {value}"))
                .unwrap_or_default();
            let _written = write!(declared, "${name}: {}{default} ", written(&arg["type"]));
            let _written = write!(given, "{name}: ${name} ");
        }
        if declared.is_empty() {
            return (String::new(), name.to_owned());
        }
        let call = if given.is_empty() {
            name.to_owned()
        } else {
            format!("{name}({given})")
        };
        (format!("({declared})"), call)
    }

    /// A document that asks one root field for all that it has, `deep` objects down, with every
    /// argument as a variable of the argument's name.
    pub(super) fn document(&self, operation: &str, field: &Field<'_>, deep: usize) -> String {
        let selection = self.selection(field.of, deep);
        let (declared, call) = Self::called(field, field.name, "");
        format!("{operation}{declared} {{ {call} {selection} }}")
    }

    /// Everything that a type has without arguments being needed.
    fn selection(&self, of: &Json, deep: usize) -> String {
        self.selection_as("", of, deep)
    }

    /// The same, each name after `prefix`: fields of other types may have the same name.
    fn selection_as(&self, prefix: &str, of: &Json, deep: usize) -> String {
        let of = &self.types[named(of)];
        let named_as = |field: &Json| {
            let name = text(&field["name"]);
            if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}_{name}: {name}")
            }
        };
        let mut selection = String::new();
        for field in list(&of["fields"]) {
            let kind = &self.types[named(&field["type"])];
            match text(&kind["kind"]) {
                "SCALAR" | "ENUM" => {
                    let _written = write!(selection, "{} ", named_as(field));
                }
                // Nodes stand in edges already.
                _ if deep == 0 || field["name"] == "edges" => {}
                _ => {
                    let inner = self.selection(&field["type"], deep - 1);
                    if !inner.is_empty() {
                        let _written = write!(selection, "{} {inner} ", named_as(field));
                    }
                }
            }
        }
        for possible in list(&of["possibleTypes"]) {
            if of["kind"] == "INTERFACE" {
                let name = text(&possible["name"]);
                let inner = self.selection_as(name, possible, deep);
                let _written = write!(selection, "... on {name} {inner} ");
            }
        }
        if selection.is_empty() {
            selection
        } else {
            format!("{{ {selection} }}")
        }
    }

    /// Arguments that are right in form, only those that must be given: what is named does not exist.
    pub(super) fn sample(&self, field: &Field<'_>) -> Json {
        self.sample_fields(field.args)
    }

    fn sample_fields(&self, fields: &[Json]) -> Json {
        let needed = fields
            .iter()
            .filter(|field| field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null());
        needed
            .map(|field| {
                (
                    text(&field["name"]).to_owned(),
                    self.sample_of(&field["type"]),
                )
            })
            .collect()
    }

    fn sample_of(&self, of: &Json) -> Json {
        match text(&of["kind"]) {
            "NON_NULL" => self.sample_of(&of["ofType"]),
            "LIST" => json!([self.sample_of(&of["ofType"])]),
            "INPUT_OBJECT" => self.sample_fields(list(&self.types[named(of)]["inputFields"])),
            "ENUM" => self.types[named(of)]["enumValues"][0]["name"].clone(),
            _ => match named(of) {
                "ID" => json!("00000000-0000-7000-8000-00000000dead"),
                "Int" => json!(1),
                "BigInt" => json!("1"),
                "Boolean" => json!(true),
                "CurrencyCode" => json!("USD"),
                "Date" => json!("2100-01-01"),
                "DateTime" => json!("2026-01-01T00:00:00Z"),
                "String" => json!("nonesuch"),
                other => panic!("give a sample of {other}"),
            },
        }
    }

    /// Whether a path of a user error leads to something in a command's input.
    pub(super) fn leads(&self, command: &str, path: &[&str]) -> bool {
        let commands = self.roots("Mutation");
        let input = commands
            .iter()
            .find(|field| field.name == command)
            .and_then(|field| field.args.first());
        let mut of = input.map(|input| &input["type"]);
        // A number counts in a list, whose type names that of its items.
        for name in path.iter().filter(|name| name.parse::<u32>().is_err()) {
            let fields = of
                .map(|of| list(&self.types[named(of)]["inputFields"]))
                .unwrap_or_default();
            of = fields
                .iter()
                .find(|field| field["name"] == *name)
                .map(|field| &field["type"]);
        }
        of.is_some()
    }

    /// The arguments, and what is inside them, that name objects by id.
    pub(super) fn ids(&self, field: &Field<'_>) -> Vec<Path> {
        self.paths(field.args, "ID")
    }

    /// The arguments, and what is inside them, that are text.
    pub(super) fn texts(&self, field: &Field<'_>) -> Vec<Path> {
        self.paths(field.args, "String")
    }

    /// Whether an argument, or what is inside it, is a list.
    pub(super) fn takes_list(&self, field: &Field<'_>, path: &Path) -> bool {
        let mut fields = field.args;
        let mut of = &Json::Null;
        for name in path {
            let found = fields.iter().find(|field| field["name"] == **name);
            of = found.map_or(&Json::Null, |field| &field["type"]);
            if !of.is_null() {
                fields = list(&self.types[named(of)]["inputFields"]);
            }
        }
        let bare = if of["kind"] == "NON_NULL" {
            &of["ofType"]
        } else {
            of
        };
        bare["kind"] == "LIST"
    }

    fn paths(&self, fields: &[Json], wanted: &str) -> Vec<Path> {
        let mut paths = Vec::new();
        for field in fields {
            let (name, of) = (text(&field["name"]).to_owned(), named(&field["type"]));
            if of == wanted {
                paths.push(vec![name]);
            } else if self.types[of]["kind"] == "INPUT_OBJECT" {
                let inner = self.paths(list(&self.types[of]["inputFields"]), wanted);
                paths.extend(
                    inner
                        .into_iter()
                        .map(|path| [vec![name.clone()], path].concat()),
                );
            }
        }
        paths
    }
}

impl Field<'_> {
    /// Whether it has an argument of this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.args.iter().any(|arg| arg["name"] == name)
    }

    /// Whether nothing must be given.
    pub(super) fn needs_nothing(&self) -> bool {
        self.args
            .iter()
            .all(|arg| arg["type"]["kind"] != "NON_NULL" || !arg["defaultValue"].is_null())
    }
}

/// The named type behind lists and non-nulls.
fn named(of: &Json) -> &str {
    match of["name"].as_str() {
        Some(name) => name,
        None => named(&of["ofType"]),
    }
}

/// A type as documents write it.
fn written(of: &Json) -> String {
    match text(&of["kind"]) {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => named(of).to_owned(),
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

/// Arguments with another value at a path, whatever was there.
pub(super) fn set(arguments: &mut Json, path: &[String], value: Json) {
    let Some((name, rest)) = path.split_first() else {
        *arguments = value;
        return;
    };
    if arguments.is_null() {
        *arguments = json!({});
    }
    set(&mut arguments[name.as_str()], rest, value);
}
