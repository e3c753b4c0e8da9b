//! Takes typed values out of a record, and refuses what it does not know.

use entrepot_domain::kernel::{Currency, Refusal, Refused, code as rule};

use super::amount;
use super::code;
use super::node::{Members, Node};

/// An object that is being read. What is left at the end is refused.
#[derive(Debug)]
pub(super) struct Fields {
    /// Where the object stands in the record; empty for the record itself.
    path: String,
    members: Members,
}

impl Fields {
    /// The fields of a record.
    pub(super) const fn new(members: Members) -> Self {
        Self {
            path: String::new(),
            members,
        }
    }

    /// The path of a field.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether a field stands there, and is not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        let mut members = self.members.iter();
        members.any(|(known, node)| known == name && *node != Node::Null)
    }

    /// Takes a value; `null` counts as absent.
    fn take(&mut self, name: &str) -> Option<Node> {
        let index = self.members.iter().position(|(known, _)| known == name)?;
        match self.members.swap_remove(index).1 {
            Node::Null => None,
            node => Some(node),
        }
    }

    fn wrong(&self, name: &str, message: &str) -> Refusal {
        Refusal::at(code::FIELD_MALFORMED, self.path_of(name), message)
    }

    fn present<T>(&self, name: &str, value: Option<T>) -> Refused<T> {
        value.ok_or_else(|| Refusal::at(code::FIELD_MISSING, self.path_of(name), "it is missing"))
    }

    /// Text.
    pub(super) fn text(&mut self, name: &str) -> Refused<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "it must be text")),
        }
    }

    /// Text that must be there.
    pub(super) fn required_text(&mut self, name: &str) -> Refused<String> {
        let text = self.text(name)?;
        self.present(name, text)
    }

    /// An id: text, or a whole number of any size, verbatim.
    pub(super) fn id(&mut self, name: &str) -> Refused<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(Node::Number(digits)) if amount::whole(&digits) => Ok(Some(digits)),
            Some(_) => Err(self.wrong(name, "it must be text or a whole number")),
        }
    }

    /// An id that must be there.
    pub(super) fn required_id(&mut self, name: &str) -> Refused<String> {
        let id = self.id(name)?;
        self.present(name, id)
    }

    /// A whole number.
    pub(super) fn integer(&mut self, name: &str) -> Refused<Option<i64>> {
        let digits = match self.take(name) {
            None => return Ok(None),
            Some(Node::Number(digits) | Node::Text(digits)) => digits,
            Some(_) => return Err(self.wrong(name, "it must be a whole number")),
        };
        amount::integer(&digits, &self.path_of(name)).map(Some)
    }

    /// A whole number that must be there.
    pub(super) fn required_integer(&mut self, name: &str) -> Refused<i64> {
        let number = self.integer(name)?;
        self.present(name, number)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Refused<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Bool(flag)) => Ok(Some(flag)),
            Some(Node::Text(text)) if text == "true" => Ok(Some(true)),
            Some(Node::Text(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.wrong(name, "it must be true or false")),
        }
    }

    /// An ISO 4217 code.
    pub(super) fn currency(&mut self, name: &str) -> Refused<Option<Currency>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let unknown = || {
            let message = "it is no ISO 4217 currency with minor units";
            Refusal::at(rule::CURRENCY_UNKNOWN, self.path_of(name), message)
        };
        Currency::parse(&text).map(Some).ok_or_else(unknown)
    }

    /// A currency that must be there.
    pub(super) fn required_currency(&mut self, name: &str) -> Refused<Currency> {
        let currency = self.currency(name)?;
        self.present(name, currency)
    }

    /// An amount: a decimal under `name`, or minor units under `name_minor`.
    pub(super) fn amount(&mut self, name: &str, currency: Currency) -> Refused<Option<i64>> {
        let minor = self.integer(&format!("{name}_minor"))?;
        let decimal = match self.take(name) {
            None => return Ok(minor),
            Some(Node::Number(digits) | Node::Text(digits)) => digits,
            Some(_) => return Err(self.wrong(name, "it must be a decimal")),
        };
        if minor.is_some() {
            return Err(self.wrong(name, "it is given twice, as a decimal and in minor units"));
        }
        amount::decimal(&decimal, currency, &self.path_of(name)).map(Some)
    }

    /// An amount that must be there.
    pub(super) fn required_amount(&mut self, name: &str, currency: Currency) -> Refused<i64> {
        let minor = self.amount(name, currency)?;
        self.present(name, minor)
    }

    /// An object.
    pub(super) fn object(&mut self, name: &str) -> Refused<Option<Self>> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Object(members)) => Ok(Some(Self {
                path: self.path_of(name),
                members,
            })),
            Some(_) => Err(self.wrong(name, "it must be an object")),
        }
    }

    /// A list of objects; empty without one.
    pub(super) fn objects(&mut self, name: &str) -> Refused<Vec<Self>> {
        let list = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Node::List(list)) => list,
            Some(_) => return Err(self.wrong(name, "it must be a list")),
        };
        let object = |(index, node)| {
            let name = format!("{name}.{index}");
            match node {
                Node::Object(members) => Ok(Self {
                    path: self.path_of(&name),
                    members,
                }),
                _ => Err(self.wrong(&name, "it must be an object")),
            }
        };
        list.into_iter().enumerate().map(object).collect()
    }

    /// Refuses what was not taken: a misspelled field must not be lost in silence.
    pub(super) fn finish(self) -> Refused<()> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => {
                let path = self.path_of(name);
                Err(Refusal::at(
                    code::FIELD_UNKNOWN,
                    path,
                    "the format has no such field",
                ))
            }
        }
    }
}
