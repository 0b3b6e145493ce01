//! The clauses of a SELECT, and the statement that they make.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::protocol::Operation;
use crate::query::condition::Tree;
use crate::query::expression::Term;
use crate::query::fragment::Fragment;
use crate::query::order::Key;
use crate::query::statement::Call;
use crate::record::Column;
use crate::value::escape_identifier;

#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) call: Call,
    pub(super) operation: Operation,
    pub(super) target: Target,
    pub(super) shape: Shape,
    /// The view that is read instead of the whole record.
    pub(super) view: Option<Vec<Column>>,
    /// The links that are followed, beside the record itself.
    pub(super) links: Vec<String>,
    pub(super) filter: Vec<Tree>,
    pub(super) order: Vec<Key>,
    pub(super) limit: Option<Fragment>,
    pub(super) start: Option<Fragment>,
    /// Whether there should be no other record, so that it does not matter which would come first.
    pub(super) is_only: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) locks: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    Table(Fragment),
    /// An id, a range of ids, or an array of them.
    Source(Fragment),
    Ids(Vec<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Rows,
    /// The row itself, or NONE.
    Row,
    Count,
    Exists,
}

impl Parts {
    pub(super) fn new(call: Call, operation: Operation, target: Target) -> Self {
        Self {
            call,
            operation,
            target,
            shape: Shape::Rows,
            view: None,
            links: Vec::new(),
            filter: Vec::new(),
            order: Vec::new(),
            limit: None,
            start: None,
            is_only: false,
            timeout: None,
            locks: false,
        }
    }

    pub(super) fn surql(&self) -> Fragment {
        if self.links.is_empty() {
            return self.select(self.only()).timeout(self.timeout).text(self.outer_lock());
        }
        // Around the select, so that the record is what it would be without the links.
        let row = Fragment::new(format!("SELECT VALUE [$this, {}] FROM ", self.links.join(", ")));
        let select = self.select("").text(self.outer_lock());
        row.text(self.only()).text("(").then(select).text(")").timeout(self.timeout)
    }

    fn only(&self) -> &'static str {
        if self.shape == Shape::Row { "ONLY " } else { "" }
    }

    fn select(&self, only: &str) -> Fragment {
        let Some(view) = &self.view else {
            return self.clauses(Fragment::new("*"), only);
        };
        let columns = columns(view);
        if !self.is_wrapped() {
            return self.clauses(columns, only);
        }
        let whole = self.clauses(self.fields_read(view), "").text(self.lock());
        Fragment::new("SELECT ").then(columns).text(" FROM (").then(whole).text(")")
    }

    /// The fields that the view and the order need. The server computes no others.
    fn fields_read(&self, view: &[Column]) -> Fragment {
        let shown = view.iter().map(|column| &column.field);
        let ordered = self.order.iter().filter_map(|key| key.field.as_ref());
        let fields: BTreeSet<&String> = shown.chain(ordered).collect();
        Fragment::default().joined(fields.into_iter().map(Fragment::new), ", ")
    }

    /// Whether the fields are read around the order, so that it is about those of the record and not of the view.
    fn is_wrapped(&self) -> bool {
        self.view.is_some() && !self.order.is_empty() && self.shape == Shape::Rows
    }

    fn clauses(&self, fields: Fragment, only: &str) -> Fragment {
        let fields = match self.shape {
            Shape::Count => Fragment::new("count()"),
            Shape::Exists => Fragment::new("VALUE true"),
            Shape::Rows | Shape::Row => self.with_keys(fields),
        };
        let limit = match self.shape {
            Shape::Exists => Some(Fragment::new("1")),
            Shape::Rows | Shape::Row | Shape::Count => self.limit.clone(),
        };
        let mut statement = Fragment::new("SELECT ").then(fields).text(" FROM ").text(only).then(self.target());
        if !self.filter.is_empty() || self.counts_ids() {
            statement = statement.text(" WHERE ").then(Tree::all(self.filter.iter().cloned()).into_fragment());
        }
        if self.shape == Shape::Count {
            statement = statement.text(" GROUP ALL");
        }
        if !self.order.is_empty() {
            let keys = self.order.iter().enumerate().map(|(index, key)| match key.field {
                None => Fragment::new(format!("{KEY}{index}")).text(&key.manner),
                Some(_) => key.path.clone().text(&key.manner),
            });
            statement = statement.text(" ORDER BY ").joined(keys, ", ");
        } else if self.needs_order() {
            statement = statement.text(" ORDER BY id");
        }
        for (keyword, number) in [(" LIMIT ", limit), (" START ", self.start.clone())] {
            statement = number.map_or(statement.clone(), |number| statement.text(keyword).then(number));
        }
        statement
    }

    /// The fields with those of other records that are put in order by, which are not given back.
    fn with_keys(&self, fields: Fragment) -> Fragment {
        let linked = || self.order.iter().enumerate().filter(|(_, key)| key.field.is_none());
        if linked().next().is_none() {
            return fields;
        }
        let keys = linked().map(|(index, key)| key.path.clone().text(&format!(" AS {KEY}{index}")));
        let names = linked().map(|(index, _)| Fragment::new(format!("{KEY}{index}")));
        fields.text(", ").joined(keys, ", ").text(" OMIT ").joined(names, ", ")
    }

    /// Whether a part of the records is read that an index for the filter would choose by its own order.
    fn needs_order(&self) -> bool {
        let is_part = !self.is_only && (self.limit.is_some() || self.start.is_some());
        is_part && self.shape == Shape::Rows && !self.filter.is_empty() && matches!(self.target, Target::Table(_))
    }

    /// The server (3.3.5) fails to count anything but a table without a condition.
    fn counts_ids(&self) -> bool {
        self.shape == Shape::Count && !matches!(self.target, Target::Table(_))
    }

    fn target(&self) -> Fragment {
        match &self.target {
            Target::Table(source) | Target::Source(source) => source.clone(),
            // The server (3.3.5) locks records that are targets of their own, and none in an array.
            Target::Ids(ids) if self.locks && !ids.is_empty() => {
                Fragment::default().joined(ids.iter().cloned().map(Term::into_fragment), ", ")
            }
            Target::Ids(ids) => Term::array(ids.clone()).into_fragment(),
        }
    }

    /// The lock, unless it stands in what the fields are read around.
    fn outer_lock(&self) -> &'static str {
        if self.is_wrapped() { "" } else { self.lock() }
    }

    fn lock(&self) -> &'static str {
        match &self.target {
            Target::Ids(ids) if ids.is_empty() => "",
            _ if self.locks => " FOR UPDATE",
            _ => "",
        }
    }
}

/// The fields of a view, each under its name.
fn columns(view: &[Column]) -> Fragment {
    let column = |column: &Column| Fragment::new(&column.path).text(" AS ").text(&escape_identifier(column.name));
    Fragment::default().joined(view.iter().map(column), ", ")
}

/// What a field of another record is called while records are put in order by it.
const KEY: &str = "__key_";
